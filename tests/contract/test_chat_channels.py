"""What every chat channel promises: stored once, answered in its own chat, an unknown outcome is not repeated, and a
talk goes on after a restart. A channel joins by a class with `deliver` and `said`, and a line in CHANNELS.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from bot.intercom import CursorInStore
from cases.errors import Permanent, Temporary, Uncertain
from cases.types import ChannelKind, Custody, OutboxStatus, WorkKind
from intake.email.html import html_to_text
from intake.intercom.client import IntercomClient
from intake.intercom.receiver import IntercomReceiver
from intake.intercom.sender import IntercomSender
from storage.models import Conversation, Inbound, Outbox, table
from storage.unit import Store
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.support.arrived import BASE_URL
from tests.support.chat import ChatDesk, open_chat
from tests.support.intercom_api import Workspace, intercom
from tests.support.office import Office, Shared, open_office, shared
from tests.support.telegram_desk import ANNA, BERT, TelegramDesk, open_telegram
from web.app import create_app
from web.chat.sender import WebChatSender
from web.chat.settings import WebChatSettings
from web.settings import WebSettings
from workflow.desk import Wake

__all__ = ["shared"]  # a fixture


class Chat(Protocol):
    """One channel with its own way in and out, switched on in an office."""

    office: Office
    channel: ChannelKind

    async def deliver(self, person: str, text: str, number: int) -> None:
        """Hands one message in as the outside world does; the same number again is the same message."""

    async def said(self, person: str) -> list[str]:
        """What has arrived in this person's chat, oldest first."""
        ...


@dataclass(slots=True)
class Recorded:
    """The core with a sender that only records: what all channels share."""

    office: Office
    channel: ChannelKind = ChannelKind.TELEGRAM
    chat: ChatDesk = field(init=False)

    def __post_init__(self) -> None:
        self.chat = open_chat(self.office, self.channel)

    async def deliver(self, person: str, text: str, number: int) -> None:
        await self.chat.post(person, text, message_id=str(number))

    async def said(self, person: str) -> list[str]:
        return [message.text for message in self.chat.sender.said if message.recipient == person]


