"""The web chat as a browser page meets it: HTTP, WebSocket, the portal's token, files, floods, foreign pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cases.types import ChannelKind, WorkKind
from storage.models import CaseIdentifier, ChatSession, Conversation, Evidence, Inbound, table
from tests.acceptance.words import ACCESS, CUSTOMER, UNKNOWN
from tests.support.arrived import BASE_URL
from tests.support.chat import open_chat
from tests.support.office import Office
from web.app import create_app
from web.chat.sender import WebChatSender
from web.chat.settings import Algorithm, PortalSettings, WebChatSettings
from web.settings import WebSettings
from workflow import retention, web_chat

SHOP = "https://www.whatnext.example"
SECRET = "een-gedeeld-geheim-met-ruim-genoeg-tekens-voor-elke-proef!"
PORTAL = PortalSettings(
    Algorithm.HS256, SECRET, "portaal", "privacyloket", {"email": "email", "customer_number": "klant"}
)
PDF = b"%PDF-1.7\nbewijs"


@dataclass(slots=True)
class Page:
    """One visitor's page; `origin` is where it stands."""

    office: Office
    browser: httpx.AsyncClient
    origin: str = SHOP
    token: str = ""
    _count: int = 0

    async def post(self, act: str, fields: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        headers = {"Origin": self.origin, "Authorization": f"Bearer {self.token}"}
        if fields is not None:
            options["json"] = fields
        return await self.browser.post(f"/chat/whatnext/{act}", headers=headers, **options)

    async def open(self, **fields: str) -> dict[str, Any]:
        answer = await self.post("open", fields)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        self.token = found["token"]
        return found

    async def say(self, text: str, **fields: str) -> str:
        """What the desk answers."""
        self._count += 1
        answer = await self.post("say", {"id": f"m{self._count}", "text": text, **fields})
        assert answer.status_code == 200, answer.text
        await self.office.work()
        return str((await self.lines())[-1]["text"])

    async def lines(self) -> list[dict[str, Any]]:
        answer = await self.post("lines", {"have": -1})
        found: list[dict[str, Any]] = answer.json()["lines"]
        return found


@pytest.fixture
async def page(office: Office) -> AsyncIterator[Page]:
    async with browser(serving(office)) as client:
        yield Page(office, client)


def serving(office: Office) -> Office:
    """The office with its web chat switched on."""
    open_chat(office, ChannelKind.WEB)
    settings = WebChatSettings("whatnext", (SHOP,), PORTAL)
    office.desk = office.desk.with_sender(settings.account, WebChatSender())
    office.web = WebSettings(BASE_URL, chats={"whatnext": settings}, accept=office.accept)
    return office


@asynccontextmanager
async def browser(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(office.desk, office.web)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as client:
        yield client


def signed(office: Office, *, key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    now = int(office.clock.now().timestamp())
    claims = {
        "iss": "portaal", "aud": "privacyloket", "iat": now, "exp": now + 300, "email": CUSTOMER.email,
        "klant": "WN10001",
    }  # fmt: skip
    return jwt.encode({k: v for k, v in (claims | changes).items() if v is not None}, key, algorithm=algorithm)


# --- a visit ----------------------------------------------------------------------------------------------------------


async def test_a_visit_from_hello_to_the_letter(page: Page) -> None:
    opened = await page.open()
    assert (opened["resumed"], opened["known"], opened["form"], opened["lines"]) == (False, False, "je", [])
    assert (await page.say("hallo")).startswith("Ik ben de automatische assistent")
    choices = (await page.lines())[-1]["choices"]
    assert [choice["value"] for choice in choices] == ["wish:inzage", "wish:verwijdering", "human"]
    assert "e-mailadres" in await page.say(choices[0]["words"], choice=choices[0]["value"])
    assert "code" in await page.say(CUSTOMER.email)
    code = next(mail.code for mail in reversed(page.office.mails) if mail.has_code)
    assert "klopt" in await page.say(code)
    (letter,) = await page.office.approved()
    assert letter.to == CUSTOMER.email
    lines = await page.lines()
    assert "per mail verstuurd" in lines[-1]["text"]
    assert "Wat wij van" not in json.dumps(lines) and "/d/" not in json.dumps(lines)


async def test_a_reload_finds_the_talk_again(page: Page) -> None:
    await page.open()
    await page.say(ACCESS)
    again = await page.open(token=page.token)
    assert again["resumed"]
    assert [line["by"] for line in again["lines"]] == ["visitor", "assistant"]
    assert again["lines"][0]["ref"] == "m1"


async def test_another_visitor_sees_nothing_of_it(page: Page) -> None:
    await page.open()
    await page.say(ACCESS)
    other = Page(page.office, page.browser)
    await other.open()
    assert await other.lines() == []
    assert (await other.post("open", {"token": "geraden"})).json()["lines"] == []


async def test_a_session_ends_after_a_month_and_a_caseless_talk_with_it(page: Page) -> None:
    await page.open()
    await page.say("hallo")
    page.office.clock.advance(days=31)
    assert (await page.post("lines", {"have": 0})).status_code == 401
    await retention.purge(page.office.desk)
    assert page.office.rows(ChatSession) == []
    assert {row.raw for row in page.office.rows(Inbound)} == {None}


async def test_the_page_of_an_organisation(page: Page) -> None:
    answer = await page.browser.get("/chat/whatnext")
    assert answer.status_code == 200 and 'data-org="whatnext"' in answer.text
    assert (await page.browser.get("/chat/nexxt")).status_code == 404


# --- the portal -------------------------------------------------------------------------------------------------------


async def test_whom_the_portal_hands_over_is_asked_nothing(page: Page) -> None:
    opened = await page.open(portal=signed(page.office))
    assert opened["known"]
    assert "e-mailadres" not in await page.say(ACCESS)
    assert page.office.states() == {"inzage": "awaiting_approval"}
    (talk,) = page.office.rows(Conversation)
    assert talk.assurance == 3 and "portal" in talk.evidence
    assert {row.kind: row.proven for row in page.office.rows(CaseIdentifier)} == {
        "email": True, "customer_number": True,
    }  # fmt: skip
    (letter,) = await page.office.approved()
    assert letter.to == CUSTOMER.email
    assert page.office.audit().problems == ()


async def test_a_log_in_after_the_request_counts_for_a_session_of_its_own(page: Page) -> None:
    await page.open()
    await page.say(ACCESS)
    before = page.token
    opened = await page.open(token=before, portal=signed(page.office))
    assert not opened["resumed"] and opened["token"] != before
    assert page.office.states() == {"inzage": "identifying"}


async def test_the_word_of_a_portal_holds_for_a_visit(page: Page) -> None:
    await page.open(portal=signed(page.office))
    page.office.clock.advance(hours=3)
    assert "e-mailadres" in await page.say(ACCESS)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "een-ander-geheim-van-genoeg-tekens!!!"}, {"iss": "iemand"}, {"aud": "elders"}, {"exp": None},
        {"iat": None}, {"exp": 1}, {"exp": 9_999_999_999}, {"email": None}, {"email": 7},
        {"algorithm": "HS384"},
    ],
)  # fmt: skip
async def test_a_token_that_is_not_right_in_every_way_opens_nothing(page: Page, changes: dict[str, Any]) -> None:
    answer = await page.post("open", {"portal": signed(page.office, **changes)})
    assert (answer.status_code, answer.json()) == (403, {"error": "bad_token"})
    assert page.office.rows(ChatSession) == []


