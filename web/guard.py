"""What stands before every request and behind every answer: host, origin, size, security headers.

A POST that a foreign page sends is refused here for everybody (Fetch Metadata, W3C); staff forms carry a token besides.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.settings import WebSettings

MAX_BODY = 1_000_000  # bytes; the largest form is a letter with all its free blocks
MAX_UPLOAD = 12_000_000  # bytes; a file that staff asked for (`web/requester/upload`)

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def mail_headers(*, links: bool) -> dict[str, str]:
    """For a letter shown as it will be sent: no script, nothing loaded, only inside our own pages."""
    popups = " allow-popups allow-popups-to-escape-sandbox" if links else ""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox{popups}"
    return {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.settings.secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        refusal = self._refusal(scope["path"], scope["method"], Headers(scope=scope))
        if refusal is not None:
            await PlainTextResponse(refusal[1], status_code=refusal[0])(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)

    def _refusal(self, path: str, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self.settings.answers_to(host):
            return 400, "Deze naam hoort niet bij deze installatie."
        if method not in ("POST", "PUT", "PATCH", "DELETE"):
            return None
        if path.startswith("/chat/"):  # used from the organisations' own pages: judged by `web/chat/door`
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "Dit formulier komt van een andere site."
        # With `no-referrer` a browser sends Origin: null with our own forms, so null alone says nothing.
        origin = headers.get("origin", "null")
        if origin != "null" and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "Dit formulier komt van een andere site."
        length = headers.get("content-length", "")
        most = MAX_UPLOAD if path.startswith("/z/") and path.endswith("/bewijs") else MAX_BODY
        if not length.isdigit() or int(length) > most:
            return 413, "Dit formulier is te groot."
        return None
