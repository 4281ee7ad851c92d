"""Nobody answers the question who they are: when a person may close for it, and how it goes on when somebody does.

Closing is a refusal (art. 12(4), 12(6)): a letter with reasons that two people approve (`drafting.close_for_silence`).
Not before the reminder has left and the time is over; nothing here closes by itself. Whoever comes back is heard at
once: the draft falls away, or the request goes on in a new row beside the one that ended. It was received when it was
received; the days between question and answer are a standstill (`cases/deadlines`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from cases.audit import AuditTag
from cases.calendar import at_hour, local_date
from cases.deadlines import derive
from cases.errors import InputError
from cases.types import (
    Assurance,
    Awaiting,
    DeadlineKind,
    DraftStatus,
    Label,
    OutboxKind,
    OutboxStatus,
    RefusalGround,
    RequestState,
    WorkKind,
)
from storage.models import (
    Approval,
    Case,
    Conversation,
    Deadline,
    Draft,
    IdentityCode,
    Outbox,
    Request,
    Suspension,
    table,
)
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import close_work, move_request
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.opening import REMINDER_AFTER, ready, write_deadline
from workflow.terms import in_time, questions, suspensions

AFTER_ASKING = timedelta(days=30)  # law.md 1.3 (f)
AFTER_REMINDER = timedelta(days=14)
IDENTITY = "identity"  # why the clock stood still (workflow/terms)
_GROUND = RefusalGround.IDENTITY_NOT_PROVEN.value


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that stands open in a conversation: when it left, and when we reminded."""

    asked_at: datetime
    reminded_at: datetime | None

    @property
    def closes_from(self) -> datetime | None:
        """From when a person may close; None while no reminder has left."""
        if self.reminded_at is None:
            return None
        return max(self.asked_at + AFTER_ASKING, self.reminded_at + AFTER_REMINDER)


def asked(reads: Reads, conversation_id: str, *, since: datetime | None = None) -> Asked | None:
    """None: no question of ours left. `since`: of a request that went on, only what was asked from there."""
    codes, outbox = table(IdentityCode), table(Outbox)
    sent = outbox.c.status == OutboxStatus.SENT.value
    first = (
        select(func.min(outbox.c.sent_at))
        .join(codes, codes.c.outbox_id == outbox.c.id)
        .where(codes.c.conversation_id == conversation_id, codes.c.link_id.is_(None), sent)
    )
    reminder = select(func.max(outbox.c.sent_at)).where(
        outbox.c.conversation_id == conversation_id, outbox.c.kind == OutboxKind.REMINDER.value, sent
    )
    if since is not None:
        first, reminder = first.where(outbox.c.created_at >= since), reminder.where(outbox.c.created_at >= since)
    asked_at = reads.value(first)
    return Asked(asked_at, reads.value(reminder)) if asked_at is not None else None


def may_close(reads: Reads, facts: RequestFacts) -> Asked:
    """InputError: `not_silent` (nothing is awaited of the requester), `no_reminder`, `silence_too_early`."""
    rows = table(Request)
    since = reads.value(select(rows.c.resumed_at).where(rows.c.id == facts.id))
    found = asked(reads, facts.conversation_id, since=since)
    if facts.state is not RequestState.IDENTIFYING or found is None:
        raise InputError("not_silent")
    if found.closes_from is None:
        raise InputError("no_reminder")
    if reads.now < found.closes_from:
        raise InputError("silence_too_early")
    return found


# --- somebody came back -----------------------------------------------------------------------------------------------


def heard(unit: Unit, desk: Desk, conversation_id: str, at: datetime, *, actor: str) -> int:
    """A word of the requester in this conversation: what was to be closed, or was closed, goes on. Gives how many."""
    rows, talks = table(Request), table(Conversation)
    talk = unit.one(select(talks).where(talks.c.id == conversation_id))
    if talk is None or talk.case_id is None or talk.frozen:
        return 0
    mine = rows.c.conversation_id == conversation_id
    closing = (RequestState.AWAITING_APPROVAL.value, RequestState.EXECUTING.value)
    closings = unit.rows(select(rows).where(mine, rows.c.state.in_(closing)))
    went_on = sum(_not_closed(unit, desk, talk, row, actor) for row in closings)
    ended = select(rows).where(mine, rows.c.state == RequestState.EXPIRED.value, rows.c.same_as.is_(None))
    for row in unit.rows(ended):
        _goes_on(unit, desk, talk, row, at, actor)
        went_on += 1
    return went_on


def _not_closed(unit: Unit, desk: Desk, talk: Row[Any], row: Row[Any], actor: str) -> bool:
    """The draft, or the approved letter that has not left, is overtaken."""
    drafts, outbox = table(Draft), table(Outbox)
    stands = [DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value, DraftStatus.APPROVED.value]
    newest = select(drafts).where(drafts.c.request_id == row.id, drafts.c.status.in_(stands))
    draft = unit.one(newest.order_by(drafts.c.created_at.desc()))
    if draft is None or draft.ground != _GROUND:
        return False
    if row.state == RequestState.EXECUTING.value:
        waits = outbox.c.status.in_([OutboxStatus.QUEUED.value, OutboxStatus.HELD.value])
        mine = (outbox.c.draft_id == draft.id) & waits & outbox.c.claim_token.is_(None)
        if not unit.execute(update(outbox).where(mine).values(status=OutboxStatus.CANCELLED.value)).rowcount:
            return False  # it is leaving: the answer finds a request that ended, and opens it again
        close_work(unit, WorkKind.RELEASE, actor=actor, request_id=row.id)
        move_request(unit, row.id, RequestState.AWAITING_APPROVAL, actor=actor, decision=None)
    unit.change(Draft, draft.id, status=DraftStatus.VOID.value)
    close_work(unit, WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, actor=actor, request_id=row.id)
    proven = _proven(desk, talk, Label(row.label))
    move_request(
        unit, row.id, RequestState.PREPARING if proven else RequestState.IDENTIFYING, actor=actor, attempts=0,
        awaiting=(Awaiting.NOBODY if proven else Awaiting.REQUESTER).value, wake_at=unit.now if proven else None,
    )  # fmt: skip
    return True