async def test_an_unsigned_token_opens_nothing(page: Page) -> None:
    token = jwt.encode({"email": CUSTOMER.email}, "", algorithm="none")
    for wrong in (token, "x", "a.b.c", "x" * 8_001):
        assert (await page.post("open", {"portal": wrong})).status_code in (403, 413)


@pytest.mark.parametrize(
    "origin", ["https://elders.example", "null", "", "https://www.whatnext.example.elders.example"]
)
async def test_a_page_that_is_not_on_the_list_can_do_nothing(page: Page, origin: str) -> None:
    await page.open()
    page.origin = origin
    for act in ("open", "say", "lines"):
        answer = await page.post(act, {"id": "m1", "text": "hallo"})
        assert (answer.status_code, answer.json()) == (403, {"error": "bad_origin"})
        assert "access-control-allow-origin" not in answer.headers
    assert page.office.rows(Inbound) == []


async def test_a_listed_page_may_read_the_answers(page: Page) -> None:
    headers = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    asked = await page.browser.options("/chat/whatnext/say", headers=headers)
    assert asked.headers["access-control-allow-origin"] == SHOP
    assert "authorization" in asked.headers["access-control-allow-headers"]
    answer = await page.post("open", {})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "set-cookie" not in answer.headers


async def test_bad_messages_are_refused_and_nothing_is_stored(page: Page) -> None:
    await page.open()
    for fields, status in (
        ({"id": "m1", "text": "x" * 4_001}, 413), ({"id": "m1", "text": "   "}, 422), ({"id": "", "text": "x"}, 422),
        ({"id": "a:b", "text": "x"}, 422), ({"id": "m1", "text": 7}, 422), ({"text": "x"}, 422),
    ):  # fmt: skip
        assert (await page.post("say", fields)).status_code == status
    assert (await page.post("say", content=b"{" * 70_000)).status_code == 413
    assert (await page.post("say", content=b"[1]")).status_code == 422
    page.token = "geraden"
    assert (await page.post("say", {"id": "m1", "text": "hallo"})).status_code == 401
    assert page.office.rows(Inbound) == []


