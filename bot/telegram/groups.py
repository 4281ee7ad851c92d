"""Groups and channels: left politely, because what is said there is not for us. Nothing said there is ever kept.

A group of colleagues stays when one of them linked it (`staff`), or has just asked for a code to do so.
"""

from __future__ import annotations

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.types import ChatMemberUpdated, Message

from bot.telegram.face import Face
from handlers import chat_asides
from storage.unit import Reads
from workflow import staff_chat


def router() -> Router:
    made = Router(name="groups")
    shared = F.chat.type != ChatType.PRIVATE
    here = F.new_chat_member.status.in_({ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR})
    made.my_chat_member.register(added, shared, here)
    made.message.register(spoken, shared)
    return made


async def added(event: ChatMemberUpdated, face: Face) -> None:
    if not await _ours(face, event.chat.id):
        await _leave(face, event.chat.id, speaks=event.chat.type != ChatType.CHANNEL)


async def spoken(message: Message, face: Face) -> None:
    """Also in a group that the bot was in before we looked."""
    service = message.from_user is None or message.left_chat_member is not None
    if not service and not await _ours(face, message.chat.id):
        await _leave(face, message.chat.id, speaks=True)


async def _ours(face: Face, chat: int) -> bool:
    bot = face.staff_bot

    def read(reads: Reads) -> bool:
        return staff_chat.expects_link(reads, bot) or staff_chat.is_linked(reads, face.desk, bot, str(chat))

    return await face.desk.store.read(read)


async def _leave(face: Face, chat: int, *, speaks: bool) -> None:
    if speaks and await face.may_speak():
        await face.say(chat, chat_asides.no_groups(face.texts))
    await face.leave(chat)