@dataclass(slots=True)
class Web:
    """The web chat over HTTP, as a browser page uses it."""

    office: Office
    channel: ChannelKind = ChannelKind.WEB
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        open_chat(self.office, ChannelKind.WEB)
        self.restarted()

    def restarted(self) -> None:
        """A new process: nothing is left in memory but what the browser keeps."""
        settings = WebChatSettings(self.office.organisation)
        self.office.desk = self.office.desk.with_sender(settings.account, WebChatSender())
        self.office.web = WebSettings(BASE_URL, chats={self.office.organisation: settings}, accept=self.office.accept)

    async def deliver(self, person: str, text: str, number: int) -> None:
        answer = await self._post(person, "say", {"id": str(number), "text": text})
        assert answer == {"kept": str(number)}

    async def said(self, person: str) -> list[str]:
        found = await self._post(person, "lines", {"have": -1})
        return [line["text"] for line in found["lines"] if line["by"] != "visitor"]

    async def _post(self, person: str, act: str, fields: dict[str, Any]) -> dict[str, Any]:
        app = create_app(self.office.desk, self.office.web)
        headers = {"Origin": BASE_URL}
        path = f"/chat/{self.office.organisation}"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as browser:
            if person not in self.tokens:
                opened = await browser.post(f"{path}/open", json={}, headers=headers)
                self.tokens[person] = opened.json()["token"]
            headers["Authorization"] = f"Bearer {self.tokens[person]}"
            answer = await browser.post(f"{path}/{act}", json=fields, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@dataclass(slots=True)
class Intercom:
    """A workspace where colleagues work too: it tells us by signed notifications, we answer over its API."""

    office: Office
    workspace: Workspace
    channel: ChannelKind = ChannelKind.INTERCOM
    talks: dict[str, str] = field(default_factory=dict)
    told: dict[int, tuple[bytes, dict[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        open_chat(self.office, ChannelKind.INTERCOM, custody=Custody.GUEST)

    async def deliver(self, person: str, text: str, number: int) -> None:
        settings, desk = self.workspace.settings, self.office.desk
        client = IntercomClient(settings)
        self.office.desk = desk.with_sender(settings.account, IntercomSender(client))
        receiver = IntercomReceiver(settings, client, self.office.accept, CursorInStore(desk.store), desk.now)
        await receiver.start()
        if number not in self.told:
            self.told[number] = self._notification(person, text)
        body, headers = self.told[number]
        app = create_app(desk, WebSettings(BASE_URL, intercom={settings.organisation: receiver}))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as outside:
            answer = await outside.post(f"/intercom/{settings.organisation}", content=body, headers=headers)
        assert answer.status_code == 200

    def _notification(self, person: str, text: str) -> tuple[bytes, dict[str, str]]:
        text = text.replace("\n", "<br>")
        if person not in self.talks:
            self.talks[person] = self.workspace.begin(text, person)
            return self.workspace.notification(self.talks[person])
        return self.workspace.notification(self.talks[person], self.workspace.says(self.talks[person], text))

    async def said(self, person: str) -> list[str]:
        return [html_to_text(part["body"])[0] for part in self.workspace.parts(self.talks[person], "comment")]


@asynccontextmanager
async def on_intercom(office: Office) -> AsyncIterator[Chat]:
    with intercom(office.clock.now) as workspace:
        yield Intercom(office, workspace)


@dataclass(slots=True)
class Telegram:
    """A bot that asks the Bot API for updates and answers over it."""

    office: Office
    desk: TelegramDesk
    channel: ChannelKind = ChannelKind.TELEGRAM
    updates: dict[int, dict[str, Any]] = field(default_factory=dict)

    async def deliver(self, person: str, text: str, number: int) -> None:
        if self.desk.telegram.face.desk is not self.office.desk:  # a new process
            await self.desk.begin()
        if number in self.updates:
            self.desk.api.updates.append(self.updates[number])
        else:
            self.updates[number] = self.desk.api.write(_PEOPLE[person], text)
        await self.desk.receive()

    async def said(self, person: str) -> list[str]:
        return self.desk.api.said(_PEOPLE[person])


_PEOPLE = {"anna": ANNA, "bert": BERT}


@asynccontextmanager
async def on_telegram(office: Office) -> AsyncIterator[Chat]:
    async with open_telegram(office) as desk:
        yield Telegram(office, desk)


CHANNELS: dict[str, Callable[[Office], AbstractAsyncContextManager[Chat]]] = {
    "recorded": lambda office: nullcontext(Recorded(office)),
    "web": lambda office: nullcontext(Web(office)),
    "intercom": on_intercom,
    "telegram": on_telegram,
}


async def begun(chat: Chat) -> int:
    """Where colleagues talk too, the program speaks only once something was asked of it; gives what it said."""
    if chat.channel is not ChannelKind.INTERCOM:
        return 0
    await chat.deliver("anna", ACCESS, 0)
    await chat.office.work()
    return len(await chat.said("anna"))


@pytest.fixture(params=CHANNELS)
async def chat(request: pytest.FixtureRequest, tmp_path: Path, shared: Shared) -> AsyncIterator[Chat]:
    async with open_office(tmp_path, shared) as office, CHANNELS[request.param](office) as opened:
        yield opened


async def test_a_message_is_accepted_once(chat: Chat) -> None:
    before = await begun(chat)
    rows = len(chat.office.rows(Inbound))
    for _ in range(3):
        await chat.deliver("anna", "hallo", 1)
    await chat.office.work()
    await chat.deliver("anna", "hallo", 1)
    await chat.office.work()
    assert len(chat.office.rows(Inbound)) == rows + 1
    assert len(await chat.said("anna")) == before + 1


async def test_the_same_words_twice_are_two_messages(chat: Chat) -> None:
    before = await begun(chat)
    await chat.deliver("anna", "hallo", 1)
    await chat.deliver("anna", "hallo", 2)
    await chat.office.work()
    assert len(await chat.said("anna")) == before + 2
    assert len(chat.office.rows(Conversation)) == 1, "two messages of one batch are one talk"


async def test_the_first_line_says_that_a_program_writes(chat: Chat) -> None:
    await begun(chat)
    await chat.deliver("anna", "hallo", 1)
    await chat.deliver("anna", "bedankt", 2)
    await chat.office.work()
    first, second = (await chat.said("anna"))[:2]
    assert first.startswith("Ik ben de automatische assistent van WhatNext.")
    assert "'mens'" in first
    assert "assistent" not in second


async def test_each_chat_gets_its_own_answer(chat: Chat) -> None:
    await chat.deliver("anna", ACCESS, 1)
    await chat.deliver("bert", "hallo", 2)
    await chat.office.work()
    assert "gegevens we van je hebben" in "".join(await chat.said("anna"))
    assert "gegevens we van je hebben" not in "".join(await chat.said("bert"))
    rows = table(Outbox)
    sent = chat.office.rows(Outbox, rows.c.channel == chat.channel.value)
    assert {row.status for row in sent} == {"sent"}


async def test_a_talk_goes_on_after_a_restart(chat: Chat) -> None:
    """The store is opened anew, with nothing left in memory; the code of before still counts."""
    await chat.deliver("anna", ACCESS, 1)
    await chat.office.work()
    await chat.deliver("anna", CUSTOMER.email, 2)
    (mail,) = await chat.office.work()
    async with restarted(chat):
        await chat.deliver("anna", mail.code, 3)
        await chat.office.work()
        assert "de code klopt" in (await chat.said("anna"))[-1]
        assert chat.office.state() == "awaiting_approval"
        assert chat.office.audit().problems == ()


@asynccontextmanager
async def restarted(chat: Chat) -> AsyncIterator[None]:
    office, old = chat.office, chat.office.desk
    again = Store(old.store.url.render_as_string(hide_password=False), old.store.keyring, old.store.context)
    office.desk = replace(old, store=again, wake=Wake())
    if isinstance(chat, Web):
        chat.restarted()
    try:
        yield
    finally:
        office.desk = old
        again.close()


# --- the way out, as the core sees it: each channel's own sender tests say when it raises what -----------------------


async def recorded(office: Office) -> ChatDesk:
    chat = open_chat(office, ChannelKind.TELEGRAM)
    await chat.post("anna", "hallo")
    return chat


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared) as opened:
        yield opened


async def test_an_unknown_outcome_is_not_repeated(office: Office) -> None:
    chat = await recorded(office)
    chat.sender.fails = Uncertain("the line broke")
    assert await chat.work() == []
    assert [row.status for row in office.rows(Outbox)] == [OutboxStatus.UNCERTAIN.value]
    assert WorkKind.SEND_UNCERTAIN in office.work_list()
    office.clock.advance(hours=2)
    assert await chat.work() == []


async def test_what_did_not_leave_is_tried_again(office: Office) -> None:
    chat = await recorded(office)
    chat.sender.fails = Temporary("away")
    assert await chat.work() == []
    office.clock.advance(minutes=2)
    assert len(await chat.work()) == 1


async def test_a_chat_that_is_gone_is_work_for_a_person(office: Office) -> None:
    chat = await recorded(office)
    chat.sender.fails = Permanent("blocked")
    assert await chat.work() == []
    assert WorkKind.NOT_DELIVERED in office.work_list()
