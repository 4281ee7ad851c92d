"""What one bot is told at start. No aiogram here: the configuration is read before anybody knows there is a bot."""

from __future__ import annotations

from dataclasses import dataclass, field

from cases.types import Label

OFFICIAL = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    organisation: str
    username: str  # of the bot, without @
    token: str = field(repr=False)
    api: str = OFFICIAL  # or a Bot API server of one's own
    webhook: bool = False  # False: we ask for updates, nothing has to reach us
    secret: str = field(default="", repr=False)  # of the webhook; Telegram sends it in a header
    approve: frozenset[Label] = frozenset()  # kinds that staff may approve with a button
    messages_per_minute: int = 20  # of one person; what comes faster is not taken

    @property
    def account(self) -> str:
        return f"telegram:{self.username}"
