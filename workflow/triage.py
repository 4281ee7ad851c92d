"""A person has read a doubtful message: it is a request after all, or it is none. The term runs from receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select

from cases import chat_dialogue
from cases.audit import AuditTag, staff_actor
from cases.dialogue import Awaited, Mail, Turn, opened
from cases.errors import InputError, RuleError, Stale
from cases.messages import ParsedMessage, RawInbound, as_kept, chat_message
from cases.reading import Flag, Reading
from cases.types import Assurance, ChannelKind, InboundOutcome, InboundStatus, Label, Origin, WorkKind
from storage.claims import RELEASED
from storage.models import Case, Conversation, Inbound, Message, table
from storage.queries.counters import Counts
from storage.queries.inbound import raw_of
from storage.queries.snapshots import Snapshot, Wanted, load
from storage.queries.writing import close_work, open_work, raise_content_version
from storage.unit import Reads, Unit
from workflow import forwards, mailbox
from workflow.answering import Answer, answer
from workflow.desk import Desk
from workflow.opening import index_kind, told_if_request
from workflow.settling import settle_turn

_ABOUT_A_MESSAGE = (
    WorkKind.TRIAGE, WorkKind.QUARANTINE, WorkKind.OTHER_MAIL, WorkKind.BACKLOG, WorkKind.SPAM_LISTED,
)  # fmt: skip


def _open_row(reads: Reads, inbound_id: str) -> Row[Any]:
    rows = table(Inbound)
    row = reads.one(select(rows).where(rows.c.id == inbound_id))
    if row is None:
        raise RuleError("no such message")
    if row.data_key_id is None:
        raise InputError("copy_erased")
    return row


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person read in a message that the program can not read."""

    address: str
    name: str
    words: str


async def open_as(
    desk: Desk, staff_id: str, inbound_id: str, labels: Sequence[Label], typed: Typed | None = None
) -> str:
    """Opens a case with these requests, dated at receipt; gives the case id. InputError: `no_sender`, `no_label`.

    `typed` stands in for what an unreadable message does not give.
    """
    wanted = tuple(dict.fromkeys(label for label in labels if label is not Label.OVERIG))
    if not wanted:
        raise InputError("no_label")
    row, raw = await desk.store.read(lambda reads: _opened(reads, inbound_id))
    parsed, reading = await desk.in_thread(_understand, desk, raw, typed)
    if not parsed.from_address:
        raise InputError("no_sender")
    snapshot, counts, turn = await _plan(desk, row, raw, parsed, reading, wanted)
    index = desk.index(row.organisation_id, index_kind(raw.channel), parsed.from_address)
    chat = chat_message(raw.raw) if raw.channel is not ChannelKind.EMAIL else None
    made = await desk.in_thread(answer, desk, row, raw, parsed, reading, turn, snapshot, counts, index, chat)
    assert made is not None and made.opening is not None

    def settle(unit: Unit) -> str:
        _decided(unit, staff_id, row, InboundOutcome.CASE, wanted)
        settle_turn(unit, desk, row, raw, parsed, reading, turn, snapshot, made)
        mailbox.mark(unit, desk, row, stays=Flag.ALSO_OTHER in reading.flags)
        return _case_of(made)

    case_id = await desk.store.write(settle)
    desk.wake.outbox.set()
    desk.wake.requests.set()
    return case_id


def _opened(reads: Reads, inbound_id: str) -> tuple[Row[Any], RawInbound]:
    row = _open_row(reads, inbound_id)
    return row, raw_of(reads, row)


def _understand(desk: Desk, raw: RawInbound, typed: Typed | None) -> tuple[ParsedMessage, Reading]:
    try:
        parsed = _words(desk, raw)
    except InputError:
        if typed is None:
            raise InputError("no_sender") from None
        parsed = _as_typed(raw, typed)
    if typed is not None and not parsed.from_address:
        parsed = replace(parsed, from_address=typed.address.strip().lower(), from_name=typed.name.strip())
    return parsed, desk.reader().read(parsed.subject, parsed.own_words)


def _words(desk: Desk, raw: RawInbound) -> ParsedMessage:
    """The message; of one that a colleague passed on, the customer's own."""
    parsed = desk.normalise(raw)
    return forwards.opened(desk, raw.organisation, parsed) or parsed


def _as_typed(raw: RawInbound, typed: Typed) -> ParsedMessage:
    words = typed.words.strip()
    return ParsedMessage(
        subject="", from_name=typed.name.strip(), from_address=typed.address.strip().lower(), reply_to="",
        to=raw.envelope_to, message_id="", references=(), date_header=None, text=words, own_words=words, quoted="",
        attachments=(), machine=None, auto_suppressed=False, content_digest=hashlib.sha256(raw.raw).digest(),
        flags=frozenset({"typed"}),
    )  # fmt: skip


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
        index = desk.index(row.organisation_id, index_kind(raw.channel), parsed.from_address)
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
    if raw.channel is not ChannelKind.EMAIL:
        turn = chat_dialogue.opened_by_staff(turn, known)
    if raw.origin is Origin.BACKLOG:  # colleagues may have answered it already: nothing is sent by itself
        turn = replace(
            turn, mail=Mail.NONE, awaited=Awaited.NOTHING, by_staff=True, human=True, work=(WorkKind.HANDLE,)
        )
    return snapshot, counts, turn


