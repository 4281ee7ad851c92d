"""What staff see in lists: what waits, every open request, triage, found cases, the state of the channels.

Each query takes the organisations the asker works for; nothing of another organisation can come out. Everything on
one case is in `case_file`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, literal, null, select

from cases.messages import RawInbound
from cases.types import OPEN_STATES, InboundOutcome
from storage.models import (
    BlindIndex,
    Breach,
    Case,
    ChannelHealth,
    Conversation,
    Draft,
    Evidence,
    Export,
    Inbound,
    LedgerEntry,
    Mandate,
    Message,
    Outbox,
    RecipientNotice,
    Request,
    Restriction,
    SourceAction,
    SourceTask,
    WorkItem,
    table,
)
from storage.queries.inbound import raw_of
from storage.queries.opening import key_stands, open_json
from storage.seal import blind
from storage.unit import Reads

_OWNED = (
    Breach, Case, Conversation, Draft, Evidence, Export, Inbound, LedgerEntry, Mandate, Outbox, RecipientNotice,
    Request, Restriction, SourceAction, SourceTask, WorkItem,
)  # fmt: skip
LIMIT = 300  # lines on one page; more work than that needs a filter, not a longer page


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: a work item, or an open request."""

    id: str
    organisation: str
    kind: str  # WorkKind; "" for an open request
    case_id: str | None
    number: str
    requester: str  # name, else address
    label: str
    state: str
    awaiting: str
    failure: str
    request_id: str | None
    inbound_id: str | None
    outbox_id: str | None
    detail: str
    due_on: date | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Channel:
    organisation: str | None
    name: str
    ok: bool
    reason: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One received message as staff judge it before there is a case."""

    id: str
    organisation: str
    channel: str
    account: str
    status: str
    outcome: str | None
    received_at: datetime
    size: int
    error: str
    scores: Mapping[str, Any]
    content: Mapping[str, Any]  # of the message row; empty when there is none
    case_id: str | None
    work_id: str | None
    work_kind: str
    origin: str
    sender: Mapping[str, str]  # SenderEvidence, as stored
    suggested_case: tuple[str, str] | None  # id and number of a case that its subject names
    raw: RawInbound | None  # opened only when there is no message row


def work(
    reads: Reads, organisations: Collection[str], *, organisation: str = "", kinds: Collection[str] = ()
) -> tuple[Line, ...]:
    """What waits for a person, the earliest date first; lines without a date come last, the oldest first."""
    items, requests, cases = table(WorkItem), table(Request), table(Case)
    due = func.coalesce(items.c.due_on, requests.c.told_on)
    query = (
        select(
            items.c.id, items.c.organisation_id, items.c.kind, items.c.case_id, items.c.request_id, items.c.inbound_id,
            items.c.outbox_id, items.c.detail, items.c.opened_at.label("since"), due.label("due_on"), requests.c.label,
            requests.c.state, requests.c.awaiting, requests.c.failure, cases.c.number, cases.c.data_key_id,
            cases.c.requester,
        )
        .select_from(
            items.outerjoin(requests, requests.c.id == items.c.request_id).outerjoin(
                cases, cases.c.id == items.c.case_id
            )
        )
        .where(items.c.closed_at.is_(None), items.c.organisation_id.in_(_chosen(organisations, organisation)))
    )  # fmt: skip
    if kinds:
        query = query.where(items.c.kind.in_(kinds))
    return _lines(reads, query.order_by(due.is_(None), due, items.c.opened_at, items.c.id).limit(LIMIT))


def open_requests(reads: Reads, organisations: Collection[str], *, organisation: str = "") -> tuple[Line, ...]:
    """Every request that is not closed, whoever it waits for."""
    query = _requests().where(
        table(Request).c.state.in_(OPEN_STATES),
        table(Request).c.organisation_id.in_(_chosen(organisations, organisation)),
    )
    return _lines(reads, _by_date(query))


def counts(reads: Reads, organisations: Collection[str]) -> dict[tuple[str, str], int]:
    """Open lines per (organisation, kind)."""
    items = table(WorkItem)
    query = (
        select(items.c.organisation_id, items.c.kind, func.count().label("n"))
        .where(items.c.closed_at.is_(None), items.c.organisation_id.in_(organisations))
        .group_by(items.c.organisation_id, items.c.kind)
    )
    return {(row.organisation_id, row.kind): row.n for row in reads.rows(query)}


def channels(reads: Reads, organisations: Collection[str]) -> tuple[Channel, ...]:
    """The channels of these organisations, and those that belong to nobody in particular."""
    rows = table(ChannelHealth)
    query = (
        select(rows.c.organisation_id.label("organisation"), rows.c.name, rows.c.ok, rows.c.reason, rows.c.changed_at)
        .where(rows.c.organisation_id.in_(organisations) | rows.c.organisation_id.is_(None))
        .order_by(rows.c.name)
    )
    return tuple(Channel(**row._mapping) for row in reads.rows(query))


@dataclass(frozen=True, slots=True)
class Watched:
    """A message that was only looked at, and what would have become of it."""

    id: str
    organisation: str
    received_at: datetime
    outcome: str
    labels: tuple[str, ...]
    mail: str


def watched(reads: Reads, organisations: Collection[str]) -> tuple[Watched, ...]:
    """The newest messages of mailboxes that only look on; those that are nothing to us left out."""
    rows = table(Inbound)
    query = (
        select(rows.c.id, rows.c.organisation_id, rows.c.received_at, rows.c.scores)
        .where(rows.c.organisation_id.in_(organisations), rows.c.outcome == InboundOutcome.WATCHED.value)
        .order_by(rows.c.received_at.desc())
        .limit(LIMIT)
    )
    found = []
    for row in reads.rows(query):
        would = (row.scores or {}).get("would") or {}
        if would.get("outcome") in (InboundOutcome.NO_REQUEST.value, InboundOutcome.MACHINE.value, None):
            continue
        labels = tuple(would.get("labels") or ())
        found.append(
            Watched(row.id, row.organisation_id, row.received_at, would["outcome"], labels, would.get("mail", ""))
        )
    return tuple(found)


def spam_listed(reads: Reads, organisations: Collection[str]) -> tuple[Line, ...]:
    """Mail of senders that staff marked as spam, the newest first."""
    rows = table(Inbound)
    query = (
        select(
            rows.c.id, rows.c.organisation_id, literal("spam").label("kind"), null().label("case_id"),
            literal("").label("number"), null().label("requester"), literal("").label("label"),
            literal("").label("state"), literal("").label("awaiting"), literal("").label("failure"),
            null().label("request_id"), rows.c.id.label("inbound_id"), null().label("outbox_id"),
            literal("").label("detail"), null().label("due_on"), rows.c.received_at.label("since"),
        )
        .where(rows.c.organisation_id.in_(organisations), rows.c.outcome == InboundOutcome.SPAM.value)
        .order_by(rows.c.received_at.desc())
        .limit(LIMIT)
    )  # fmt: skip
    return _lines(reads, query)


def find_cases(
    reads: Reads, organisations: Collection[str], *, number: str = "", address: str = ""
) -> tuple[Line, ...]:
    """Cases by their number, or by an e-mail address through the blind index."""
    requests = table(Request)
    query = _requests().where(requests.c.organisation_id.in_(organisations))
    if number:
        query = query.where(func.lower(table(Case).c.number) == number.strip().lower())
    else:
        rows = table(BlindIndex)
        tokens = {key: blind(reads.keys.organisation(key).index, "email", address) for key in organisations}
        found: set[str] = set()
        for key, token in tokens.items():
            where = (rows.c.organisation_id == key, rows.c.kind == "email", rows.c.token == token)
            found |= {row.case_id for row in reads.rows(select(rows.c.case_id).where(*where))}
        query = query.where(requests.c.case_id.in_(found))
    return _lines(reads, _by_date(query))


def post(reads: Reads, inbound_id: str, organisations: Collection[str]) -> Post | None:
    """One received message with its words, if it is of one of these organisations."""
    rows, messages, items = table(Inbound), table(Message), table(WorkItem)
    row = reads.one(select(rows).where(rows.c.id == inbound_id, rows.c.organisation_id.in_(organisations)))
    if row is None:
        return None
    message = reads.one(select(messages).where(messages.c.inbound_id == inbound_id))
    item = reads.one(
        select(items.c.id, items.c.kind).where(items.c.inbound_id == inbound_id, items.c.closed_at.is_(None))
    )
    content: Mapping[str, Any] = {}
    raw = None
    if message is not None:
        content = open_json(reads, message.data_key_id, message.content, f"message.content:{message.id}") or {}
    elif row.raw is not None and row.data_key_id is not None and key_stands(reads, row.data_key_id):
        raw = raw_of(reads, row)
    return Post(
        id=row.id, organisation=row.organisation_id, channel=row.channel, account=row.account, status=row.status,
        outcome=row.outcome, received_at=row.received_at, size=row.size, error=row.error, scores=row.scores or {},
        content=content, case_id=message.case_id if message is not None else None,
        work_id=item.id if item is not None else None, work_kind=item.kind if item is not None else "", raw=raw,
        origin=row.origin, sender=row.sender or {}, suggested_case=_suggested(reads, row.suggested_case_id),
    )  # fmt: skip


def _suggested(reads: Reads, case_id: str | None) -> tuple[str, str] | None:
    cases = table(Case)
    row = reads.one(select(cases.c.id, cases.c.number).where(cases.c.id == case_id)) if case_id else None
    return (row.id, row.number) if row is not None else None


@dataclass(frozen=True, slots=True)
class Leaving:
    """One message that waits to leave, as it would be read."""

    id: str
    organisation: str
    kind: str
    status: str
    recipient: str
    subject: str
    text: str
    case_id: str | None
    created_at: datetime


def leaving(reads: Reads, outbox_id: str, organisations: Collection[str]) -> Leaving | None:
    rows = table(Outbox)
    row = reads.one(select(rows).where(rows.c.id == outbox_id, rows.c.organisation_id.in_(organisations)))
    if row is None or not key_stands(reads, row.data_key_id):
        return None
    sealer = reads.keys.data(reads, row.data_key_id)
    content = sealer.open_json(row.content, f"outbox.content:{row.id}")
    return Leaving(
        row.id, row.organisation_id, row.kind, row.status,
        sealer.open_text(row.recipient, f"outbox.recipient:{row.id}"), content["subject"], content["text"],
        row.case_id, row.created_at,
    )  # fmt: skip


def owner(reads: Reads, name: str, row_id: str) -> str | None:
    """The organisation a row belongs to, for the check that stands before every act; `name` is a table's name."""
    rows = {found.__tablename__: table(found) for found in _OWNED}[name]
    found: str | None = reads.value(select(rows.c.organisation_id).where(rows.c.id == row_id))
    return found


