"""Buttons under a message: from choices to Telegram's markup, and back to the words of the button that was pressed."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

MOST_BYTES = 64  # of what a button hands back (Bot API, InlineKeyboardButton)


def buttons(choices: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup | None:
    """One under the other: whole words fit on a telephone. An address opens; everything else is handed back to us."""
    rows = [[_button(value, words)] for value, words in choices if len(value.encode()) <= MOST_BYTES or _opens(value)]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(value: str, words: str) -> InlineKeyboardButton:
    if _opens(value):
        return InlineKeyboardButton(text=words, url=value)
    return InlineKeyboardButton(text=words, callback_data=value)


def _opens(value: str) -> bool:
    return value.startswith("https://")


def pressed_words(query: CallbackQuery) -> str:
    """What the person read on the button; its value when the message is too old to be shown to us."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    rows = markup.inline_keyboard if markup is not None else []
    return next((one.text for row in rows for one in row if one.callback_data == query.data), query.data or "")