async def test_a_flood_of_messages_is_slowed(page: Page) -> None:
    await page.open()
    sent = [await page.post("say", {"id": f"x{n}", "text": "hallo"}) for n in range(web_chat.MESSAGES_A_MINUTE + 3)]
    assert [answer.status_code for answer in sent].count(429) == 3
    page.office.clock.advance(minutes=2)
    assert (await page.post("say", {"id": "later", "text": "hallo"})).status_code == 200


async def test_a_network_begins_so_many_talks_an_hour(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_chat, "SESSIONS_A_NETWORK_HOUR", 3)
    opened = [(await page.post("open", {})).status_code for _ in range(5)]
    assert opened == [200, 200, 200, 429, 429]


async def test_codes_to_many_addresses_stop(page: Page) -> None:
    """One visitor can not make the desk write to a list of people."""
    await page.open()
    await page.say(ACCESS)
    for number in range(6):
        await page.say(f"{number}{UNKNOWN}")
    assert len(page.office.mails) <= 4, "the first one and the day's resends"
    assert WorkKind.IDENTITY_STUCK in page.office.work_list()


async def test_evidence_is_kept_sealed_for_staff(page: Page) -> None:
    await page.open()
    assert (await page.post("file?id=f1", content=PDF)).status_code == 409, "nobody asked for it"
    await page.say(ACCESS)
    for _ in range(2):  # the browser did not hear the answer and tries again: kept once
        assert (await page.post("file?id=f2", content=PDF)).status_code == 200
    await page.office.work()
    (row,) = page.office.rows(Evidence)
    assert row.media_type == "application/pdf" and PDF not in row.content
    assert WorkKind.EVIDENCE in page.office.work_list()
    assert "het bestand is binnen" in (await page.lines())[-1]["text"]


@pytest.mark.parametrize("content", [b"MZ\x90\x00", b"<html>", b"", b"PK\x03\x04"])
async def test_other_files_are_refused(page: Page, content: bytes) -> None:
    await page.open()
    await page.say(ACCESS)
    assert (await page.post("file?id=f1", content=content)).status_code == 415
    assert page.office.rows(Evidence) == []