def case_of(reads: Reads, name: str, row_id: str) -> str | None:
    """The case a request, draft, conversation, outbox or work row is about: where the page goes after an act."""
    if name == Case.__tablename__:
        return row_id
    rows = {found.__tablename__: table(found) for found in _OWNED}[name]
    if "case_id" in rows.c:
        found: str | None = reads.value(select(rows.c.case_id).where(rows.c.id == row_id))
        return found
    request = reads.value(select(rows.c.request_id).where(rows.c.id == row_id))
    return case_of(reads, "request", request) if request is not None else None


def same_wish(reads: Reads, request_id: str, number: str) -> str | None:
    """The request of the same kind in the case with this number; None when there is none in this organisation."""
    requests, cases = table(Request), table(Case)
    mine = reads.one(select(requests).where(requests.c.id == request_id))
    if mine is None:
        return None
    found: str | None = reads.value(
        select(requests.c.id)
        .join(cases, cases.c.id == requests.c.case_id)
        .where(cases.c.number == number, cases.c.organisation_id == mine.organisation_id)
        .where(requests.c.label == mine.label, requests.c.id != request_id)
        .order_by(requests.c.closed_at.is_not(None), requests.c.received_at)  # one that is open, if there is one
        .limit(1)
    )
    return found


def by_numbers(reads: Reads, case_id: str, numbers: Collection[str]) -> list[str]:
    """Cases of the same organisation with these numbers."""
    cases = table(Case)
    organisation = reads.value(select(cases.c.organisation_id).where(cases.c.id == case_id))
    mine = (cases.c.organisation_id == organisation) & (cases.c.id != case_id)
    return [row.id for row in reads.rows(select(cases.c.id).where(mine, cases.c.number.in_(numbers)))]


