"""What the dialogue has to know about a batch of messages, in a handful of queries for the whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select

from cases.dialogue import Awaited, Known
from cases.types import (
    OPEN_STATES,
    Assurance,
    Awaiting,
    ChannelKind,
    ChannelMode,
    Form,
    InboundOutcome,
    Label,
    Origin,
    RequestState,
)
from storage.models import Case, Conversation, IdentityCode, Inbound, Message, Outbox, Request, table
from storage.queries import standing
from storage.queries.counters import Counts, count
from storage.queries.inbound import AGAIN
from storage.queries.request_facts import mail_address
from storage.unit import Reads

CASELESS_CHAT = timedelta(days=29)  # a day before `workflow/retention` erases it
SUGGESTS_ONLY_AFTER = timedelta(days=90)  # after closing


@dataclass(frozen=True, slots=True)
class Wanted:
    """The handles of one message."""

    organisation: str
    channel: ChannelKind
    account: str
    address_index: str
    conversation_id: str | None  # from the reply address
    references: tuple[str, ...]  # newest first
    content_digest: str
    inbound_id: str
    origin: Origin = Origin.INBOX
    case_numbers: tuple[str, ...] = ()  # named in the subject: a suggestion for staff, never a match


@dataclass(frozen=True, slots=True)
class OpenRequest:
    id: str
    label: Label
    state: RequestState
    awaiting: Awaiting
    received_at: datetime
    told_on: date
    version: int
    conversation_id: str
    lapsed: bool = False  # closed for silence, and nobody came back yet


@dataclass(frozen=True, slots=True)
class OpenCode:
    id: str
    purpose: str
    digest: str
    expires_at: datetime
    attempts_left: int
    identifier_id: str | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A case that was begun in another conversation by the same address."""

    case_id: str
    number: str
    key_id: str
    requests: tuple[OpenRequest, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation that was found, with its case."""

    id: str
    data_key_id: str
    version: int
    form: Form
    awaited: Awaited
    asking_id: str | None
    case_id: str | None
    case_number: str
    case_key_id: str
    case_version: int
    requests: tuple[OpenRequest, ...]
    codes: tuple[OpenCode, ...]  # newest first, those that still stand
    codes_today: int
    first_at: datetime | None  # receipt of its first message; only looked up while there is no case
    proven: bool  # once; what it opened is told here, also when the proof is too old for something new
    closed_at: datetime | None = None  # of its case
    address: str = ""  # chat: the e-mail address that was typed
    elsewhere: Elsewhere | None = None  # chat without a case: the open case of that address, told only after the proof


@dataclass(frozen=True, slots=True)
class Snapshot:
    known: Known | None
    thread: Thread | None
    duplicate_of: str | None
    mode: ChannelMode = ChannelMode.ON
    spam: bool = False
    suggested_case_id: str | None = None


def load(reads: Reads, wanted: Sequence[Wanted]) -> tuple[list[Snapshot], Counts]:
    """One snapshot per message, in order, and the loop counters of all their senders."""
    by_reference = _by_reference(reads, wanted)
    found: dict[str, Row[Any]] = {}
    ids = {w.conversation_id for w in wanted if w.conversation_id} | set(by_reference.values())
    rows = table(Conversation)
    if ids:
        found |= {row.id: row for row in reads.rows(select(rows).where(rows.c.id.in_(ids)))}
    by_address = _by_address(reads, wanted)
    chosen = [_choose(w, found, by_reference, by_address) for w in wanted]
    threads = _threads(reads, [row for row, _ in chosen if row is not None])
    copies, modes = _copies(reads, wanted), standing.modes(reads)
    spam = standing.spam(reads, {(w.organisation, w.address_index) for w in wanted})
    suggested = _suggested(reads, wanted)
    snapshots = []
    for w, (row, threaded) in zip(wanted, chosen, strict=True):
        thread = threads[row.id] if row is not None else None
        known = _known(row, thread, w, reads.now, threaded=threaded) if row is not None and thread is not None else None
        too_old = threaded and thread is not None and _over(thread, reads.now)
        found_case = next((suggested.get((w.organisation, number)) for number in w.case_numbers), None)
        snapshots.append(
            Snapshot(
                None if too_old else known,
                None if too_old else thread,
                _copy_of(copies, w),
                mode=modes.get((w.organisation, w.channel), ChannelMode.WATCH),
                spam=(w.organisation, w.address_index) in spam,
                suggested_case_id=thread.case_id if too_old and thread is not None else found_case,
            )
        )
    return snapshots, count(
        reads, {w.address_index for w in wanted}, {w.organisation for w in wanted},
        {thread.case_id for thread in threads.values() if thread.case_id},
    )  # fmt: skip


def _over(thread: Thread, now: datetime) -> bool:
    """Long after the end of a case our reply address only suggests that a mail belongs to it."""
    return thread.closed_at is not None and thread.closed_at < now - SUGGESTS_ONLY_AFTER


def _suggested(reads: Reads, wanted: Sequence[Wanted]) -> dict[tuple[str, str], str]:
    """(organisation, case number) → case. Anybody can type a number: it joins nothing, it is shown to staff."""
    numbers = {number for w in wanted for number in w.case_numbers}
    if not numbers:
        return {}
    rows = table(Case)
    found = reads.rows(select(rows.c.id, rows.c.organisation_id, rows.c.number).where(rows.c.number.in_(numbers)))
    return {(row.organisation_id, row.number): row.id for row in found}


def _copy_of(copies: dict[tuple[str, str], list[tuple[str, str]]], w: Wanted) -> str | None:
    """The first copy that was handled; for what a colleague hands in, copies that were left alone do not count."""
    again = AGAIN.get(w.origin, ())
    if again:  # a copy of a message that was left alone was left alone as well
        again = (*again, InboundOutcome.DUPLICATE)
    return next(
        (row_id for row_id, outcome in copies.get((w.organisation, w.content_digest), []) if outcome not in again), None
    )


def _by_reference(reads: Reads, wanted: Sequence[Wanted]) -> dict[str, str]:
    """Message-ID of ours → conversation."""
    references = {reference for w in wanted for reference in w.references}
    if not references:
        return {}
    rows = table(Outbox)
    query = select(rows.c.message_id, rows.c.conversation_id).where(
        rows.c.message_id.in_(references), rows.c.conversation_id.is_not(None)
    )
    return {row.message_id: row.conversation_id for row in reads.rows(query)}


def _by_address(reads: Reads, wanted: Sequence[Wanted]) -> dict[tuple[str, str, str], Row[Any]]:
    """The newest conversation of an address that is not over yet."""
    rows, requests = table(Conversation), table(Request)
    indexes = {w.address_index for w in wanted}
    still_open = select(requests.c.case_id).where(requests.c.state.in_([state.value for state in OPEN_STATES]))
    by_mail = rows.c.channel == ChannelKind.EMAIL.value
    open_mail = rows.c.case_id.in_(still_open) | (rows.c.case_id.is_(None) & (rows.c.awaited != ""))
    # a chat goes on where it was; without a case its words are erased after a month
    standing_chat = rows.c.case_id.is_not(None) | (rows.c.created_at > reads.now - CASELESS_CHAT)
    query = (
        select(rows)
        .where(rows.c.organisation_id.in_({w.organisation for w in wanted}))  # the index begins with these two
        .where(rows.c.channel.in_({w.channel.value for w in wanted}), rows.c.address_index.in_(indexes))
        .where(rows.c.asking_id.is_(None))  # those were made for the proof of another conversation
        .where((by_mail & open_mail) | (~by_mail & standing_chat))
        .order_by(rows.c.last_message_at)
    )
    return {(row.organisation_id, row.account, row.address_index): row for row in reads.rows(query)}


def _choose(
    w: Wanted,
    found: dict[str, Row[Any]],
    by_reference: dict[str, str],
    by_address: dict[tuple[str, str, str], Row[Any]],
) -> tuple[Row[Any] | None, bool]:
    """Reply address first, then References from the newest, both within this organisation; then the address alone."""
    secrets = [w.conversation_id, *(by_reference.get(reference) for reference in w.references)]
    for conversation_id in secrets:
        row = found.get(conversation_id) if conversation_id else None
        if row is not None and row.organisation_id == w.organisation:
            return row, True
    # whoever writes in a chat holds it: its session or account is the secret that a mail's From is not
    return by_address.get((w.organisation, w.account, w.address_index)), w.channel is not ChannelKind.EMAIL


def _threads(reads: Reads, conversations: Sequence[Row[Any]]) -> dict[str, Thread]:
    if not conversations:
        return {}
    case_ids = {row.case_id for row in conversations if row.case_id}
    cases, requests, codes = table(Case), table(Request), table(IdentityCode)
    case_rows = {row.id: row for row in reads.rows(select(cases).where(cases.c.id.in_(case_ids)))} if case_ids else {}
    of_case: dict[str, list[OpenRequest]] = {}
    if case_ids:
        query = select(requests).where(requests.c.case_id.in_(case_ids)).order_by(requests.c.received_at)
        for row in reads.rows(query):
            of_case.setdefault(row.case_id, []).append(_request(row))
    of_conversation: dict[str, list[Row[Any]]] = {}
    query = (
        select(codes)
        .where(codes.c.conversation_id.in_([row.id for row in conversations]))
        .order_by(codes.c.created_at.desc())
    )
    for row in reads.rows(query):
        of_conversation.setdefault(row.conversation_id, []).append(row)
    first = _first_at(reads, [row.id for row in conversations if row.case_id is None])
    elsewhere = _elsewhere(reads, [row for row in conversations if row.case_id is None and row.ident_index])
    return {
        row.id: _thread(
            row, case_rows.get(row.case_id), of_case.get(row.case_id, []), of_conversation.get(row.id, []),
            first.get(row.id), reads, elsewhere.get(row.id),
        )
        for row in conversations
    }  # fmt: skip


def _first_at(reads: Reads, conversation_ids: Sequence[str]) -> dict[str, datetime]:
    """When the first message of each conversation was received."""
    if not conversation_ids:
        return {}
    rows = table(Message)
    query = (
        select(rows.c.conversation_id, func.min(rows.c.at).label("at"))
        .where(rows.c.conversation_id.in_(conversation_ids), rows.c.incoming)
        .group_by(rows.c.conversation_id)
    )
    return {row.conversation_id: row.at for row in reads.rows(query)}


def _request(row: Row[Any]) -> OpenRequest:
    return OpenRequest(
        row.id, Label(row.label), RequestState(row.state), Awaiting(row.awaiting), row.received_at, row.told_on,
        row.version, row.conversation_id, row.state == RequestState.EXPIRED.value and row.same_as is None,
    )  # fmt: skip


def _thread(
    row: Row[Any], case: Row[Any] | None, requests: list[OpenRequest], codes: list[Row[Any]],
    first_at: datetime | None, reads: Reads, elsewhere: Elsewhere | None,
) -> Thread:  # fmt: skip
    day_ago = reads.now - timedelta(days=1)
    standing = tuple(
        OpenCode(c.id, c.purpose, c.digest, c.expires_at, c.attempts_left, c.identifier_id)
        for c in codes
        if c.used_at is None and c.void_at is None and c.attempts_left > 0 and c.purpose != "download"
    )
    return Thread(
        id=row.id, data_key_id=row.data_key_id, version=row.version, form=Form(row.form),
        awaited=Awaited(row.awaited), asking_id=row.asking_id, case_id=row.case_id,
        case_number=case.number if case is not None else "",
        case_key_id=case.data_key_id if case is not None else "",
        case_version=case.version if case is not None else 0,
        requests=tuple(requests), codes=standing,
        codes_today=sum(1 for c in codes if c.purpose == "mailbox" and c.created_at > day_ago),
        first_at=first_at, proven=row.assurance >= int(Assurance.MAILBOX_PROVEN),
        closed_at=case.closed_at if case is not None else None,
        address=mail_address(row, reads.keys.data(reads, row.data_key_id)) if row.ident_index else "",
        elsewhere=elsewhere,
    )  # fmt: skip


def _elsewhere(reads: Reads, conversations: Sequence[Row[Any]]) -> dict[str, Elsewhere]:
    """Chat conversation → the newest open case whose own conversation was with the address typed there."""
    if not conversations:
        return {}
    talks, cases, requests = table(Conversation), table(Case), table(Request)
    typed = {row.ident_index for row in conversations}
    told_and_proven = talks.c.assurance >= int(Assurance.MAILBOX_PROVEN)  # what a chat only claims leads nowhere
    query = (
        select(talks.c.address_index, talks.c.ident_index, cases.c.id, cases.c.number, cases.c.data_key_id)
        .join(cases, cases.c.id == talks.c.case_id)
        .where(cases.c.organisation_id.in_({row.organisation_id for row in conversations}))
        .where(or_(talks.c.address_index.in_(typed), talks.c.ident_index.in_(typed) & told_and_proven))
        .where(cases.c.closed_at.is_(None), talks.c.frozen.is_(False), talks.c.asking_id.is_(None))
        .order_by(cases.c.received_at)
    )
    found: dict[str, Elsewhere] = {}
    for row in reads.rows(query):
        of_case = reads.rows(select(requests).where(requests.c.case_id == row.id).order_by(requests.c.received_at))
        case = Elsewhere(row.id, row.number, row.data_key_id, tuple(map(_request, of_case)))
        found |= dict.fromkeys((row.address_index, row.ident_index), case)
    return {row.id: found[row.ident_index] for row in conversations if row.ident_index in found}


def _assurance(row: Row[Any], now: datetime) -> Assurance:
    """A proof grows old; the requests it opened go on, new ones are proven anew."""
    level = Assurance(row.assurance)
    if row.assured_until is not None and row.assured_until <= now:
        return min(level, Assurance.ADDRESS_CLAIMED)
    return level


def _known(row: Row[Any], thread: Thread, w: Wanted, now: datetime, *, threaded: bool) -> Known:
    return Known(
        conversation_id=row.id,
        threaded=threaded,
        same_address=w.address_index in (row.address_index, row.ident_index),  # a letter of a chat is answered by mail
        assurance=_assurance(row, now),
        elsewhere=row.asking_id is not None,
        awaited=thread.awaited,
        choices=tuple(Label(label) for label in row.choices or () if "=" not in label),
        options=tuple(option for option in row.choices or () if "=" in option),
        human=row.human_since is not None,
        frozen=row.frozen,
        open_labels=frozenset(request.label for request in thread.requests if request.state in OPEN_STATES),
        lapsed=frozenset(request.label for request in thread.requests if request.lapsed),
        has_case=row.case_id is not None,
        address_known=row.channel == ChannelKind.EMAIL.value or row.ident_index is not None,
    )


def _copies(reads: Reads, wanted: Sequence[Wanted]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """(organisation, content digest) → the copies that were handled before, with what became of them."""
    rows = table(Inbound)
    query = select(rows.c.id, rows.c.organisation_id, rows.c.content_digest, rows.c.outcome).where(
        rows.c.organisation_id.in_({w.organisation for w in wanted}),  # the index begins with it
        rows.c.content_digest.in_({w.content_digest for w in wanted}),  # empty until a message is done
    )
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in reads.rows(query):
        found.setdefault((row.organisation_id, row.content_digest), []).append((row.id, row.outcome))
    return found
