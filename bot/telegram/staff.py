"""Colleagues: linking a chat with the code from the console, the buttons under a notice."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.filters import BaseFilter, Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from bot.telegram.face import LONGEST_TOAST, Face
from handlers.wording import staff_texts
from workflow import staff_buttons, staff_chat
from workflow.staff_notices import PRESS


class InLinkedChat(BaseFilter):
    """The chat is one that a colleague linked."""

    async def __call__(self, message: Message, face: Face) -> bool:
        chat = str(message.chat.id)
        return await face.desk.store.read(
            lambda reads: staff_chat.is_linked(reads, face.desk, face.staff_bot, chat)
        )  # fmt: skip


def router() -> Router:
    made = Router(name="staff")
    made.message.register(link, Command("koppel"))
    made.message.register(link, CommandStart(deep_link=True, magic=F.args.startswith(staff_chat.CODE)))
    made.message.register(unlink, Command("ontkoppel"))
    made.message.register(migrated, F.migrate_to_chat_id)
    made.message.register(only_notices, F.chat.type == ChatType.PRIVATE, InLinkedChat())
    made.edited_message.register(ignored, F.chat.type == ChatType.PRIVATE, InLinkedChat())
    made.callback_query.register(press, F.data.startswith(PRESS))
    left = F.new_chat_member.status.in_({ChatMemberStatus.LEFT, ChatMemberStatus.KICKED})
    made.my_chat_member.register(gone, left)
    return made


async def link(message: Message, command: CommandObject, face: Face) -> None:
    """ "/koppel CODE", or the address from the console, which says "/start CODE"."""
    if message.from_user is None or message.from_user.is_bot:
        return
    chat, person = str(message.chat.id), str(message.from_user.id)
    code = (command.args or "").strip()
    held = False
    if face.pace.takes(chat, face.clock()):
        held = await staff_chat.link(face.desk, face.staff_bot, code, chat=chat, person=person)
    await face.say(message.chat.id, _word("linked" if held else "no_code"))


async def unlink(message: Message, face: Face) -> None:
    if message.from_user is None:
        return
    chat, person = str(message.chat.id), str(message.from_user.id)
    if await staff_chat.unlink(face.desk, face.staff_bot, chat=chat, person=person):
        await face.say(message.chat.id, _word("unlinked"))


async def migrated(message: Message, face: Face) -> None:
    await staff_chat.moved(face.desk, face.staff_bot, str(message.chat.id), str(message.migrate_to_chat_id))


async def only_notices(message: Message, face: Face) -> None:
    """What a colleague types here is kept nowhere."""
    await face.say(message.chat.id, _word("only_notices"))


async def ignored(message: Message) -> None:
    """An edit in a colleague's own chat."""


async def press(query: CallbackQuery, face: Face) -> None:
    if query.message is None:
        return
    chat, person = query.message.chat.id, str(query.from_user.id)
    said = await staff_buttons.press(face.desk, face.staff_bot, query.data or "", chat=str(chat), person=person)
    if said.choices:
        await face.toast(query)
        await face.say(chat, said.text, said.choices)
        return
    await face.toast(query, said.text)


async def gone(event: ChatMemberUpdated, face: Face) -> None:
    """The bot was blocked or taken out of a group: nobody there hears anything any more."""
    await staff_chat.unlink(face.desk, face.staff_bot, chat=str(event.chat.id))


def _word(key: str) -> str:
    words = staff_texts().say(f"staff_chat.{key}")
    assert len(words) <= LONGEST_TOAST
    return words
