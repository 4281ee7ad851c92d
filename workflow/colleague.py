"""A colleague answered a requester from the shared mailbox: the answer joins the case and a person says what it was.

Found in Sent, which is only read. What we sent ourselves is known by its Message-ID. A colleague's words void the
approvals of that case (they may have changed what is right to answer) and quiet the reminder; they end nothing by
themselves: "Is dit het antwoord?" is asked of staff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.dialogue import Awaited
from cases.errors import Stale
from cases.messages import ParsedMessage, as_kept
from cases.types import (
    OPEN_STATES,
    Awaiting,
    DeadlineKind,
    Decision,
    MachineKind,
    RequestState,
    WorkKind,
)
from storage.models import Case, Conversation, Deadline, Inbound, Message, Outbox, Request, WorkItem, table
from storage.queries.inbound import message_id_digest
from storage.queries.writing import close_work, move_request, open_work, raise_content_version
from storage.unit import Reads, Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.take_back import take_back, waiting

KIND = "colleague"  # of the message row: neither ours nor the requester's
_QUIETED = (DeadlineKind.IDENTITY_REMINDER.value, DeadlineKind.DRAFT_WAITING.value)


@dataclass(frozen=True, slots=True)
class Found:
    """The conversation with an open request that a message in Sent answers."""

    conversation_id: str
    case_id: str
    case_key_id: str
    request_id: str
    told_on: Any


def find(reads: Reads, desk: Desk, row: Row[Any], parsed: ParsedMessage) -> Found | None:
    """By the mail it answers, or else by its recipient; None for our own mail and for what answers no open request."""
    organisation = row.organisation_id
    if parsed.machine is MachineKind.OWN or _ours(reads, organisation, parsed.message_id):
        return None
    told = {desk.index(organisation, "email", address) for address in parsed.to}
    for conversation_id in (*_answered(reads, organisation, parsed), *_written_to(reads, organisation, told)):
        found = _open(reads, conversation_id, told)
        if found is not None:
            return found
    return None


def _ours(reads: Reads, organisation: str, message_id: str) -> bool:
    rows = table(Outbox)
    return bool(message_id) and reads.one(
        select(rows.c.id).where(rows.c.organisation_id == organisation, rows.c.message_id == message_id)
    ) is not None  # fmt: skip


def _answered(reads: Reads, organisation: str, parsed: ParsedMessage) -> list[str]:
    """Conversations of the messages it refers to: the requester's own, or ours."""
    if not parsed.references:
        return []
    inbound, messages, outbox = table(Inbound), table(Message), table(Outbox)
    digests = [message_id_digest(reads, organisation, identifier) for identifier in parsed.references]
    theirs = (
        select(messages.c.conversation_id)
        .join(inbound, inbound.c.id == messages.c.inbound_id)
        .where(inbound.c.organisation_id == organisation, inbound.c.message_id_digest.in_(digests))
    )
    ours = select(outbox.c.conversation_id).where(
        outbox.c.organisation_id == organisation, outbox.c.message_id.in_(parsed.references),
        outbox.c.conversation_id.is_not(None),
    )  # fmt: skip
    return [found.conversation_id for query in (theirs, ours) for found in reads.rows(query)]


def _written_to(reads: Reads, organisation: str, told: set[str]) -> list[str]:
    """Conversations with somebody it was sent to, the newest first."""
    rows = table(Conversation)
    query = (
        select(rows.c.id)
        .where(rows.c.organisation_id == organisation, rows.c.address_index.in_(told), rows.c.asking_id.is_(None))
        .order_by(rows.c.last_message_at.desc())
    )
    return [row.id for row in reads.rows(query)]


def _open(reads: Reads, conversation_id: str, told: set[str]) -> Found | None:
    """Only what went to the requester: a colleague may ask others about the matter."""
    conversations, requests, cases = table(Conversation), table(Request), table(Case)
    row = reads.one(
        select(conversations.c.id, cases.c.id.label("case_id"), cases.c.data_key_id, requests.c.id.label("request_id"),
               requests.c.told_on)
        .join(cases, cases.c.id == conversations.c.case_id)
        .join(requests, requests.c.case_id == cases.c.id)
        .where(conversations.c.id == conversation_id, conversations.c.address_index.in_(told))
        .where(requests.c.state.in_([state.value for state in OPEN_STATES]))
        .order_by(requests.c.told_on)
    )  # fmt: skip
    return Found(row.id, row.case_id, row.data_key_id, row.request_id, row.told_on) if row is not None else None


