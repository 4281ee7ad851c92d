"""A colleague's own chat: linked with a one-time code from the console, and who is behind a button there.

Whose button counts is told by the account that pressed it, in a group too; one account stands for one colleague, so
that nobody looks twice (four eyes). Not here: what is told there (`staff_notices`), what a button does
(`staff_buttons`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, Stale
from cases.types import ChannelKind, Label
from storage.models import DraftView, Staff, StaffButton, StaffChat, StaffRole, table
from storage.seal import token_digest
from storage.unit import Reads, Unit
from workflow.desk import Desk

CODE_LIFE = timedelta(minutes=15)
CODE = "koppel-"  # how a code begins: an address of the bot on a website may carry a word of its own


@dataclass(frozen=True, slots=True)
class StaffBot:
    """The bot of one organisation, as far as staff have to do with it."""

    organisation: str
    account: str
    approve: frozenset[Label] = frozenset()  # kinds that may be approved with a button
    channel: ChannelKind = ChannelKind.TELEGRAM


@dataclass(frozen=True, slots=True)
class Linked:
    """One chat that is linked, as the console shows it."""

    id: str
    group: bool
    linked_at: datetime


def index_of(desk: Desk, bot: StaffBot, name: str) -> str:
    """The blind index of a chat or an account."""
    return desk.index(bot.organisation, bot.channel.value, name)


# --- linking ----------------------------------------------------------------------------------------------------------


async def new_code(desk: Desk, staff_id: str, bot: StaffBot) -> str:
    """A code to be typed in the chat that is to be linked; it counts once, for a quarter of an hour."""
    code = CODE + secrets.token_urlsafe(12)

    def write(unit: Unit) -> None:
        if not _works_for(unit, staff_id, bot.organisation):
            raise InputError("not_allowed")
        rows = table(StaffChat)
        mine = rows.c.staff_id == staff_id, rows.c.account == bot.account, rows.c.linked_at.is_(None)
        unit.execute(delete(rows).where(*mine))
        unit.add(
            StaffChat, id=unit.new_id(), staff_id=staff_id, channel=bot.channel.value, account=bot.account,
            code_digest=token_digest(code), code_until=unit.now + CODE_LIFE, created_at=unit.now,
        )  # fmt: skip

    await desk.store.write(write)
    return code


async def link(desk: Desk, bot: StaffBot, code: str, *, chat: str, person: str) -> bool:
    """Whether the code held; from now on this chat hears what waits, and this account's buttons count."""
    chat_index, user_index = index_of(desk, bot, chat), index_of(desk, bot, person)

    def write(unit: Unit) -> bool:
        rows = table(StaffChat)
        row = unit.one(
            select(rows).where(
                rows.c.account == bot.account, rows.c.code_digest == token_digest(code), rows.c.linked_at.is_(None),
                rows.c.code_until > unit.now,
            )
        )  # fmt: skip
        if row is None or not _works_for(unit, row.staff_id, bot.organisation):
            return False
        same_chat = rows.c.chat_index == chat_index, rows.c.staff_id == row.staff_id
        somebody_else = rows.c.user_index == user_index, rows.c.staff_id != row.staff_id
        for known in (same_chat, somebody_else):
            _forget(
                unit, *(one.id for one in unit.rows(select(rows.c.id).where(rows.c.account == bot.account, *known)))
            )
        unit.change(
            StaffChat, row.id, if_={"linked_at": None}, code_digest="", code_until=None, linked_at=unit.now,
            chat_id=unit.keys.root().seal_text(chat, f"staff_chat.chat_id:{row.id}"), chat_index=chat_index,
            user_index=user_index,
        )  # fmt: skip
        _note(unit, bot.organisation, row.staff_id, "chat_linked")
        return True

    try:
        return await desk.store.write(write)
    except Stale:  # used at the same moment by another process
        return False


async def unlink(desk: Desk, bot: StaffBot, *, chat: str, person: str = "") -> bool:
    """One colleague leaves this chat; without `person` the chat itself is gone."""

    def write(unit: Unit) -> bool:
        rows = table(StaffChat)
        here = select(rows).where(rows.c.account == bot.account, rows.c.chat_index == index_of(desk, bot, chat))
        if person:
            here = here.where(rows.c.user_index == index_of(desk, bot, person))
        found = unit.rows(here)
        for row in found:
            _forget(unit, row.id)
            _note(unit, bot.organisation, row.staff_id, "chat_unlinked")
        return bool(found)

    return await desk.store.write(write)


async def unlink_mine(desk: Desk, staff_id: str, link_id: str, organisation: str) -> None:
    """From the console. InputError `gone` when it is not this person's."""

    def write(unit: Unit) -> None:
        rows = table(StaffChat)
        if unit.one(select(rows.c.id).where(rows.c.id == link_id, rows.c.staff_id == staff_id)) is None:
            raise InputError("gone")
        _forget(unit, link_id)
        _note(unit, organisation, staff_id, "chat_unlinked")

    await desk.store.write(write)


