"""How long the desk keeps its own tables: one list, each with its term or why it has none (art. 5(1)(e)).

ROWS go as rows, a while after a moment. SEALED keep their rows, dates and digests, and lose their words with the data
key of their message or case (`retention`, `evidence`). STANDS hold nothing about a person, or must stand for now. The
numbers are the desk's own but for two, which the policy may change: the erasure ledger and the marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from cases.audit import PROGRAM, AuditTag
from cases.policy import ErasureRules
from cases.types import ActStatus, Fate, OutboxKind, OutboxStatus
from storage.models import (
    BlindIndex,
    Case,
    CaseIdentifier,
    Conversation,
    DataKey,
    DraftView,
    IdentityCode,
    LedgerEntry,
    Link,
    MailboxAct,
    Outbox,
    Request,
    SQLModel,
    Staff,
    StaffButton,
    StaffChat,
    Suppression,
    WorkItem,
    table,
)
from storage.unit import Reads, Unit
from workflow.desk import Desk

YEAR = timedelta(days=365)
REGISTER = timedelta(days=1826)  # five years: the limitation of a claim (BW 3:310)
AFTER_KEPT = YEAR  # a line of a kept record stays so long after the record went
BATCH = 500


@dataclass(frozen=True, slots=True)
class Term:
    model: type[SQLModel]
    since: str  # the column with the moment that it counts from
    keep: timedelta
    why: str


# Of no use to anybody after a while; nothing else refers to them.
ROWS: tuple[Term, ...] = (
    Term(StaffButton, "created_at", timedelta(days=120), "longer than a request with its extension can wait"),
    Term(DraftView, "at", timedelta(days=120), "an approval is as late as that"),
    Term(Link, "expires_at", YEAR, "until then the page says that its time is over"),
    Term(MailboxAct, "done_at", timedelta(days=60), "what was done in the mailbox is seen there"),
    Term(WorkItem, "closed_at", timedelta(days=730), "as long as the letters of a case"),
)
# With the key of their message or case, or on a day of their own; by table, who sees to it.
SEALED: Mapping[str, str] = {
    "inbound": "retention: 30 days when it is no request, else with its case",
    "message": "retention: with its case",
    "conversation": "retention: with its case; after five years its address can not be recognised any more",
    "case": "retention: words two years after the end; the line of the register stays",
    "request": "retention: with its case",
    "finding": "retention: with its case",
    "draft": "retention: with its case",
    "export": "retention: on the day that the policy names",
    "outbox": "retention: with its case; notices to staff after 30 days; whom a breach was told to after two years",
    "source_action": "retention: with its case; old values after 72 hours (undo)",
    "source_task": "retention: with its case",
    "transfer": "retention: with its case",
    "mandate": "retention: with its case",
    "recipient_notice": "retention: with its case",
    "evidence": "evidence: at the end of the day it was looked at, else after 30 days; the doubt with its case",
    "chat_session": "retention: when it is over",
    "staff_session": "retention: when it is over",
}
STANDS: Mapping[str, str] = {
    "organisation": "no person",
    "master_key": "no person",
    "data_key": "emptied, never removed: an empty one shows that its words are gone",
    "audit": "ids, counts and digests: the log shows that everything else was done (art. 5(2))",
    "audit_checkpoint": "digests",
    "policy_version": "no person",
    "imap_ledger": "no person: how far a folder was read",
    "channel_cursor": "no person: how far a channel was read",
    "channel_state": "no person",
    "channel_health": "no person",
    "lease": "no person",
    "outgoing_stop": "gone when it is lifted",
    "oauth_grant": "the organisation's own sign-in, gone when it is replaced",
    "sender_mark": "a keyed digest, until a colleague takes it off the list",
    "staff": "a colleague, as long as the account stands",
    "staff_role": "with the account",
    "approval": "who decided: part of the register",
    "deadline": "dates: part of the register",
    "suspension": "dates: part of the register",
    "restriction": "dates: part of the register",
    "breach": "the register of breaches (art. 33(5)) has no end in the law; its words are sealed",
    "breach_notice": "part of the register of breaches; whom it went to is taken out two years after it was closed",
}
# These have more to them than a moment; see below.
RULED: Mapping[str, str] = {
    "ledger_entry": "policy: `erasure.ledger_years`, and a year after the last kept record went",
    "suppression": "policy: `erasure.mark_years`; a withdrawn one goes after thirty days",
    "staff_chat": "a code that nobody used goes after a day, a chat when its account is switched off",
    "blind_index": "five years after the end of the case",
    "case_identifier": "five years after the end of the case",
    "identity_code": "with the persons of its case, closing for silence counts from it; without a case thirty days",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What the desk holds of one organisation, counted; for `privacyloket retention`."""

    keys: int  # data keys that open something
    emptied: int  # whose words are gone for good
    ledger: int
    kept_records: int  # open lines of the ledger
    marks: int  # addresses


