"""A desk with a web chat on a port of its own, and organisations' pages on others that embed it, strictly guarded.

The desk works in the background, so that a browser sees what a visitor would see. `stop` breaks every line at once, as
a program does that dies; `start` answers again at the same address.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from storage.models import Inbound, table
from tests.support.chat import open_chat
from tests.support.office import Office
from tests.support.ports import free_port
from web.app import create_app
from web.chat.sender import WebChatSender
from web.chat.settings import Algorithm, PortalSettings, WebChatSettings
from web.settings import WebSettings

SECRET = "een-gedeeld-geheim-met-ruim-genoeg-tekens-voor-elke-proef!"
# A house style that knows no mercy: the chat has to look and work the same in it.
HOUSE_STYLE = """
html { font-size: 62.5%; } * { font-family: serif; }
div, section, dialog, button, textarea, p, privacyloket-chat { display: none !important; color: red !important; }
"""


@dataclass(slots=True)
class Served:
    """One app on a port that it keeps."""

    app: ASGIApp
    port: int
    _server: uvicorn.Server | None = None
    _task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_config=None, lifespan="off", ws="websockets-sansio",
            timeout_graceful_shutdown=0,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        door = socket.create_server(("127.0.0.1", self.port))
        self._task = asyncio.create_task(self._server._serve([door]))  # without its signal handlers (pytest's own)

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task
            self._server = self._task = None


@dataclass(slots=True)
class ChatSite:
    office: Office
    desk: Served
    shop: Served  # a page of the organisation, on the list
    stranger: Served  # the same page elsewhere, not on the list
    customer: str = ""  # who is logged in on the organisation's page, by address

    async def start(self) -> None:
        """The program as it comes up: its rows are those of before, its lines are new."""
        self.office.desk = self.office.desk.with_sender(f"web:{self.office.organisation}", WebChatSender())
        self.desk.app = create_app(self.office.desk, self.office.web)
        await self.desk.start()

    async def stop(self) -> None:
        sender = self.office.desk.senders[f"web:{self.office.organisation}"]
        await sender.close()
        await self.desk.stop()

    @property
    def heard(self) -> int:
        """How many messages of visitors were stored."""
        return len(self.office.rows(Inbound, table(Inbound).c.channel == "web"))

    async def code(self) -> str:
        """Of the newest mail with one; the desk sends it soon after it said so."""
        async with asyncio.timeout(30):
            while not any(mail.has_code for mail in self.office.mails):  # noqa: ASYNC110  (a sink has no event)
                await asyncio.sleep(0.05)
        return next(mail.code for mail in reversed(self.office.mails) if mail.has_code)

    def portal_token(self) -> str:
        now = int(self.office.clock.now().timestamp())
        claims = {"iss": "portaal", "aud": "privacyloket", "iat": now, "exp": now + 300, "email": self.customer}
        return jwt.encode(claims, SECRET, algorithm="HS256")


def shop_page(site: ChatSite) -> Starlette:
    """An organisation's page: nothing inline, nothing of a third party but the chat, Trusted Types required."""

    async def page(request: Request) -> Response:
        desk = site.desk.url
        policy = (
            f"default-src 'none'; style-src 'self'; img-src data:; script-src {desk}; connect-src 'self' {desk} "
            f"{desk.replace('http', 'ws')}; base-uri 'none'; form-action 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )
        asked = request.query_params
        more = "".join(f' data-{name}="{asked[name]}"' for name in ("lang", "portal-url") if name in asked)
        html = (
            f'<!doctype html><html lang="nl" dir="{asked.get("dir", "ltr")}"><head><title>Winkel</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="icon" href="data:,">{"<link rel=stylesheet href=/huisstijl.css>" if "strict" in asked else ""}'
            f'<script src="{desk}/widget.js" data-org="{site.office.organisation}"{more} defer></script></head>'
            '<body><main><h1>Winkel</h1><a href="#verder">Verder</a><form><label>Zoek <input id="zoek"></label></form>'
            "</main></body></html>"
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def token(_request: Request) -> Response:
        return PlainTextResponse(site.portal_token() if site.customer else "", 200 if site.customer else 403)

    async def style(_request: Request) -> Response:
        return PlainTextResponse(HOUSE_STYLE, media_type="text/css")

    routes = [Route("/", page), Route("/chat-token", token), Route("/huisstijl.css", style)]
    return Starlette(routes=routes)


@asynccontextmanager
async def chat_site(office: Office) -> AsyncIterator[ChatSite]:
    """`office` must be freshly opened; its web chat is switched on here."""
    open_chat(office)
    desk, shop, stranger = (Served(Starlette(), free_port()) for _ in range(3))
    portal = PortalSettings(Algorithm.HS256, SECRET, "portaal", "privacyloket", {"email": "email"})
    settings = WebChatSettings(office.organisation, (shop.url,), portal)
    office.web = WebSettings(desk.url, chats={office.organisation: settings}, accept=office.accept)
    site = ChatSite(office, desk, shop, stranger)
    shop.app = stranger.app = shop_page(site)
    for served in (shop, stranger, site):
        await served.start()
    stopping = asyncio.Event()
    working = asyncio.create_task(_work(office, stopping))
    try:
        yield site
    finally:
        stopping.set()  # cancelled in the middle of a mail it would leave its line open
        await working
        for served in (site, shop, stranger):
            await served.stop()


async def _work(office: Office, stopping: asyncio.Event) -> None:
    """What the program's loops do; it looks again soon when there was nothing."""
    while not stopping.is_set():
        if not await office.steps():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.05)
