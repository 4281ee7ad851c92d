"""What every handler of one bot is handed, and how the bot speaks outside the outbox.

Only short answers on the spot go this way (a button that does nothing any more, a group that is left). Whatever
matters is a row: messages go in through `accept`, words for a requester out through the outbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from aiogram import Bot
from aiogram.types import CallbackQuery

from bot.telegram.keyboards import buttons
from bot.telegram.pace import Pace
from bot.telegram.sender import CALL_SECONDS, NO_PREVIEW, translated
from bot.telegram.settings import TelegramSettings
from cases.errors import OutsideError
from cases.protocols import Accept
from cases.types import ChannelKind, ChannelMode
from handlers.wording import Texts
from storage.queries import standing
from storage.unit import Reads
from workflow.desk import Desk
from workflow.staff_chat import StaffBot

log = logging.getLogger(__name__)
LONGEST_TOAST = 200  # characters of an answer to a button (Bot API, answerCallbackQuery)


@dataclass(frozen=True, slots=True)
class Face:
    settings: TelegramSettings
    bot: Bot
    desk: Desk
    accept: Accept
    pace: Pace

    @property
    def staff_bot(self) -> StaffBot:
        return StaffBot(self.settings.organisation, self.settings.account, self.settings.approve)

    @property
    def texts(self) -> Texts:
        """The organisation's own words, in its own form of address."""
        own = self.desk.organisation(self.settings.organisation)
        return own.texts[own.policy.form]

    def clock(self) -> float:
        """For the pace only."""
        return asyncio.get_running_loop().time()

    async def may_speak(self) -> bool:
        """To strangers: not while the channel only looks on or waits for clicks, nor while everything is stopped."""
        key = self.settings.organisation

        def read(reads: Reads) -> bool:
            stopped = standing.stops(reads)
            return (
                standing.mode(reads, key, ChannelKind.TELEGRAM) is ChannelMode.ON
                and key not in stopped
                and standing.EVERYWHERE not in stopped
            )

        return await self.desk.store.read(read)

    async def say(self, chat: int, text: str, choices: Sequence[tuple[str, str]] = ()) -> None:
        call = self.bot.send_message(
            chat, text, reply_markup=buttons(choices), link_preview_options=NO_PREVIEW, request_timeout=CALL_SECONDS
        )
        await self._quietly("sendMessage", call)

    async def toast(self, query: CallbackQuery, text: str = "") -> None:
        """Answers a button, seen only by who pressed it; without words it just stops the waiting sign."""
        call = self.bot.answer_callback_query(
            query.id, text=text[:LONGEST_TOAST] or None, show_alert=bool(text) or None, request_timeout=CALL_SECONDS
        )
        await self._quietly("answerCallbackQuery", call)

    async def leave(self, chat: int) -> None:
        await self._quietly("leaveChat", self.bot.leave_chat(chat, request_timeout=CALL_SECONDS))

    async def _quietly(self, what: str, call: Awaitable[object]) -> None:
        """Nothing hangs on these calls: what they answer is stored already."""
        try:
            with translated():
                await call
        except OutsideError as error:
            log.info("%s was not done: %s", what, error, extra={"account": self.settings.account})
