"""What a button in a colleague's chat does. It decides nothing by itself: `workflow/approval` is the only way.

Approving needs a kind that the settings name, a package that this very person opened in the console, and the bytes
that the button was made for. What can not be undone is asked twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError
from cases.types import DraftStatus, Label
from handlers.wording import staff_texts
from storage.models import Case, Draft, Request, StaffButton, StaffChat, WorkItem, table
from storage.unit import Reads, Unit
from workflow import approval
from workflow.desk import Desk
from workflow.staff_chat import StaffBot, has_viewed, index_of, staff_behind
from workflow.staff_notices import PRESS, TAKE, is_final, tell_again

SURE = ":ja"  # behind the id, on the second button
ASK_LIFE = timedelta(minutes=10)
_LIVE = (DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value)
_SAID_SO = ("not_allowed", "second_person", "first_handler")  # errors with words of their own


@dataclass(frozen=True, slots=True)
class Said:
    """What the person hears; `choices`: another button, in a message of its own."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Pressed:
    row: Row[Any]
    staff_id: str
    label: Label
    number: str
    draft: Row[Any] | None
    viewed: bool


async def press(desk: Desk, bot: StaffBot, data: str, *, chat: str, person: str) -> Said:
    """One press by one account in one chat. Pressing again changes nothing more."""
    name = data.removeprefix(PRESS)
    sure, button_id = name.endswith(SURE), name.removesuffix(SURE)
    found = await desk.store.read(lambda reads: _find(reads, desk, bot, button_id, chat, person))
    if isinstance(found, str):
        return _say(found)
    if found.row.act == TAKE:
        return await desk.store.write(lambda unit: _take(unit, found))
    return await _approve(desk, bot, found, sure=sure)


def _find(reads: Reads, desk: Desk, bot: StaffBot, button_id: str, chat: str, person: str) -> _Pressed | str:
    staff_id = staff_behind(reads, desk, bot, person)
    if staff_id is None:
        return "not_linked"
    rows, chats, requests, cases, drafts = (table(m) for m in (StaffButton, StaffChat, Request, Case, Draft))
    row = reads.one(
        select(rows, chats.c.chat_index, requests.c.label, requests.c.case_id, cases.c.number)
        .join(chats, chats.c.id == rows.c.staff_chat_id)
        .join(requests, requests.c.id == rows.c.request_id)
        .join(cases, cases.c.id == requests.c.case_id)
        .where(rows.c.id == button_id, rows.c.organisation_id == bot.organisation)
    )
    if row is None or row.chat_index != index_of(desk, bot, chat):
        return "unknown_button"
    draft = reads.one(select(drafts).where(drafts.c.id == row.draft_id)) if row.draft_id else None
    viewed = row.draft_id is not None and has_viewed(reads, staff_id, row.draft_id, row.package_digest)
    return _Pressed(row, staff_id, Label(row.label), row.number, draft, viewed)


def _take(unit: Unit, found: _Pressed) -> Said:
    """Says who looks at it; nothing else changes, and anybody may still decide."""
    rows, row = table(WorkItem), found.row
    lines = unit.rows(select(rows).where(rows.c.request_id == row.request_id, rows.c.closed_at.is_(None)))
    if not lines or any("taken" in (line.facts or {}) for line in lines):
        return _say("taken_already")
    for line in lines:
        unit.change(WorkItem, line.id, facts=(line.facts or {}) | {"taken": found.staff_id})
    unit.change(StaffButton, row.id, used_at=unit.now)
    unit.record(
        AuditTag.CASE_TAKEN, organisation=row.organisation_id, actor=staff_actor(found.staff_id), case=row.case_id,
        subject=row.request_id,
    )  # fmt: skip
    return _say("taken")


async def _approve(desk: Desk, bot: StaffBot, found: _Pressed, *, sure: bool) -> Said:
    row, draft = found.row, found.draft
    if draft is None or draft.status not in _LIVE or draft.package_digest != row.package_digest or row.used_at:
        return await _changed(desk, found)
    if found.label not in bot.approve:
        return _say("not_kind")
    if not found.viewed:
        return _say("not_viewed")
    if is_final(found.label, draft.plan) and not (sure and _asked(desk, row)):
        return await _ask(desk, found)
    try:
        result = await approval.approve(desk, found.staff_id, draft.id, row.package_digest, {}, totp_fresh=False)
    except InputError as error:
        return _say(error.code if error.code in _SAID_SO else "not_ready")
    except RuleError:  # somebody was faster, or a message came in meanwhile
        return await _changed(desk, found)
    await desk.store.write(lambda unit: unit.change(StaffButton, row.id, used_at=unit.now))
    if result.status is DraftStatus.SECOND_PERSON:
        return _say("approved_first")
    return _say("approved" if result.outbox_id is not None else "approved_doing")


def _asked(desk: Desk, row: Row[Any]) -> bool:
    return row.asked_again_at is not None and desk.now() - row.asked_again_at <= ASK_LIFE


async def _ask(desk: Desk, found: _Pressed) -> Said:
    """A second button, in a message of its own: a double tap must not be a yes."""
    row = found.row
    await desk.store.write(lambda unit: unit.change(StaffButton, row.id, asked_again_at=unit.now))
    text = staff_texts().say("staff_chat.ask_sure", case=found.number, kind=found.label.value)
    return Said(text, ((f"{PRESS}{row.id}{SURE}", staff_texts().say("staff_chat.sure")),))


async def _changed(desk: Desk, found: _Pressed) -> Said:
    """The button is of an older package: it does nothing any more, and what still waits is told once more."""

    def write(unit: Unit) -> None:
        if found.row.used_at is None:
            unit.change(StaffButton, found.row.id, used_at=unit.now)
            tell_again(unit, found.row.request_id)

    await desk.store.write(write)
    return _say("changed")


def _say(key: str) -> Said:
    return Said(staff_texts().say(f"staff_chat.{key}"))
