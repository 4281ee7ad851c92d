"""The bots of this installation, for `bot/run`. Without one, aiogram is not loaded at all (3 s and 150 MB)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.telegram.settings import TelegramSettings
from cases.protocols import Accept
from workflow.desk import Desk

if TYPE_CHECKING:
    from bot.telegram.build import TelegramBot


def connect_bots(wanted: Iterable[TelegramSettings | None], desk: Desk, accept: Accept) -> dict[str, TelegramBot]:
    """By organisation."""
    configured = [settings for settings in wanted if settings is not None]
    if not configured:
        return {}
    from bot.telegram.build import TelegramBot  # noqa: PLC0415

    return {settings.organisation: TelegramBot(settings, desk, accept) for settings in configured}