def settle(unit: Unit, desk: Desk, row: Row[Any], parsed: ParsedMessage, found: Found) -> None:
    """The words into the case, approvals void, the question to staff."""
    unit.keys.adopt(unit, row.data_key_id, found.case_key_id)
    sealer, message_id = unit.keys.data(unit, found.case_key_id), unit.new_id()
    unit.add(
        Message, id=message_id, organisation_id=row.organisation_id, conversation_id=found.conversation_id,
        case_id=found.case_id, data_key_id=found.case_key_id, inbound_id=row.id, incoming=False, kind=KIND,
        content=sealer.seal_json(as_kept(parsed), f"message.content:{message_id}"), at=row.received_at,
    )  # fmt: skip
    raise_content_version(unit, found.case_id)
    _our_letter_waits(unit, found.case_id)
    deadlines = table(Deadline)
    unit.execute(
        deadlines.update()
        .where(deadlines.c.request_id == found.request_id, deadlines.c.kind.in_(_QUIETED))
        .where(deadlines.c.fired_at.is_(None))
        .values(cancelled_at=unit.now)
    )
    open_work(
        unit, WorkKind.COLLEAGUE_ANSWER, row.organisation_id, same=row.id, case_id=found.case_id,
        request_id=found.request_id, inbound_id=row.id, due_on=found.told_on, fresh=True,
    )  # fmt: skip


def _our_letter_waits(unit: Unit, case_id: str) -> None:
    """The requester would get two answers: an approved letter that has not left is a draft again."""
    outbox = table(Outbox)
    for row in waiting(unit, (outbox.c.case_id == case_id) & outbox.c.draft_id.is_not(None)):
        take_back(unit, row, actor=PROGRAM)


async def judge(desk: Desk, staff_id: str, work_id: str, *, is_answer: bool) -> None:
    """A person says whether the colleague's mail was the answer; then the request ends in that person's name.

    InputError `not_allowed` for who may not decide; Stale when the line was closed meanwhile.
    """

    def write(unit: Unit) -> None:
        rows, requests = table(WorkItem), table(Request)
        line = unit.one(select(rows).where(rows.c.id == work_id, rows.c.closed_at.is_(None)))
        if line is None or line.kind != WorkKind.COLLEAGUE_ANSWER.value:
            raise Stale("this line was closed")
        actor = staff_actor(staff_id)
        if is_answer:
            may_decide(unit, staff_id, line.organisation_id)
            request = unit.one(select(requests).where(requests.c.id == line.request_id))
            if request is not None and RequestState(request.state) in OPEN_STATES:
                _answered_by_hand(unit, request, actor)
        elif line.request_id is not None:
            _loud_again(unit, line.request_id)
        close_work(unit, WorkKind.COLLEAGUE_ANSWER, actor=actor, inbound_id=line.inbound_id)
        unit.record(
            AuditTag.WORK_CLOSED, organisation=line.organisation_id, actor=actor, case=line.case_id, subject=work_id,
            kind=line.kind, answered=is_answer,
        )  # fmt: skip

    await desk.store.write(write)


def _loud_again(unit: Unit, request_id: str) -> None:
    """It was not the answer: what was quieted for it counts again."""
    deadlines, requests = table(Deadline), table(Request)
    state = unit.value(select(requests.c.state).where(requests.c.id == request_id))
    if state is not None and RequestState(state) in OPEN_STATES:
        unit.execute(
            deadlines.update()
            .where(deadlines.c.request_id == request_id, deadlines.c.kind.in_(_QUIETED))
            .where(deadlines.c.fired_at.is_(None))
            .values(cancelled_at=None)
        )


def _answered_by_hand(unit: Unit, request: Row[Any], actor: str) -> None:
    """Along the table: what a colleague answered passes approval and execution in the name of who says so."""
    state = RequestState(request.state)
    if state is RequestState.EXECUTING:
        raise Stale("a letter is on its way")
    if state is not RequestState.AWAITING_APPROVAL:
        move_request(unit, request.id, RequestState.AWAITING_APPROVAL, actor=actor)
    move_request(unit, request.id, RequestState.EXECUTING, actor=actor)
    move_request(
        unit, request.id, RequestState.ANSWERED, actor=actor, decision=Decision.INFORMATION.value,
        awaiting=Awaiting.NOBODY.value,
    )  # fmt: skip
    conversations = table(Conversation)
    unit.execute(
        conversations.update()
        .where(conversations.c.id == request.conversation_id)
        .values(awaited=Awaited.NOTHING.value)
    )