def _chosen(organisations: Collection[str], organisation: str) -> Collection[str]:
    return [key for key in organisations if not organisation or key == organisation]


def _requests() -> Select[Any]:
    requests, cases = table(Request), table(Case)
    return select(
        requests.c.id, requests.c.organisation_id, requests.c.case_id, requests.c.id.label("request_id"),
        requests.c.received_at.label("since"), requests.c.told_on.label("due_on"), requests.c.label, requests.c.state,
        requests.c.awaiting, requests.c.failure, cases.c.number, cases.c.data_key_id, cases.c.requester,
    ).join(cases, cases.c.id == requests.c.case_id)  # fmt: skip


def _by_date(query: Select[Any]) -> Select[Any]:
    told = table(Request).c.told_on
    return query.order_by(told.is_(None), told, table(Request).c.received_at, table(Request).c.id).limit(LIMIT)


def _lines(reads: Reads, query: Select[Any]) -> tuple[Line, ...]:
    return tuple(_line(reads, row._mapping) for row in reads.rows(query))


def _line(reads: Reads, row: Mapping[Any, Any]) -> Line:
    who: Mapping[str, Any] = {}
    if row["requester"] is not None:
        who = open_json(reads, row["data_key_id"], row["requester"], f"case.requester:{row['case_id']}") or {}
    return Line(
        id=row["id"], organisation=row["organisation_id"], kind=row.get("kind", ""), case_id=row["case_id"],
        number=row["number"] or "", requester=who.get("name") or who.get("address") or "", label=row["label"] or "",
        state=row["state"] or "", awaiting=row["awaiting"] or "", failure=row["failure"] or "",
        request_id=row["request_id"], inbound_id=row.get("inbound_id"), outbox_id=row.get("outbox_id"),
        detail=row.get("detail", ""), due_on=row["due_on"], since=row["since"],
    )  # fmt: skip
