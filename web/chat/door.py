"""Who may knock: the Origin of a page, bounded bodies, and answers that only an allowed page can read (Fetch, CORS).

No cookies anywhere: the session is a token that the page sends itself, so a foreign page that is not on the list can
neither use nor read a visitor's chat.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from cases.errors import InputError
from web.chat.settings import WebChatSettings
from web.settings import WebSettings

MAX_JSON = 64_000  # bytes
_STATUS = {
    "bad_origin": 403, "bad_token": 403, "no_session": 401, "too_many": 429, "too_long": 413, "file_type": 415,
    "no_case": 409, "closed": 404,
}  # fmt: skip


def chat_of(settings: WebSettings, organisation: str) -> WebChatSettings:
    """InputError `closed` for an organisation without a web chat."""
    found = settings.chats.get(organisation)
    if found is None:
        raise InputError("closed")
    return found


def origin_of(settings: WebSettings, chat: WebChatSettings, headers: Headers) -> str:
    """The Origin of a page that may use this chat. InputError `bad_origin` for any other, and for none."""
    origin = headers.get("origin", "").lower()
    parts = urlsplit(origin)
    own = parts.scheme in ("http", "https") and parts.netloc == headers.get("host", "").lower()
    if not settings.answers_to(headers.get("host", "")) or not (own or origin in chat.origins):
        raise InputError("bad_origin")
    return origin


def peer_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client is not None else ""


def bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip()[:100] if kind.lower() == "bearer" else ""


async def body_of(request: Request, limit: int) -> bytes:
    """The body, as long as it is no longer than `limit`. InputError `too_long`."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limit:
            raise InputError("too_long")
    return bytes(content)


def fields_of(content: bytes | str) -> dict[str, Any]:
    """A JSON object; InputError `unreadable` for anything else."""
    try:
        found = json.loads(content or "{}")
    except (ValueError, RecursionError) as error:
        raise InputError("unreadable") from error
    if not isinstance(found, dict):
        raise InputError("unreadable")
    return found


def text_of(fields: dict[str, Any], name: str, limit: int) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise InputError("too_long" if isinstance(value, str) else "unreadable")
    return value


def answer(origin: str, content: Any, status: int = 200) -> Response:
    return JSONResponse(content, status_code=status, headers=cors(origin))


def refusal(origin: str, error: InputError) -> Response:
    return answer(origin, {"error": error.code}, _STATUS.get(error.code, 422))


def cors(origin: str) -> dict[str, str]:
    """`origin` is one that `origin_of` let through; "" is a page that may read nothing."""
    headers = {"Vary": "Origin", "Cross-Origin-Resource-Policy": "cross-origin"}
    if origin:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": "600",
        }
    return headers
