"""Acts of staff on the dates of a request: two further months, a standing clock, an apology for being late.

Each is reasoned, recorded and, where the law wants it, told by a letter of the program (art. 12(3), 12(4)). Whether it
is still allowed is a matter of dates (`cases/deadlines`); timers propose, they never do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, staff_actor
from cases.calendar import AMSTERDAM, day_off, local_date
from cases.deadlines import Question, Rule, compute, derive
from cases.errors import InputError, RuleError, Stale
from cases.letters import Letter, ProcessLetter, missing_process
from cases.types import OPEN_STATES, STATUTORY, DeadlineKind, OutboxKind, WorkKind
from handlers.process_letters import ExtensionReason, extension_letter, late_letter
from handlers.refusals import forbidden
from storage.models import Deadline, Request, Suspension, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import close_work
from storage.unit import Reads, Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import to_requester, write_answer
from workflow.opening import write_deadline
from workflow.prepare import case_file

A_FORTNIGHT = timedelta(days=14)
SUSPENSIONS = ("identity", "specify")  # what was asked: who are you, or which data do you mean


def open_request(reads: Reads, request_id: str) -> tuple[RequestFacts, Row[Any]]:
    """The request and its row; RuleError when there is none, Stale when it has ended."""
    rows = table(Request)
    facts, row = request_facts(reads, request_id), reads.one(select(rows).where(rows.c.id == request_id))
    if facts is None or row is None:
        raise RuleError("no such request")
    if facts.state not in OPEN_STATES:
        raise Stale("this request has ended")
    return facts, row


def last_day_to_extend(received: datetime) -> date:
    """The notice must leave within the first month (art. 12(3))."""
    day = compute(Rule.EXTENSION_NOTICE, received=received).target
    assert not isinstance(day, datetime)
    return day


async def extend(desk: Desk, staff_id: str, request_id: str, reason: ExtensionReason, explanation: str) -> date:
    """Two further months from receipt, told with the reasons; gives the new date told.

    InputError: `not_statutory`, `too_late_to_extend`, `extended_already`, `facts_missing` (no explanation),
    `not_allowed`.
    """
    facts, row = await desk.store.read(lambda reads: open_request(reads, request_id))
    if facts.label not in STATUTORY:
        raise InputError("not_statutory")
    if row.extended_on is not None:
        raise InputError("extended_already")
    now = desk.now()
    if local_date(now) > last_day_to_extend(facts.received_at):
        raise InputError("too_late_to_extend")
    own = desk.organisation(facts.organisation)
    rows = derive(facts.label, facts.received_at, own.policy, extended=now)
    told = next(one.target_on for one in rows if one.told)
    letter = extension_letter(case_file(desk, own, facts, (), facts.assurance), reason, explanation, new_date=told)

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        unit.change(Request, request_id, if_={"extended_on": None}, extended_on=local_date(unit.now))
        _rewrite_dates(unit, desk, facts)
        unit.record(
            AuditTag.TERM_EXTENDED, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
            subject=request_id, reason=reason.value, told_on=str(told),
        )  # fmt: skip

    await _send(desk, facts, letter, ProcessLetter.EXTENSION, settle)
    return told


async def suspend(desk: Desk, staff_id: str, request_id: str, reason: str, asked_on: date) -> None:
    """The clock stands still while the requester has a question of ours (recital 63, art. 12(6)); both dates stay.

    Two questions may stand open side by side, one of each kind; a day counts once. InputError: `unknown_reason`,
    `asked_too_late` (more than two working days after receipt), `suspended_already`.
    """
    if reason not in SUSPENSIONS:
        raise InputError("unknown_reason")

    def settle(unit: Unit) -> None:
        facts, _ = open_request(unit, request_id)
        may_decide(unit, staff_id, facts.organisation)
        if any(one.reason == reason for one in suspensions(unit, request_id)):
            raise InputError("suspended_already")
        if not in_time(facts.received_at, asked_on):
            raise InputError("asked_too_late")
        unit.add(
            Suspension, id=unit.new_id(), organisation_id=facts.organisation, request_id=request_id, reason=reason,
            asked_on=asked_on, by=staff_actor(staff_id), at=unit.now,
        )  # fmt: skip
        _rewrite_dates(unit, desk, facts)
        unit.record(
            AuditTag.TERM_SUSPENDED, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
            subject=request_id, reason=reason, asked_on=str(asked_on),
        )  # fmt: skip

    await desk.store.write(settle)


def in_time(received: datetime, asked_on: date) -> bool:
    """Whether a question of that day stops the clock: one day later the date would be another."""
    if asked_on < local_date(received):
        return False
    asked = max(_at_noon(asked_on), received)
    longer = compute(Rule.SUSPEND, received=received, questions=[Question(asked, asked + timedelta(days=60))])
    return longer.due != longer.unsuspended


async def resume(desk: Desk, staff_id: str, request_id: str, answered_on: date, reason: str = "") -> None:
    """A sufficient answer came: the days in between are added to the legal date. `reason`: to which question.

    InputError `not_suspended`.
    """

    def settle(unit: Unit) -> None:
        facts, _ = open_request(unit, request_id)
        may_decide(unit, staff_id, facts.organisation)
        open_ones = [one for one in suspensions(unit, request_id) if one.answered_on is None]
        standing = next((one for one in open_ones if reason in ("", one.reason)), None)
        if standing is None or answered_on < standing.asked_on:
            raise InputError("not_suspended")
        unit.change(Suspension, standing.id, answered_on=answered_on)
        _rewrite_dates(unit, desk, facts)
        unit.record(
            AuditTag.TERM_SUSPENDED, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
            subject=request_id, reason=standing.reason, answered_on=str(answered_on),
        )  # fmt: skip

    await desk.store.write(settle)


def suspensions(reads: Reads, request_id: str) -> Sequence[Row[Any]]:
    rows = table(Suspension)
    return reads.rows(select(rows).where(rows.c.request_id == request_id).order_by(rows.c.asked_on))


def drafted_apology(desk: Desk, facts: RequestFacts) -> tuple[date, Letter]:
    """What staff find ready once the date told is past: a date to propose, and the letter with it."""
    own, day = desk.organisation(facts.organisation), local_date(desk.now()) + A_FORTNIGHT
    while day_off(day):
        day += timedelta(days=1)
    return day, late_letter(case_file(desk, own, facts, (), facts.assurance), new_date=day)


async def apologise(desk: Desk, staff_id: str, request_id: str, new_date: date) -> None:
    """Past the date told: an apology with the new date, the authority and the court; never called an extension.

    InputError: `not_late`, `date_past`.
    """
    facts, _ = await desk.store.read(lambda reads: open_request(reads, request_id))
    today = local_date(desk.now())
    if today <= facts.told_on:
        raise InputError("not_late")
    if new_date <= today:
        raise InputError("date_past")
    own = desk.organisation(facts.organisation)
    letter = late_letter(case_file(desk, own, facts, (), facts.assurance), new_date=new_date)

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        close_work(unit, WorkKind.LATE, actor=staff_actor(staff_id), request_id=request_id)

    await _send(desk, facts, letter, ProcessLetter.LATE, settle)


async def _send(
    desk: Desk, facts: RequestFacts, letter: Letter, kind: ProcessLetter, settle: Callable[[Unit], None]
) -> None:
    """A letter on the way: checked as every letter, leaves after the undo time, ends nothing."""
    if lacking := missing_process(letter, kind):
        raise InputError("blocks_missing", ",".join(each.value for each in lacking))
    if forbidden(letter, desk.organisation(facts.organisation).policy):
        raise InputError("never_say")
    post = await desk.in_thread(write_answer, desk, facts, letter, OutboxKind.LETTER)

    def write(unit: Unit) -> None:
        settle(unit)
        to_requester(unit, desk, facts, post, wait=desk.limits.undo, request_id=facts.id)

    await desk.store.write(write)
    desk.wake.outbox.set()


# --- dates ------------------------------------------------------------------------------------------------------------

_DERIVED = (
    DeadlineKind.LEGAL, DeadlineKind.PROMISE, DeadlineKind.SERVICE, DeadlineKind.WARN_DAY_14, DeadlineKind.WARN_DAY_21,
    DeadlineKind.WARN_5_DAYS, DeadlineKind.WARN_2_DAYS, DeadlineKind.OVERDUE,
)  # fmt: skip


def _rewrite_dates(unit: Unit, desk: Desk, facts: RequestFacts) -> None:
    """Derives the rows of a request anew from its events; what has fired stays, what no longer holds is cancelled."""
    requests, rows = table(Request), table(Deadline)
    unit.flush()
    request = unit.one(select(requests).where(requests.c.id == facts.id))
    assert request is not None
    policy = desk.organisation(facts.organisation).policy
    new = derive(
        facts.label, facts.received_at, policy, resumed=request.resumed_at,
        extended=_at_noon(request.extended_on) if request.extended_on else None,
        questions=questions(
            facts.received_at, [(one.asked_on, one.answered_on) for one in suspensions(unit, facts.id)]
        ),
    )  # fmt: skip
    kinds = [kind.value for kind in _DERIVED]
    mine = (rows.c.request_id == facts.id) & rows.c.kind.in_(kinds)
    known = {(row.kind, row.due_at): row for row in unit.rows(select(rows).where(mine))}
    wanted = {(row.kind.value, row.due_at): row for row in new}
    for place, row in known.items():
        if place not in wanted and row.fired_at is None:
            unit.change(Deadline, row.id, cancelled_at=unit.now)
        elif place in wanted:
            changes = {"cancelled_at": None} if row.fired_at is None else {}
            unit.change(Deadline, row.id, told=wanted[place].told, reasoning=wanted[place].reasoning, **changes)
    for place, made in wanted.items():
        if place not in known:
            write_deadline(unit, facts.organisation, facts.id, made)
    told = next(row for row in new if row.told)
    legal = next((row for row in new if row.kind is DeadlineKind.LEGAL), told)
    unit.change(Request, facts.id, told_on=told.target_on, due_on=legal.due_on)


def questions(received: datetime, stood: Sequence[tuple[date, date | None]]) -> list[Question]:
    """Standstills (asked, answered) as the arithmetic takes them: days, and on the day of receipt not before it."""
    return [
        Question(max(_at_noon(asked), received), max(_at_noon(answered), received) if answered else None)
        for asked, answered in stood
    ]


def _at_noon(day: date) -> datetime:
    """A day as a moment that no change of the clock moves to another day."""
    return datetime.combine(day, time(12), AMSTERDAM)