# --- the WebSocket ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def served(office: Office) -> AsyncIterator[str]:
    """The real server on a free port; gives host and port."""
    config = uvicorn.Config(
        create_app(office.desk, office.web), host="127.0.0.1", port=0, log_config=None, lifespan="off",
        ws="websockets-sansio",
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn has no event that says so)
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        for sender in office.desk.senders.values():
            if isinstance(sender, WebChatSender):
                await sender.close()
        server.should_exit = True
        await task


@pytest.fixture
async def local(office: Office) -> AsyncIterator[tuple[Office, str]]:
    serving(office)
    office.web = WebSettings("http://127.0.0.1", chats=office.web.chats, accept=office.accept)
    async with served(office) as host:
        yield office, host


async def token_of(host: str) -> str:
    async with httpx.AsyncClient(base_url=f"http://{host}") as client:
        answer = await client.post("/chat/whatnext/open", json={}, headers={"Origin": SHOP})
    return str(answer.json()["token"])


@asynccontextmanager
async def socket(host: str, token: str, origin: str = SHOP) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://{host}/chat/whatnext/live", origin=origin) as line:  # type: ignore[arg-type]
        await line.send(json.dumps({"token": token}))
        yield line


async def until(line: ClientConnection, key: str) -> Any:
    while True:
        frame = json.loads(await asyncio.wait_for(line.recv(), 20))
        if frame.get(key):
            return frame[key]


async def test_a_talk_over_a_socket_goes_on_after_it_broke(local: tuple[Office, str]) -> None:
    office, host = local
    token = await token_of(host)
    async with socket(host, token) as line:
        await line.send(json.dumps({"id": "a1", "text": ACCESS}))
        assert await until(line, "kept") == "a1"
        await office.work()
        found = [entry["by"] for entry in await until(line, "lines")]
        while "assistant" not in found:
            found += [entry["by"] for entry in await until(line, "lines")]
    async with socket(host, token) as line:
        lines = await until(line, "lines")
        assert [entry["by"] for entry in lines] == ["visitor", "assistant"]
        await line.send(json.dumps({"id": "a1", "text": ACCESS}))
        assert await until(line, "kept") == "a1"
    await office.work()
    assert len(office.rows(Inbound)) == 1, "sent again after the break: the same message"


async def test_a_socket_of_a_foreign_page_or_without_a_session_is_closed(local: tuple[Office, str]) -> None:
    _, host = local
    with pytest.raises(InvalidStatus):
        async with socket(host, await token_of(host), "https://elders.example"):
            pass
    async with socket(host, "geraden") as line:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(line.recv(), 20)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


async def test_bad_frames_get_an_answer_and_do_not_end_the_talk(local: tuple[Office, str]) -> None:
    office, host = local
    async with socket(host, await token_of(host)) as line:
        for frame in ("{", "[]", json.dumps({"id": "b1", "text": "x" * 5_000}), json.dumps({"id": "b2"})):
            await line.send(frame)
            assert await until(line, "error") in ("unreadable", "too_long")
        await line.send(json.dumps({"id": "b3", "text": "hallo"}))
        assert await until(line, "kept") == "b3"
    rows = table(Inbound)
    assert len(office.rows(Inbound, rows.c.channel == "web")) == 1


async def test_a_page_that_waits_is_let_go_when_the_program_stops(office: Office) -> None:
    serving(office)
    office.web = WebSettings("http://127.0.0.1", chats=office.web.chats, accept=office.accept)
    async with served(office) as host:
        token = await token_of(host)
        line = await connect(f"ws://{host}/chat/whatnext/live", origin=SHOP)  # type: ignore[arg-type]
        await line.send(json.dumps({"token": token}))
        await line.recv()
    with suppress(ConnectionClosed):
        await line.recv()
    await line.close()