def _proven(desk: Desk, talk: Row[Any], label: Label) -> bool:
    return ready(desk.organisation(talk.organisation_id).policy, label, Assurance(talk.assurance))


@dataclass(frozen=True, slots=True)
class _Stood:
    """A row of `Suspension`, of the request that goes on."""

    reason: str
    asked_on: date
    answered_on: date | None
    by: str
    at: datetime


def _goes_on(unit: Unit, desk: Desk, talk: Row[Any], old: Row[Any], at: datetime, actor: str) -> None:
    """A new row beside the one that ended; that one says which (`same_as`)."""
    new_id, label = unit.new_id(), Label(old.label)
    policy = desk.organisation(old.organisation_id).policy
    received, stood = _clock(unit, talk, old, at)
    for one in stood:
        unit.add(Suspension, id=unit.new_id(), organisation_id=old.organisation_id, request_id=new_id, **asdict(one))
    dates = derive(
        label, received, policy, resumed=at,
        questions=questions(received, [(one.asked_on, one.answered_on) for one in stood]),
        extended=at_hour(old.extended_on, 12) if old.extended_on and stood else None,
    )  # fmt: skip
    told = next(row for row in dates if row.told)
    legal = next((row for row in dates if row.kind is DeadlineKind.LEGAL), told)
    proven = _proven(desk, talk, label)
    state = RequestState.PREPARING if proven else RequestState.IDENTIFYING
    unit.add(
        Request, id=new_id, organisation_id=old.organisation_id, case_id=old.case_id, conversation_id=talk.id,
        label=label.value, state=state.value, message_id=old.message_id, received_at=received, resumed_at=at,
        awaiting=(Awaiting.NOBODY if proven else Awaiting.REQUESTER).value, told_on=told.target_on,
        due_on=legal.due_on, policy_version=policy.version, chosen=_chosen(unit, old, new_id),
        extended_on=old.extended_on if stood else None, handler_id=old.handler_id,
        wake_at=unit.now if proven else None,
    )  # fmt: skip
    for row in dates:
        write_deadline(unit, old.organisation_id, new_id, row)
    if not proven:
        _reminder(unit, old.organisation_id, new_id, at)
    unit.change(Request, old.id, if_={"version": old.version}, same_as=new_id, version=old.version + 1)
    unit.change(Case, old.case_id, closed_at=None)
    unit.record(
        AuditTag.REQUEST_OPENED, organisation=old.organisation_id, actor=actor, case=old.case_id, subject=new_id,
        label=label.value, state=state.value, told_on=str(told.target_on), due_on=str(legal.due_on),
        policy=policy.version, goes_on_with=old.id,
    )  # fmt: skip


def _clock(reads: Reads, talk: Row[Any], old: Row[Any], at: datetime) -> tuple[datetime, list[_Stood]]:
    """When it counts as received, and what stopped its clock since."""
    question = asked(reads, talk.id, since=old.resumed_at)
    if question is None or not in_time(old.received_at, local_date(question.asked_at)):
        return at, []  # asked too late to stop the clock: what makes it complete is received now
    before = [
        _Stood(one.reason, one.asked_on, one.answered_on, one.by, one.at)
        for one in suspensions(reads, old.id)
        if one.answered_on is not None
    ]
    asked_on = local_date(question.asked_at)
    return old.received_at, [*before, _Stood(IDENTITY, asked_on, local_date(at), _closed_by(reads, old.id), reads.now)]


def _chosen(unit: Unit, old: Row[Any], new_id: str) -> bytes | None:
    """What was settled on the way, for the new row."""
    if old.chosen is None:
        return None
    cases = table(Case)
    sealer = unit.keys.data(unit, unit.value(select(cases.c.data_key_id).where(cases.c.id == old.case_id)))
    return sealer.seal(sealer.open(old.chosen, f"request.chosen:{old.id}"), f"request.chosen:{new_id}")


def _closed_by(reads: Reads, request_id: str) -> str:
    """The person who closed it: the standstill is that person's act too."""
    approvals, drafts = table(Approval), table(Draft)
    who = reads.value(
        select(approvals.c.staff_id)
        .join(drafts, drafts.c.id == approvals.c.draft_id)
        .where(drafts.c.request_id == request_id, drafts.c.ground == _GROUND)
        .order_by(approvals.c.at.desc())
        .limit(1)
    )
    return f"staff:{who}" if who else ""


def _reminder(unit: Unit, organisation: str, request_id: str, at: datetime) -> None:
    day = at_hour(local_date(at + REMINDER_AFTER), 9)
    unit.add(
        Deadline, id=unit.new_id(), organisation_id=organisation, request_id=request_id, due_on=day.date(), due_at=day,
        kind=DeadlineKind.IDENTITY_REMINDER.value, inputs=None,
        reasoning="14 dagen na het weer openen nog geen bewijs van identiteit: één herinnering",
    )  # fmt: skip
