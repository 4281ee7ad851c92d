"""Requesters: private chats only. Their words go through the one door of all channels; nothing is decided here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from aiogram import F, Router
from aiogram.enums import ChatType, ContentType
from aiogram.types import CallbackQuery, Message, Update

from bot.telegram.face import Face
from bot.telegram.messages import chat_message, pressed, written_at
from cases.messages import ChatMessage, RawInbound
from cases.types import ChannelKind, Custody
from handlers import chat_asides

log = logging.getLogger(__name__)
# What a person says or sends. The rest tells about the chat itself (a picture changed, something pinned).
SAID = frozenset(
    {
        ContentType.TEXT, ContentType.PHOTO, ContentType.DOCUMENT, ContentType.VOICE, ContentType.AUDIO,
        ContentType.VIDEO, ContentType.VIDEO_NOTE, ContentType.ANIMATION, ContentType.STICKER, ContentType.CONTACT,
        ContentType.LOCATION, ContentType.VENUE, ContentType.STORY, ContentType.POLL, ContentType.DICE,
    }
)  # fmt: skip


def router() -> Router:
    made = Router(name="requester")
    made.message.filter(F.chat.type == ChatType.PRIVATE, F.from_user.is_bot.is_(False))
    made.edited_message.filter(F.chat.type == ChatType.PRIVATE, F.from_user.is_bot.is_(False))
    made.message.register(written)
    made.edited_message.register(written)
    made.callback_query.register(chosen, F.message.chat.type == ChatType.PRIVATE, F.data)
    return made


async def written(message: Message, face: Face, event_update: Update, parts: Sequence[Message] = ()) -> None:
    """A message, an edit (kept as a version of its own) or an album (`parts`)."""
    if message.content_type not in SAID:
        return
    if not await _in_time(face, message.chat.id):
        return
    words = chat_message(parts or (message,))
    await _accept(face, event_update, words, written_at(message, face.desk.now()))


async def chosen(query: CallbackQuery, face: Face, event_update: Update) -> None:
    """A quick reply."""
    under = query.message
    if under is None:
        return
    if await _in_time(face, under.chat.id):
        await _accept(face, event_update, pressed(query, under), face.desk.now())
    await face.toast(query)


async def _accept(face: Face, update: Update, words: ChatMessage, moment: datetime) -> None:
    own = face.settings
    await face.accept(
        RawInbound(
            organisation=own.organisation, channel=ChannelKind.TELEGRAM, account=own.account, raw=words.to_raw(),
            received_at=moment, custody=Custody.HOST, external_id=str(update.update_id),
        )
    )  # fmt: skip


async def _in_time(face: Face, chat: int) -> bool:
    """False for what comes too fast. The person hears that it was not read; the log hears no more than that."""
    if face.pace.takes(str(chat), face.clock()):
        return True
    if face.pace.tells(str(chat)):
        log.warning("somebody writes too fast; messages are not taken", extra={"account": face.settings.account})
        if await face.may_speak():
            await face.say(chat, chat_asides.too_fast(face.texts))
    return False
