"""Puts the way in of one bot together; its way out is one of the desk's senders already (`bot/wiring`).

This module imports aiogram: it is loaded only where a bot is configured (`start`).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from bot.telegram.face import Face
from bot.telegram.pace import Pace
from bot.telegram.receiver import WAIT, Receiver
from bot.telegram.sender import TelegramSender
from bot.telegram.settings import TelegramSettings
from bot.telegram.updates import ALBUM_SECONDS, Updates
from cases.protocols import Accept
from web.telegram_hook import PATH
from workflow.desk import Desk
from workflow.staff_chat import StaffBot


class TelegramBot:
    """One bot of one organisation. It speaks over the line of the sender that the desk has for it."""

    def __init__(
        self, settings: TelegramSettings, desk: Desk, accept: Accept, *, album_seconds: float = ALBUM_SECONDS
    ) -> None:
        sender = desk.senders[settings.account]
        assert isinstance(sender, TelegramSender)
        self.settings = settings
        self.face = Face(settings, sender.bot, desk, accept, Pace(settings.messages_per_minute))
        self.updates = Updates(self.face, album_seconds=album_seconds)

    def receiver(self, *, wait: int = WAIT) -> Receiver:
        hook = f"{self.face.desk.base_url}{PATH}/{self.settings.organisation}" if self.settings.webhook else ""
        return Receiver(self.face, self.updates, hook=hook, wait=wait)

    # --- as the web face knows it (`web.settings.TelegramDoor`) --------------------------------------------------

    @property
    def username(self) -> str:
        return self.settings.username

    @property
    def staff_bot(self) -> StaffBot:
        return self.face.staff_bot

    def opens_with(self, secret: str) -> bool:
        """Whether this is the webhook's secret, compared in constant time; never without a webhook."""
        own = self.settings
        return own.webhook and bool(own.secret) and hmac.compare_digest(secret.encode(), own.secret.encode())

    async def take(self, update: Mapping[str, Any]) -> None:
        await self.updates.take(update)