async def moved(desk: Desk, bot: StaffBot, before: str, after: str) -> None:
    """A group that became a supergroup has another number."""

    def write(unit: Unit) -> None:
        rows = table(StaffChat)
        old = rows.c.account == bot.account, rows.c.chat_index == index_of(desk, bot, before)
        for row in unit.rows(select(rows.c.id).where(*old)):
            sealed = unit.keys.root().seal_text(after, f"staff_chat.chat_id:{row.id}")
            unit.change(StaffChat, row.id, chat_id=sealed, chat_index=index_of(desk, bot, after))

    await desk.store.write(write)


# --- who is who -------------------------------------------------------------------------------------------------------


def linked(reads: Reads, bot: StaffBot) -> list[Row[Any]]:
    """The links of people who still work for this organisation, the oldest first."""
    rows, people, roles = table(StaffChat), table(Staff), table(StaffRole)
    query = (
        select(rows)
        .join(people, people.c.id == rows.c.staff_id)
        .join(roles, roles.c.staff_id == rows.c.staff_id)
        .where(
            rows.c.account == bot.account, rows.c.linked_at.is_not(None), people.c.active.is_(True),
            roles.c.organisation_id == bot.organisation,
        )
        .order_by(rows.c.linked_at, rows.c.id)
    )  # fmt: skip
    return list(reads.rows(query))


def is_linked(reads: Reads, desk: Desk, bot: StaffBot, chat: str) -> bool:
    index = index_of(desk, bot, chat)
    return any(row.chat_index == index for row in linked(reads, bot))


def staff_behind(reads: Reads, desk: Desk, bot: StaffBot, person: str) -> str | None:
    """The colleague whose account this is."""
    index = index_of(desk, bot, person)
    return next((row.staff_id for row in reversed(linked(reads, bot)) if row.user_index == index), None)


def expects_link(reads: Reads, bot: StaffBot) -> bool:
    """Somebody has just asked for a code: a group that the bot is added to may be theirs."""
    rows = table(StaffChat)
    waiting = rows.c.account == bot.account, rows.c.linked_at.is_(None), rows.c.code_until > reads.now
    return reads.one(select(rows.c.id).where(*waiting)) is not None


def links_of(reads: Reads, staff_id: str, bot: StaffBot) -> tuple[Linked, ...]:
    """What one colleague has linked here."""
    found = [row for row in linked(reads, bot) if row.staff_id == staff_id]
    return tuple(Linked(row.id, row.chat_index != row.user_index, row.linked_at) for row in found)


# --- opened in the console --------------------------------------------------------------------------------------------


async def note_views(desk: Desk, staff_id: str, drafts: Mapping[str, str]) -> None:
    """This colleague saw these packages (draft → digest) in the console: only then a button may approve them.

    Written for who has a chat linked, once per package.
    """
    fresh = await desk.store.read(lambda reads: _not_noted(reads, staff_id, drafts))
    if not fresh:
        return

    def write(unit: Unit) -> None:
        for draft_id in fresh:
            unit.add(
                DraftView, id=unit.new_id(), draft_id=draft_id, staff_id=staff_id, package_digest=drafts[draft_id],
                at=unit.now,
            )  # fmt: skip

    await desk.store.write(write)


def has_viewed(reads: Reads, staff_id: str, draft_id: str, digest: str) -> bool:
    rows = table(DraftView)
    seen = rows.c.draft_id == draft_id, rows.c.staff_id == staff_id, rows.c.package_digest == digest
    return reads.one(select(rows.c.id).where(*seen)) is not None


def _not_noted(reads: Reads, staff_id: str, drafts: Mapping[str, str]) -> list[str]:
    rows = table(StaffChat)
    if not drafts:
        return []
    if reads.one(select(rows.c.id).where(rows.c.staff_id == staff_id, rows.c.linked_at.is_not(None))) is None:
        return []
    return [draft_id for draft_id, digest in drafts.items() if not has_viewed(reads, staff_id, draft_id, digest)]


def _works_for(reads: Reads, staff_id: str, organisation: str) -> bool:
    people, roles = table(Staff), table(StaffRole)
    query = (
        select(people.c.id)
        .join(roles, roles.c.staff_id == people.c.id)
        .where(people.c.id == staff_id, people.c.active.is_(True), roles.c.organisation_id == organisation)
    )
    return reads.one(query) is not None


def _forget(unit: Unit, *links: str) -> None:
    buttons, rows = table(StaffButton), table(StaffChat)
    unit.execute(delete(buttons).where(buttons.c.staff_chat_id.in_(links)))
    unit.execute(delete(rows).where(rows.c.id.in_(links)))


def _note(unit: Unit, organisation: str, staff_id: str, what: str) -> None:
    unit.record(
        AuditTag.STAFF_CHANGED, organisation=organisation, actor=staff_actor(staff_id), subject=staff_id, what=what
    )
