"""A Telegram message as the chat message that all channels hand in. Names of files only: no byte of them is fetched.

Evidence never passes through Telegram, so a file is taken notice of and answered with where it can go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aiogram.enums import ContentType
from aiogram.types import CallbackQuery, InaccessibleMessage, Message

from bot.telegram.keyboards import pressed_words
from cases.messages import ChatFile, ChatMessage

_START = "/start"  # what the first tap sends; behind it stands whatever the address that was opened said


def chat_message(parts: Sequence[Message]) -> ChatMessage:
    """One message, or the parts of one album: their words and files together, under the number of the first."""
    first, said = parts[0], "\n".join(text for part in parts if (text := part.text or part.caption))
    return ChatMessage(
        sender=str(first.chat.id), name=first.from_user.full_name if first.from_user else "",
        text=_START if said.startswith(f"{_START} ") else said,
        message_id=_number(first), edits=str(first.message_id) if first.edit_date else "",
        files=tuple(file for part in parts if (file := _file(part)) is not None),
    )  # fmt: skip


def pressed(query: CallbackQuery, under: Message | InaccessibleMessage) -> ChatMessage:
    """A quick reply: its value, and the words the person saw."""
    return ChatMessage(
        sender=str(under.chat.id), name=query.from_user.full_name, text=pressed_words(query),
        message_id=f"{under.message_id}!{query.id}", choice=query.data or "",
    )  # fmt: skip


def written_at(message: Message, now: datetime) -> datetime:
    """When Telegram had it: the term runs from there, also when we were away. Never later than now."""
    moment = datetime.fromtimestamp(message.edit_date, UTC) if message.edit_date else message.date
    return min(moment, now)


def replies_to(message_id: str) -> int | None:
    """The message in Telegram behind one of our message numbers ("17", "17#1764000000", "17!c9")."""
    digits = message_id.partition("#")[0].partition("!")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _number(message: Message) -> str:
    """An edit is a message of its own: a request may not be edited away."""
    return f"{message.message_id}#{message.edit_date}" if message.edit_date else str(message.message_id)


def _file(message: Message) -> ChatFile | None:
    """Also a voice message, a place, a sticker: everything that is not words."""
    kind = ContentType(message.content_type)
    if kind is ContentType.TEXT:
        return None
    if message.photo:
        return ChatFile("foto.jpg", "image/jpeg", message.photo[-1].file_size or 0)
    found = getattr(message, kind.value, None)
    name = getattr(found, "file_name", None) or kind.value
    return ChatFile(name, getattr(found, "mime_type", None) or "", getattr(found, "file_size", None) or 0)
