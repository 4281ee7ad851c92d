"""A person has read a doubtful message: it is a request after all, or it is none. The term runs from receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, staff_actor
from cases.dialogue import Awaited, Turn, opened
from cases.errors import InputError, RuleError, Stale
from cases.messages import ParsedMessage, RawInbound
from cases.reading import Reading
from cases.types import Assurance, InboundOutcome, InboundStatus, Label, WorkKind
from storage.models import Conversation, Inbound, Message, table
from storage.queries.inbound import raw_of
from storage.queries.snapshots import Counts, Snapshot, Wanted, load
from storage.queries.writing import close_work
from storage.unit import Reads, Unit
from workflow.answering import Answer, answer
from workflow.desk import Desk
from workflow.settling import settle_turn


def _open_row(reads: Reads, inbound_id: str) -> Row[Any]:
    rows = table(Inbound)
    row = reads.one(select(rows).where(rows.c.id == inbound_id))
    if row is None:
        raise RuleError("no such message")
    if row.data_key_id is None:
        raise InputError("copy_erased")
    return row


async def open_as(desk: Desk, staff_id: str, inbound_id: str, labels: Sequence[Label]) -> str:
    """Opens a case with these requests, dated at receipt; gives the case id. InputError: `no_sender`, `no_label`."""
    wanted = tuple(dict.fromkeys(label for label in labels if label is not Label.OVERIG))
    if not wanted:
        raise InputError("no_label")
    row, raw = await desk.store.read(lambda reads: _opened(reads, inbound_id))
    parsed, reading = await desk.in_thread(_understand, desk, raw)
    if not parsed.from_address:
        raise InputError("no_sender")
    snapshot, counts, turn = await _plan(desk, row, raw, parsed, reading, wanted)
    index = desk.index(row.organisation_id, "email", parsed.from_address)
    made = await desk.in_thread(answer, desk, row, raw, parsed, reading, turn, snapshot, counts, index)
    assert made is not None and made.opening is not None

    def settle(unit: Unit) -> str:
        _decided(unit, staff_id, row, InboundOutcome.CASE, wanted)
        settle_turn(unit, desk, row, raw, parsed, reading, turn, snapshot, made)
        return _case_of(made)

    case_id = await desk.store.write(settle)
    desk.wake.outbox.set()
    desk.wake.requests.set()
    return case_id


def _opened(reads: Reads, inbound_id: str) -> tuple[Row[Any], RawInbound]:
    row = _open_row(reads, inbound_id)
    return row, raw_of(reads, row)


def _understand(desk: Desk, raw: RawInbound) -> tuple[ParsedMessage, Reading]:
    parsed = desk.normalise(raw)
    return parsed, desk.reader().read(parsed.subject, parsed.own_words)


async def _plan(
    desk: Desk, row: Row[Any], raw: RawInbound, parsed: ParsedMessage, reading: Reading, labels: tuple[Label, ...]
) -> tuple[Snapshot, Counts, Turn]:
    """The turn that staff chose; a conversation that stood without a case (a clarifying question) is gone on with."""
    policy = desk.organisation(row.organisation_id).policy

    def look(reads: Reads) -> tuple[Snapshot, Counts]:
        conversations, messages = table(Conversation), table(Message)
        conversation_id = reads.value(
            select(conversations.c.id)
            .join(messages, messages.c.conversation_id == conversations.c.id)
            .where(messages.c.inbound_id == row.id, conversations.c.case_id.is_(None))
        )
        index = desk.index(row.organisation_id, "email", parsed.from_address)
        handles = Wanted(
            row.organisation_id, raw.channel, row.account, index, conversation_id, (), row.content_digest or "", row.id,
        )  # fmt: skip
        snapshots, counts = load(reads, [handles])
        return snapshots[0], counts

    snapshot, counts = await desk.store.read(look)
    known = snapshot.known
    goes_on = known is not None and known.threaded and not known.has_case
    turn = opened(labels, reading, policy, assurance=Assurance.ADDRESS_CLAIMED)
    turn = replace(turn, awaited=turn.awaited or Awaited.NOTHING, new_conversation=not goes_on)
    return snapshot, counts, turn


def _case_of(made: Answer) -> str:
    assert made.opening is not None
    return made.opening.case_id


async def no_request(desk: Desk, staff_id: str, inbound_id: str) -> None:
    """No privacy request. The copy goes with its term (retention); the decision stays."""

    def settle(unit: Unit) -> None:
        row = _open_row(unit, inbound_id)
        _decided(unit, staff_id, row, InboundOutcome.NO_REQUEST, ())
        _end_question(unit, row)

    await desk.store.write(settle)


def _end_question(unit: Unit, row: Row[Any]) -> None:
    """A clarifying question about this message is no longer open: a later mail begins afresh."""
    conversations, messages = table(Conversation), table(Message)
    mine = select(messages.c.conversation_id).where(messages.c.inbound_id == row.id)
    unit.execute(
        conversations.update()
        .where(conversations.c.id.in_(mine), conversations.c.case_id.is_(None))
        .values(awaited=Awaited.NOTHING.value)
    )


def _decided(unit: Unit, staff_id: str, row: Row[Any], outcome: InboundOutcome, labels: Sequence[Label]) -> None:
    undecided = (InboundOutcome.TRIAGE.value, InboundOutcome.QUARANTINE.value, InboundOutcome.NO_REQUEST.value,
                 InboundOutcome.MACHINE.value)  # fmt: skip
    if row.outcome not in undecided:
        raise Stale("somebody has decided on this message already")
    unit.change(Inbound, row.id, if_={"outcome": row.outcome}, outcome=outcome.value, status=InboundStatus.DONE.value)
    actor = staff_actor(staff_id)
    close_work(unit, WorkKind.TRIAGE, WorkKind.QUARANTINE, WorkKind.OTHER_MAIL, actor=actor, inbound_id=row.id)
    unit.record(
        AuditTag.MESSAGE_TRIAGED, organisation=row.organisation_id, actor=actor, subject=row.id,
        outcome=outcome.value, labels=[label.value for label in labels],
    )  # fmt: skip
