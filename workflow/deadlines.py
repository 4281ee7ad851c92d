"""The sweep: every date that has come fires once. Missed ticks are caught up, one notice per request, not a burst.

A date never decides: it writes a line for staff, a mail to staff, or the one reminder to the requester.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag
from cases.calendar import DAY, local_date
from cases.types import OPEN_STATES, ChannelKind, DeadlineKind, OutboxKind, RequestState, WorkKind
from handlers import chat, notices
from storage.models import Deadline, Outbox, Request, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.staff import wants_warnings
from storage.queries.writing import Post, Route, close_work, open_work, queue
from storage.unit import Reads, Unit
from workflow import silence
from workflow.desk import Desk
from workflow.notices import about, to_requester, write, write_chat

BATCH = 200
# What a line on the list is made of; the later in this order, the more it presses.
_WARNINGS = (
    DeadlineKind.WARN_DAY_14,
    DeadlineKind.WARN_DAY_21,
    DeadlineKind.WARN_5_DAYS,
    DeadlineKind.WARN_2_DAYS,
    DeadlineKind.OVERDUE,
)


@dataclass(frozen=True, slots=True)
class Due:
    """The rows of one request that have come, and what is sent for them."""

    rows: tuple[Row[Any], ...]
    facts: RequestFacts
    staff: tuple[str, ...]  # addresses that want warnings
    warning: DeadlineKind | None  # the most pressing one
    remind: bool


@dataclass(frozen=True, slots=True)
class Written:
    due: Due
    notice: Post | None
    reminder: Post | None


async def sweep(desk: Desk) -> int:
    """Fires what has come due; gives the number of rows."""
    due = await desk.store.read(_due)
    if not due:
        return 0
    written = await desk.in_thread(lambda: [_write(desk, one) for one in due])
    fired = await desk.store.write(lambda unit: sum(_fire(unit, desk, one) for one in written))
    desk.wake.outbox.set()
    return fired


def _due(reads: Reads) -> list[Due]:
    rows, requests = table(Deadline), table(Request)
    states = [state.value for state in OPEN_STATES]
    found = reads.rows(
        select(rows)
        .join(requests, requests.c.id == rows.c.request_id)
        .where(rows.c.fired_at.is_(None), rows.c.cancelled_at.is_(None), rows.c.due_at <= reads.now)
        .where(requests.c.state.in_(states))
        .order_by(rows.c.due_at)
        .limit(BATCH)
    )
    by_request: dict[str, list[Row[Any]]] = {}
    for row in found:
        by_request.setdefault(row.request_id, []).append(row)
    return [due for request_id, group in by_request.items() if (due := _gather(reads, request_id, group))]


def _gather(reads: Reads, request_id: str, group: Sequence[Row[Any]]) -> Due | None:
    facts = request_facts(reads, request_id)
    if facts is None:
        return None
    kinds = [DeadlineKind(row.kind) for row in group]
    warnings = [kind for kind in _WARNINGS if kind in kinds]
    remind = DeadlineKind.IDENTITY_REMINDER in kinds and _may_remind(reads, facts)
    staff = wants_warnings(reads, facts.organisation)
    return Due(tuple(group), facts, staff, warnings[-1] if warnings else None, remind)


def _may_remind(reads: Reads, facts: RequestFacts) -> bool:
    """One reminder per question: the requests of one conversation wait for the same code."""
    if facts.state is not RequestState.IDENTIFYING or facts.frozen or facts.human:
        return False
    rows, requests = table(Outbox), table(Request)
    reminded = select(rows.c.id).where(
        rows.c.conversation_id == facts.conversation_id, rows.c.kind == OutboxKind.REMINDER.value
    )
    resumed_at = reads.value(select(requests.c.resumed_at).where(requests.c.id == facts.id))
    if resumed_at is not None:  # it was closed for silence and goes on: the question was put anew
        reminded = reminded.where(rows.c.created_at >= resumed_at)
    return reads.one(reminded) is None


def _write(desk: Desk, due: Due) -> Written:
    facts = due.facts
    notice = reminder = None
    if due.warning is not None and due.staff:
        letter = notices.staff_warning(
            case_number=facts.case_number, label=facts.label, told=facts.told_on, today=local_date(desk.now()),
            link=f"{desk.base_url}/bureau/zaak/{facts.case_id}",
        )  # fmt: skip
        notice = write(desk, facts.organisation, OutboxKind.STAFF_NOTICE, letter)
    if due.remind:
        at = about(
            desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
            received_at=facts.received_at, told=facts.told_on,
        )  # fmt: skip
        if facts.chat:
            reminder = write_chat(desk, facts.organisation, OutboxKind.REMINDER, chat.reminder(at))
        else:
            reminder = write(desk, facts.organisation, OutboxKind.REMINDER, notices.identity_reminder(at))
    return Written(due, notice, reminder)


def _fire(unit: Unit, desk: Desk, written: Written) -> int:
    due = written.due
    facts, organisation = due.facts, due.facts.organisation
    for row in due.rows:
        unit.change(Deadline, row.id, if_={"fired_at": None}, fired_at=unit.now)
        unit.record(
            AuditTag.DEADLINE_FIRED, organisation=organisation, actor=PROGRAM, case=facts.case_id, subject=row.id,
            kind=row.kind, due=str(row.due_on),
        )  # fmt: skip
    if due.warning is not None:
        close_work(unit, WorkKind.DEADLINE, actor=PROGRAM, request_id=facts.id)  # one line per request, the newest
        open_work(
            unit, WorkKind.DEADLINE, organisation, same=f"{facts.id}:{due.warning.value}", case_id=facts.case_id,
            request_id=facts.id, due_on=facts.told_on, detail=due.warning.value,
        )  # fmt: skip
    if due.warning is DeadlineKind.OVERDUE:  # an apology with a new date is ready to be sent (`workflow/terms`)
        open_work(
            unit, WorkKind.LATE, organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
            due_on=facts.told_on,
        )  # fmt: skip
    if written.notice is not None:
        for address in due.staff:
            _queue_notice(unit, desk, facts, written.notice, address)
    if written.reminder is not None and _may_remind(unit, facts):
        to_requester(unit, desk, facts, written.reminder, unasked=True, request_id=facts.id)
    kinds = {row.kind for row in due.rows}
    if DeadlineKind.IDENTITY_REMINDER.value in kinds and not facts.human:
        _look_in_a_fortnight(unit, facts)
    if DeadlineKind.IDENTITY_SILENCE.value in kinds:
        _still_silent(unit, facts)
    return len(due.rows)


def _look_in_a_fortnight(unit: Unit, facts: RequestFacts) -> None:
    """When nothing comes back on the reminder either: a person may close it then."""
    asked = silence.asked(unit, facts.conversation_id)
    if asked is None or facts.state is not RequestState.IDENTIFYING:
        return
    due_at = max(asked.asked_at + silence.AFTER_ASKING, unit.now + silence.AFTER_REMINDER) + DAY
    unit.add(
        Deadline, id=unit.new_id(), organisation_id=facts.organisation, request_id=facts.id, due_at=due_at,
        due_on=local_date(due_at), kind=DeadlineKind.IDENTITY_SILENCE.value, inputs=None,
        reasoning="30 dagen na de vraag wie dit is, en 14 dagen na de herinnering: een medewerker kan sluiten",
    )  # fmt: skip


def _still_silent(unit: Unit, facts: RequestFacts) -> None:
    if facts.state is RequestState.IDENTIFYING:
        open_work(
            unit, WorkKind.IDENTITY_STUCK, facts.organisation, same=f"silent:{facts.id}", case_id=facts.case_id,
            request_id=facts.id, due_on=facts.told_on, detail="silent",
        )  # fmt: skip


def _queue_notice(unit: Unit, desk: Desk, facts: RequestFacts, post: Post, address: str) -> None:
    own = desk.organisation(facts.organisation)
    outbox_id = unit.new_id()
    route = Route(
        facts.organisation, ChannelKind.EMAIL, own.mailbox, address, desk.index(facts.organisation, "email", address),
        facts.case_key_id, None, facts.case_id,
    )  # fmt: skip
    queue(
        unit, route, post, outbox_id=outbox_id, request_id=facts.id,
        message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
    )  # fmt: skip
