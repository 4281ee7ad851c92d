"""An office with a bot: the fake Bot API on loopback, the real receiver, routers and sender; only the clock is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from bot.telegram.build import TelegramBot
from bot.telegram.receiver import Receiver
from bot.telegram.sender import TelegramSender, make_bot
from bot.telegram.settings import TelegramSettings
from cases.types import ChannelKind, ChannelMode
from storage.models import ChannelState
from storage.unit import Unit
from tests.support.arrived import BASE_URL, Mail
from tests.support.bot_api import TOKEN, USERNAME, BotApi, bot_api
from tests.support.office import Office
from web.app import create_app
from web.settings import WebSettings
from web.staff.session import COOKIE
from workflow import accounts, staff_chat, staff_notices

ANNA, BERT = 7001, 7002  # requesters
SASKIA, BRAM, STRANGER = 8001, 8002, 8003  # colleagues' own accounts, in the order of `Office.staff`
TEAM = -4001  # a group


@dataclass(slots=True)
class TelegramDesk:
    office: Office
    api: BotApi
    settings: TelegramSettings
    sender: TelegramSender | None = None
    telegram: TelegramBot = field(init=False)
    receiver: Receiver = field(init=False)
    mails: list[Mail] = field(default_factory=list)  # that arrived while people talked
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self) -> None:
        """Also what a restart does: nothing of before is left in memory."""
        if self.sender is not None:
            await self.sender.close()
        self.sender = TelegramSender(make_bot(self.settings))
        self.office.desk = self.office.desk.with_sender(self.settings.account, self.sender)
        self.telegram = TelegramBot(self.settings, self.office.desk, self.office.accept)
        self.receiver = self.telegram.receiver(wait=0)

    async def receive(self) -> None:
        """Everything that waits at Telegram is taken."""
        while await self.receiver.once(self.stop):
            pass

    async def work(self) -> list[Mail]:
        """What waits is taken, the desk works, colleagues are told; gives the mails that arrived."""
        await self.receive()
        mails = await self.office.work()
        while await staff_notices.sweep(self.office.desk, self.telegram.face.staff_bot):
            mails += await self.office.work()
        self.mails += mails
        return mails

    async def say(self, person: int, text: str, **more: Any) -> list[str]:
        """Somebody writes; gives what the bot said to that person because of it."""
        before = len(self.api.said(person))
        self.api.write(person, text, **more)
        await self.work()
        return self.api.said(person)[before:]

    async def press(self, person: int, words: str, *, chat: int = 0) -> str:
        """Presses the newest button with these words in a chat; gives what this person alone was shown."""
        place = chat or person
        data = next(
            call.buttons[words] for call in reversed(self.api.called("sendMessage", place)) if words in call.buttons
        )
        before = len(self.api.called("answerCallbackQuery"))
        self.api.press(person, data, group=chat, words=words)
        await self.work()
        return "".join(call.text for call in self.api.called("answerCallbackQuery")[before:])

    async def link(self, person: int, who: int = 0, *, chat: int = 0) -> None:
        """A colleague links this chat with a code from the console."""
        code = await staff_chat.new_code(self.office.desk, self.office.staff[who], self.telegram.face.staff_bot)
        self.api.update(message=self.api.message(person, f"/koppel {code}", group=chat))
        await self.receive()
        assert self.api.said(chat or person)[-1].startswith("Gekoppeld.")

    async def opens(self, who: int = 0) -> None:
        """A colleague opens the one case in the console, and so sees the package that waits."""
        demo = replace(self.office.desk, demo=True)  # where a colleague is signed in without a password
        app = create_app(demo, WebSettings(BASE_URL, telegram={self.office.organisation: self.telegram}))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as http:
            signed = await accounts.demo_login(demo, ("saskia", "bram")[who])
            http.cookies.set(COOKIE, signed.token)
            page = await http.get(f"/bureau/zaak/{self.office.request().case_id}")
            assert page.status_code == 200

    @property
    def code(self) -> str:
        """Of the newest mail with one."""
        return next(mail.code for mail in reversed(self.mails) if mail.has_code)


@asynccontextmanager
async def open_telegram(
    office: Office, *, mode: ChannelMode = ChannelMode.ON, **settings: Any
) -> AsyncIterator[TelegramDesk]:
    def switch_on(unit: Unit) -> None:
        unit.add(
            ChannelState, id=f"{office.organisation}:telegram", organisation_id=office.organisation,
            channel=ChannelKind.TELEGRAM.value, mode=mode.value, changed_at=unit.now,
        )  # fmt: skip

    office.store.write_here(switch_on)
    async with bot_api() as api:
        made = TelegramDesk(office, api, TelegramSettings(office.organisation, USERNAME, TOKEN, api.url, **settings))
        await made.begin()
        try:
            yield made
            assert api.refused == [], "the description does not allow what the bot called"
        finally:
            assert made.sender is not None
            await made.sender.close()
