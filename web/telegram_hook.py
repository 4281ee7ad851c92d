"""Where Telegram brings updates, when a bot is set to be brought them (Bot API, setWebhook).

The address names the organisation and nothing secret; the secret comes in a header and is compared in constant time.
Telegram hears 200 after the commit. What is refused is logged without content, and nobody else suffers.
"""

from __future__ import annotations

import json
import logging

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from cases.errors import OutsideError
from web.face import Face

log = logging.getLogger(__name__)
router = APIRouter()
PATH = "/telegram"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 300_000  # bytes; an update with the longest text and all its marks stays far below


@router.post(PATH + "/{organisation}")
async def hook(organisation: str, request: Request, face: Face) -> Response:
    door = face.settings.telegram.get(organisation)
    if door is None or not door.opens_with(request.headers.get(HEADER, "")):
        return _refused(403, "a wrong secret, or no such bot")
    body = await _body(request)
    if body is None:
        return _refused(413, "an update that is too large")
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return _refused(400, "no JSON")
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        return _refused(400, "no update")
    try:
        await door.take(update)
    except OutsideError:
        return PlainTextResponse("later", status_code=503)
    return PlainTextResponse("ok")


async def _body(request: Request) -> bytes | None:
    """None when it is too large, whatever its header said."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return None
    return body


def _refused(status: int, why: str) -> Response:
    log.warning("telegram webhook: %s", why)
    return PlainTextResponse("no", status_code=status)