def _case_of(made: Answer) -> str:
    assert made.opening is not None
    return made.opening.case_id


async def look_again(desk: Desk, staff_id: str, inbound_id: str) -> None:
    """Reads a message that was set aside once more, after whatever was wrong has been mended."""

    def write(unit: Unit) -> None:
        row = _open_row(unit, inbound_id)
        unit.change(
            Inbound, inbound_id, if_={"status": InboundStatus.QUARANTINED.value}, status=InboundStatus.STORED.value,
            outcome=None, attempts=0, error="", done_at=None, **RELEASED,
        )  # fmt: skip
        actor = staff_actor(staff_id)
        close_work(unit, WorkKind.QUARANTINE, actor=actor, inbound_id=inbound_id)
        unit.record(
            AuditTag.MESSAGE_TRIAGED, organisation=row.organisation_id, actor=actor, subject=inbound_id, again=True
        )

    await desk.store.write(write)
    desk.wake.inbound.set()


async def join(desk: Desk, staff_id: str, inbound_id: str) -> str:
    """Adds a message to the case that its subject names. It proves nothing there: a person reads it."""

    def write(unit: Unit) -> str:
        row = _open_row(unit, inbound_id)
        cases = table(Case)
        case = unit.one(select(cases).where(cases.c.id == row.suggested_case_id))
        if case is None or case.organisation_id != row.organisation_id:
            raise RuleError("no such case")
        _decided(unit, staff_id, row, InboundOutcome.FOLLOW_UP, ())
        unit.keys.adopt(unit, row.data_key_id, case.data_key_id)
        message_id, sealer = unit.new_id(), unit.keys.data(unit, case.data_key_id)
        conversation_id = _talk_of(unit, desk, row, case, parsed)
        unit.add(
            Message, id=message_id, organisation_id=row.organisation_id, conversation_id=conversation_id,
            case_id=case.id, data_key_id=case.data_key_id, inbound_id=row.id, incoming=True,
            content=sealer.seal_json(as_kept(parsed), f"message.content:{message_id}"), at=row.received_at,
        )  # fmt: skip
        raise_content_version(unit, case.id)
        open_work(
            unit, WorkKind.NEW_MESSAGE, row.organisation_id, same=conversation_id, case_id=case.id, inbound_id=row.id,
            due_on=told_if_request(desk, row.organisation_id, row.received_at), fresh=True,
        )  # fmt: skip
        mailbox.mark(unit, desk, row, stays=False)
        return str(case.id)

    _, raw = await desk.store.read(lambda reads: _opened(reads, inbound_id))
    parsed = await desk.in_thread(_words, desk, raw)
    return await desk.store.write(write)


def _talk_of(unit: Unit, desk: Desk, row: Row[Any], case: Row[Any], parsed: ParsedMessage) -> str:
    """A conversation of its own in that case: what was proven in another one does not hold here."""
    rows = table(Conversation)
    standing = unit.value(select(rows.c.id).where(rows.c.case_id == case.id).order_by(rows.c.created_at))
    first = unit.one(select(rows).where(rows.c.id == standing))
    assert first is not None
    conversation_id, sealer = unit.new_id(), unit.keys.data(unit, case.data_key_id)
    unit.add(
        Conversation, id=conversation_id, organisation_id=row.organisation_id, case_id=case.id,
        data_key_id=case.data_key_id, channel=row.channel, account=row.account,
        address=sealer.seal_text(parsed.from_address, f"conversation.address:{conversation_id}"),
        address_index=desk.index(row.organisation_id, index_kind(ChannelKind(row.channel)), parsed.from_address),
        form=first.form,
        assurance=int(Assurance.ADDRESS_CLAIMED), human_since=unit.now, last_message_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    return conversation_id


async def no_request(desk: Desk, staff_id: str, inbound_id: str) -> None:
    """No privacy request. The copy goes with its term (retention); the decision stays."""

    def settle(unit: Unit) -> None:
        row = _open_row(unit, inbound_id)
        _decided(unit, staff_id, row, InboundOutcome.NO_REQUEST, ())
        _end_question(unit, row)
        mailbox.give_back(unit, desk, row)

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
                 InboundOutcome.MACHINE.value, InboundOutcome.SPAM.value, InboundOutcome.WATCHED.value)  # fmt: skip
    if row.outcome not in undecided:
        raise Stale("somebody has decided on this message already")
    unit.change(Inbound, row.id, if_={"outcome": row.outcome}, outcome=outcome.value, status=InboundStatus.DONE.value)
    actor = staff_actor(staff_id)
    close_work(unit, *_ABOUT_A_MESSAGE, actor=actor, inbound_id=row.id)
    unit.record(
        AuditTag.MESSAGE_TRIAGED, organisation=row.organisation_id, actor=actor, subject=row.id,
        outcome=outcome.value, labels=[label.value for label in labels],
    )  # fmt: skip
