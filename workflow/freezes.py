"""Restrictions (art. 18): written down when the freeze is carried out, looked at again, told before they are lifted.

Lifting is two steps: the letter says when and why (18(3)), and only after that day a person lifts it in the systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.calendar import local_date
from cases.errors import InputError, OutsideError, RuleError, Stale
from cases.letters import ProcessLetter, missing_process
from cases.policy import level_needed
from cases.protocols import Change
from cases.types import ActionStatus, OutboxKind, OutboxStatus, RestrictionGround, Verb, WorkKind
from handlers.process_letters import lifting_letter
from storage.models import Outbox, Restriction, SourceAction, table
from storage.queries.doing import told_at
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.actions import content_of, write_done
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import to_requester, write_answer
from workflow.package import Doing, open_draft
from workflow.prepare import case_file

NOTICE = timedelta(days=7)  # between the letter and the lifting: time to object
_ON_ITS_WAY = (OutboxStatus.QUEUED.value, OutboxStatus.HELD.value, OutboxStatus.SENDING.value)


def write_down(unit: Unit, facts: RequestFacts, doing: Doing) -> None:
    """The freeze of a request has been carried out; once per request, with the ground and the date of its letter."""
    rows = table(Restriction)
    if doing.restriction is None or unit.one(select(rows.c.id).where(rows.c.request_id == facts.id)) is not None:
        return
    row_id = unit.new_id()
    unit.add(
        Restriction, id=row_id, organisation_id=facts.organisation, request_id=facts.id, case_id=facts.case_id,
        ground=doing.restriction.value, since=unit.now, review_on=doing.review_on,
    )  # fmt: skip
    unit.record(
        AuditTag.RESTRICTION_SET, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id, subject=row_id,
        review_on=str(doing.review_on),
    )  # fmt: skip


async def freeze_now(desk: Desk, staff_id: str, draft_id: str) -> None:
    """An objection is weighed: until then the use is frozen (18(1)(d)), by a click, before there is a letter.

    InputError: `nothing_to_freeze`, `not_all` (what failed stays as it was), `not_proven`, `not_allowed`.
    """
    opened = await desk.store.read(lambda reads: open_draft(reads, draft_id))
    facts, actions = opened.facts, opened.doing.meanwhile
    if not actions:
        raise InputError("nothing_to_freeze")
    if facts.assurance < level_needed(desk.organisation(facts.organisation).policy, facts.label):
        raise InputError("not_proven")
    await desk.store.read(lambda reads: may_decide(reads, staff_id, facts.organisation))
    failed = []
    for number, action in enumerate(actions):
        change = Change(f"{draft_id}:freeze:{number}", Verb.RESTRICT, action.table, action.keys)
        if not action.by_hand and not await _changed(desk, facts.organisation, action.source, change):
            failed.append(action.source)
    if failed:
        raise InputError("not_all")

    def settle(unit: Unit) -> None:
        write_down(
            unit, facts, replace(opened.doing, restriction=opened.doing.restriction or RestrictionGround.OBJECTION)
        )
        for number, action in enumerate(actions):
            if not action.by_hand:
                write_done(unit, facts, action, number, len(action.keys))  # what was frozen can be lifted again
            else:
                open_work(
                    unit, WorkKind.TASK, facts.organisation, same=f"freeze:{facts.id}:{action.source}",
                    case_id=facts.case_id, request_id=facts.id, detail=action.source, due_on=facts.told_on,
                )  # fmt: skip

    await desk.store.write(settle)


async def review(desk: Desk) -> int:
    """Freezes whose review date has come: a line for staff. A daily tick."""

    def settle(unit: Unit) -> int:
        rows = table(Restriction)
        due = unit.rows(
            select(rows).where(
                rows.c.lifted_at.is_(None), rows.c.review_on <= local_date(unit.now),
                rows.c.organisation_id.in_(desk.organisations),
            )
        )  # fmt: skip
        for row in due:
            open_work(
                unit, WorkKind.RESTRICTION, row.organisation_id, same=row.id, case_id=row.case_id,
                due_on=row.review_on, detail="review",
            )  # fmt: skip
        return len(due)

    return await desk.store.write(settle)


def told(unit: Unit, request_id: str) -> None:
    """A letter that says when the use goes on has left: an objection refused on compelling grounds (21(1), 18(3))."""
    rows = table(Restriction)
    mine = (rows.c.request_id == request_id) & rows.c.told_at.is_(None)
    unit.execute(rows.update().where(mine).values(told_at=unit.now, review_on=local_date(unit.now) + NOTICE))


async def announce(desk: Desk, staff_id: str, restriction_id: str, on: date, why: str) -> None:
    """The letter that says when the freeze ends and why.

    InputError: `facts_missing`, `too_soon`, `not_allowed`. Stale: such a letter is on its way already.
    """
    row, facts = await desk.store.read(lambda reads: _standing(reads, restriction_id))
    if on < local_date(desk.now()) + NOTICE:
        raise InputError("too_soon")
    own = desk.organisation(facts.organisation)
    file = case_file(desk, own, facts, (), facts.assurance)
    letter = lifting_letter(file, since=local_date(row.since), on=on, why=why)
    if lacking := missing_process(letter, ProcessLetter.LIFTING):
        raise InputError("blocks_missing", ",".join(each.value for each in lacking))
    post = await desk.in_thread(write_answer, desk, facts, letter, OutboxKind.LETTER)

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        rows = table(Outbox)
        if row.told_by and unit.value(select(rows.c.status).where(rows.c.id == row.told_by)) in _ON_ITS_WAY:
            raise Stale("the letter about this is on its way")
        sent_with = to_requester(unit, desk, facts, post, wait=desk.limits.undo, request_id=facts.id)
        unit.change(Restriction, restriction_id, if_={"lifted_at": None}, told_by=sent_with, review_on=on)
        close_work(
            unit, WorkKind.RESTRICTION, actor=staff_actor(staff_id), same=f"{WorkKind.RESTRICTION.value}:{row.id}"
        )

    await desk.store.write(settle)
    desk.wake.outbox.set()


async def lift(desk: Desk, staff_id: str, restriction_id: str) -> None:
    """Ends the freeze in every system that was frozen. InputError: `tell_first` (18(3)), `not_yet`, `not_all`.

    The week to object runs from the moment the letter left, whatever day it names. What another freeze still covers
    stays as it is.
    """
    row, facts = await desk.store.read(lambda reads: _standing(reads, restriction_id))
    told = await desk.store.read(lambda reads: told_at(reads, row))
    if told is None:
        raise InputError("tell_first")
    if local_date(desk.now()) < max(local_date(told) + NOTICE, row.review_on or local_date(told)):
        raise InputError("not_yet")
    changes = await desk.store.read(lambda reads: _frozen_records(reads, row))
    failed = [source for source, change in changes if not await _changed(desk, facts.organisation, source, change)]

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        actor = staff_actor(staff_id)
        unit.change(Restriction, restriction_id, if_={"lifted_at": None}, lifted_at=unit.now, lifted_by=actor)
        close_work(unit, WorkKind.RESTRICTION, actor=actor, same=f"{WorkKind.RESTRICTION.value}:{row.id}")
        unit.record(
            AuditTag.RESTRICTION_LIFTED, organisation=facts.organisation, actor=actor, case=facts.case_id,
            subject=restriction_id,
        )  # fmt: skip

    if failed:
        raise InputError("not_all")
    await desk.store.write(settle)


async def _changed(desk: Desk, organisation: str, source: str, change: Change) -> bool:
    known = desk.organisation(organisation).sources.get(source)
    if known is None:
        return False
    try:
        done = await known.change(change)
    except OutsideError:
        return False
    # what a person froze, a person lifts: the staff member who presses the button says so
    return done.status in (ActionStatus.DONE, ActionStatus.NOTHING, ActionStatus.BY_HAND)


def _frozen_records(reads: Reads, freeze: Row[Any]) -> list[tuple[str, Change]]:
    """What was frozen for this one, but for the records that another freeze still covers."""
    others = table(Restriction)
    standing = reads.rows(
        select(others.c.request_id).where(
            others.c.organisation_id == freeze.organisation_id, others.c.lifted_at.is_(None), others.c.id != freeze.id
        )
    )
    covered = {
        (row.source, row.table_name, key)
        for row, keys in _restricted(reads, [one.request_id for one in standing])
        for key in keys
    }
    found = []
    for row, keys in _restricted(reads, [freeze.request_id]):
        free = tuple(key for key in keys if (row.source, row.table_name, key) not in covered)
        if free:
            found.append((str(row.source), Change(f"{row.id}:lift", Verb.LIFT, row.table_name, free)))
    return found


def _restricted(reads: Reads, request_ids: Sequence[str]) -> list[tuple[Row[Any], Sequence[str]]]:
    """The freezes that a system carried out for these requests, with the records of each."""
    rows = table(SourceAction)
    over = (ActionStatus.DONE.value, ActionStatus.NOTHING.value)
    mine = rows.c.request_id.in_(request_ids) & (rows.c.verb == Verb.RESTRICT.value) & rows.c.status.in_(over)
    found = reads.rows(select(rows).where(mine).order_by(rows.c.position))
    opened = [(row, content_of(reads, row)) for row in found]
    return [(row, content["keys"]) for row, content in opened if not content["by_hand"]]


def _standing(reads: Reads, restriction_id: str) -> tuple[Row[Any], RequestFacts]:
    rows = table(Restriction)
    row = reads.one(select(rows).where(rows.c.id == restriction_id, rows.c.lifted_at.is_(None)))
    if row is None:
        raise RuleError("no such freeze stands")
    facts = request_facts(reads, row.request_id)
    assert facts is not None
    return row, facts