async def purge(desk: Desk) -> int:
    """Removes what is past its term; gives how many rows. An hourly tick."""
    rules = {key: own.policy.erasure for key, own in desk.organisations.items()}
    return await desk.store.write(lambda unit: purge_rows(unit, rules))


def counted(reads: Reads, organisation: str) -> Kept:
    keys, lines, marks = table(DataKey), table(LedgerEntry), table(Suppression)

    def count(of: Any, *where: ColumnElement[bool]) -> int:
        return int(reads.value(select(of).where(*where)) or 0)

    return Kept(
        count(func.count(), keys.c.organisation_id == organisation, keys.c.wrapped != b""),
        count(func.count(), keys.c.organisation_id == organisation, keys.c.wrapped == b""),
        count(func.count(), lines.c.organisation_id == organisation),
        count(func.count(), lines.c.organisation_id == organisation, _open()),
        count(
            func.count(marks.c.address_digest.distinct()), marks.c.organisation_id == organisation,
            marks.c.withdrawn_at.is_(None),
        ),
    )  # fmt: skip


def purge_rows(unit: Unit, rules: Mapping[str, ErasureRules]) -> int:
    """`rules`: of each organisation."""
    gone = sum(_rows(unit, term) for term in ROWS) + _staff_chats(unit) + _notices(unit)
    gone += _codes(unit) + _persons(unit)
    return gone + sum(_ledger(unit, key, rule) + _marks(unit, key, rule) for key, rule in rules.items())


def _rows(unit: Unit, term: Term) -> int:
    rows = table(term.model)
    over = rows.c[term.since] < unit.now - term.keep
    if term.model is MailboxAct:
        over &= rows.c.status != ActStatus.WAITING.value
    ids = [row.id for row in unit.rows(select(rows.c.id).where(over).limit(BATCH))]
    return unit.execute(rows.delete().where(rows.c.id.in_(ids))).rowcount if ids else 0


def _staff_chats(unit: Unit) -> int:
    rows, buttons, people = table(StaffChat), table(StaffButton), table(Staff)
    unused = rows.c.linked_at.is_(None) & (rows.c.code_until < unit.now - timedelta(days=1))
    off = rows.c.staff_id.in_(select(people.c.id).where(people.c.active.is_(False)))
    ids = [row.id for row in unit.rows(select(rows.c.id).where(unused | off))]
    if ids:
        unit.execute(buttons.delete().where(buttons.c.staff_chat_id.in_(ids)))
        unit.execute(rows.delete().where(rows.c.id.in_(ids)))
    return len(ids)


def _codes(unit: Unit) -> int:
    """Of conversations that came to no case. Elsewhere the first one says when we asked who somebody is, for years."""
    rows, talks = table(IdentityCode), table(Conversation)
    loose = rows.c.conversation_id.in_(select(talks.c.id).where(talks.c.case_id.is_(None)))
    over = select(rows.c.id).where(loose, rows.c.expires_at < unit.now - timedelta(days=30)).limit(BATCH)
    ids = [row.id for row in unit.rows(over)]
    return unit.execute(rows.delete().where(rows.c.id.in_(ids))).rowcount if ids else 0


def _notices(unit: Unit) -> int:
    """What was said to staff about no case has a key of its own."""
    rows, keys = table(Outbox), table(DataKey)
    final = (OutboxStatus.SENT.value, OutboxStatus.FAILED.value, OutboxStatus.CANCELLED.value)
    found = unit.rows(
        select(rows.c.data_key_id)
        .join(keys, keys.c.id == rows.c.data_key_id)
        .where(rows.c.kind == OutboxKind.STAFF_NOTICE.value, rows.c.status.in_(final), keys.c.wrapped != b"")
        .where(rows.c.case_id.is_(None), rows.c.created_at < unit.now - timedelta(days=30))
        .limit(BATCH)
    )
    for row in found:
        unit.keys.erase(unit, row.data_key_id)
    return len(found)


def _persons(unit: Unit) -> int:
    """After five years the line of the register stays, and nobody can tell from it whose case it was.

    Not while a record is still kept for it: who erases that must see whether its person has a case open.
    """
    cases, talks, requests, lines = table(Case), table(Conversation), table(Request), table(LedgerEntry)
    kept = exists().where(requests.c.case_id == cases.c.id, lines.c.request_id == requests.c.id, _open())
    named = exists().where(talks.c.case_id == cases.c.id, talks.c.address_index != talks.c.id)
    found = unit.rows(select(cases.c.id).where(cases.c.closed_at < unit.now - REGISTER, named, ~kept).limit(BATCH))
    ids = [row.id for row in found]
    if ids:
        for model in (BlindIndex, CaseIdentifier):
            unit.execute(table(model).delete().where(table(model).c.case_id.in_(ids)))
        mine, codes = talks.c.case_id.in_(ids), table(IdentityCode)
        unit.execute(codes.delete().where(codes.c.conversation_id.in_(select(talks.c.id).where(mine))))
        unit.execute(talks.update().where(mine).values(address_index=talks.c.id, ident_index=None, network_index=None))
        outbox = table(Outbox)
        unit.execute(outbox.update().where(outbox.c.case_id.in_(ids)).values(recipient_index=outbox.c.id))
    return len(ids)


def _ledger(unit: Unit, organisation: str, rule: ErasureRules) -> int:
    """Per case, so that what is left of a case is whole; with the last line of all goes their key."""
    rows = table(LedgerEntry)
    mine = rows.c.organisation_id == organisation
    standing = select(rows.c.case_number).where(mine, _open())
    by_case = select(rows.c.case_number).where(mine, rows.c.case_number.not_in(standing)).group_by(rows.c.case_number)
    old = func.max(rows.c.recorded_at) < _years_ago(unit.now, rule.ledger_years)
    closed = func.coalesce(func.max(rows.c.closed_at), func.max(rows.c.recorded_at)) < unit.now - AFTER_KEPT
    numbers = [row.case_number for row in unit.rows(by_case.having(old, closed).limit(BATCH))]
    if not numbers:
        return 0
    keys = {row.data_key_id for row in unit.rows(select(rows.c.data_key_id).where(mine).distinct())}
    gone = unit.execute(rows.delete().where(mine, rows.c.case_number.in_(numbers))).rowcount
    if unit.one(select(rows.c.id).where(mine)) is None:
        for key_id in filter(None, keys):
            unit.keys.erase(unit, key_id)
    unit.record(AuditTag.LEDGER_PURGED, organisation=organisation, actor=PROGRAM, lines=gone, cases=len(numbers))
    return gone


def _marks(unit: Unit, organisation: str, rule: ErasureRules) -> int:
    rows = table(Suppression)
    over = rows.c.withdrawn_at < unit.now - timedelta(days=30)
    if rule.mark_years:
        over |= rows.c.since < _years_ago(unit.now, rule.mark_years)
    return unit.execute(rows.delete().where(rows.c.organisation_id == organisation, over)).rowcount


def _open() -> ColumnElement[bool]:
    rows = table(LedgerEntry)
    return (rows.c.fate == Fate.KEEP.value) & rows.c.closed_at.is_(None)


def _years_ago(now: datetime, years: int) -> datetime:
    return now - timedelta(days=years * 365 + years // 4)
