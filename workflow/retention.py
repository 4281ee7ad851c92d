"""What the desk itself keeps has an end too (art. 5(1)(e)): the purge, run once an hour.

Erasing is destroying a data key: what it sealed can never be read again. The row and the audit entry stay, without
words: keyed digests (so that an erased mail does not come back by re-import), dates, outcomes.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select, update

from cases.audit import PROGRAM, AuditTag
from cases.errors import OutsideError
from cases.protocols import KeepsCopies
from cases.types import ChannelKind, DraftStatus, InboundOutcome, OutboxStatus, WorkKind
from storage.models import (
    Case,
    ChatSession,
    Conversation,
    DataKey,
    Draft,
    Export,
    Inbound,
    Message,
    Outbox,
    Request,
    StaffSession,
    WorkItem,
    table,
)
from storage.queries.open_cases import in_the_way
from storage.unit import Unit
from workflow import breach_letter
from workflow.desk import Desk

log = logging.getLogger(__name__)
NON_REQUEST = timedelta(days=30)  # also "overige post": mail that is no request
CLOSED_CASE = timedelta(days=730)  # correspondence, whom a breach was told to: two years after closing
BATCH = 500


async def purge(desk: Desk) -> int:
    """Erases what is past its term; gives the number of things erased."""
    return await desk.store.write(purge_rows)


def purge_rows(unit: Unit) -> int:
    gone = _non_requests(unit) + _chats(unit) + _exports(unit) + _values_of_others(unit) + _cases(unit)
    return gone + breach_letter.forget(unit, unit.now - CLOSED_CASE) + _sessions(unit)


def _non_requests(unit: Unit) -> int:
    rows, work = table(Inbound), table(WorkItem)
    over = (InboundOutcome.NO_REQUEST.value, InboundOutcome.MACHINE.value, InboundOutcome.DUPLICATE.value,
            InboundOutcome.WATCHED.value, InboundOutcome.SPAM.value)  # fmt: skip
    undecided = select(work.c.inbound_id).where(  # it may be a request: a person has not looked
        work.c.inbound_id.is_not(None), work.c.closed_at.is_(None), work.c.kind == WorkKind.SPAM_LISTED.value
    )
    found = unit.rows(
        select(rows.c.id, rows.c.organisation_id, rows.c.data_key_id)
        .where(rows.c.outcome.in_(over), rows.c.data_key_id.is_not(None), rows.c.done_at < unit.now - NON_REQUEST)
        .where(rows.c.id.not_in(undecided))
        .limit(BATCH)
    )
    for row in found:
        unit.keys.erase(unit, row.data_key_id)
        unit.change(Inbound, row.id, raw=None, envelope=None, data_key_id=None)
        unit.record(AuditTag.COPY_ERASED, organisation=row.organisation_id, actor=PROGRAM, subject=row.id)
    if found:
        unit.execute(
            update(work)
            .where(work.c.inbound_id.in_([row.id for row in found]), work.c.kind == WorkKind.OTHER_MAIL.value)
            .values(closed_at=unit.now, closed_by=PROGRAM, same=None)
        )
    return len(found)


def _chats(unit: Unit) -> int:
    """A chat that came to no case goes after the same term, with every message of it; sessions when they are over."""
    talks, messages, rows, keys = table(Conversation), table(Message), table(Inbound), table(DataKey)
    doubtful = select(messages.c.conversation_id).where(
        messages.c.inbound_id.in_(select(rows.c.id).where(rows.c.outcome == InboundOutcome.TRIAGE.value))
    )
    found = unit.rows(
        select(talks.c.id, talks.c.organisation_id, talks.c.data_key_id)
        .join(keys, keys.c.id == talks.c.data_key_id)
        .where(talks.c.channel != ChannelKind.EMAIL.value, talks.c.case_id.is_(None), keys.c.wrapped != b"")
        .where(talks.c.created_at < unit.now - NON_REQUEST, talks.c.id.not_in(doubtful))
        .limit(BATCH)
    )
    for talk in found:
        unit.keys.erase(unit, talk.data_key_id)
        mine = rows.c.id.in_(select(messages.c.inbound_id).where(messages.c.conversation_id == talk.id))
        for row in unit.rows(select(rows.c.id, rows.c.data_key_id).where(mine, rows.c.data_key_id.is_not(None))):
            unit.keys.erase(unit, row.data_key_id)
            unit.change(Inbound, row.id, raw=None, envelope=None, data_key_id=None)
        unit.change(Conversation, talk.id, network_index=None)
        unit.record(AuditTag.COPY_ERASED, organisation=talk.organisation_id, actor=PROGRAM, subject=talk.id)
    sessions = table(ChatSession)
    return len(found) + unit.execute(sessions.delete().where(sessions.c.expires_at < unit.now)).rowcount


def _exports(unit: Unit) -> int:
    rows, drafts = table(Export), table(Draft)
    undecided = (DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value)
    waiting = select(drafts.c.export_id).where(drafts.c.export_id.is_not(None), drafts.c.status.in_(undecided))
    outbox = table(Outbox)
    not_gone = (OutboxStatus.HELD.value, OutboxStatus.QUEUED.value, OutboxStatus.SENDING.value)
    leaving = (  # its letter is approved and has not left
        select(drafts.c.export_id)
        .join(outbox, outbox.c.draft_id == drafts.c.id)
        .where(drafts.c.export_id.is_not(None), outbox.c.status.in_(not_gone))
    )
    found = unit.rows(
        select(rows.c.id, rows.c.organisation_id, rows.c.data_key_id)
        .where(rows.c.data_key_id.is_not(None), rows.c.expires_at < unit.now)
        .where(rows.c.id.not_in(waiting), rows.c.id.not_in(leaving))
        .limit(BATCH)
    )
    for row in found:
        unit.keys.erase(unit, row.data_key_id)
        unit.change(Export, row.id, content=None, data_key_id=None)
        unit.record(AuditTag.EXPORT_PURGED, organisation=row.organisation_id, actor=PROGRAM, subject=row.id)
    return len(found)


def _values_of_others(unit: Unit) -> int:
    """What staff had to decide on, values of third parties among them, goes as soon as the request is over."""
    drafts, requests = table(Draft), table(Request)
    over = select(requests.c.id).where(requests.c.closed_at.is_not(None))
    held = drafts.c.others.is_not(None) & drafts.c.request_id.in_(over)
    return unit.execute(update(drafts).where(held).values(others=None)).rowcount


def _cases(unit: Unit) -> int:
    """Two years after the end a case keeps its dates, states and digests, and none of its words.

    Not while the same person has a case open that may need it, or a freeze stands (art. 18).
    """
    rows, keys = table(Case), table(DataKey)
    query = (
        select(rows.c.id, rows.c.organisation_id, rows.c.data_key_id)
        .join(keys, keys.c.id == rows.c.data_key_id)
        .where(rows.c.closed_at < unit.now - CLOSED_CASE, keys.c.wrapped != b"")
        .where(rows.c.linked_to.is_(None))  # what was joined with another case goes with that one
        .order_by(rows.c.id)
        .limit(BATCH)
    )
    gone, last = 0, ""
    while gone < BATCH and (found := unit.rows(query.where(rows.c.id > last))):  # past those that must wait
        last, waits = found[-1].id, in_the_way(unit, [row.id for row in found])
        for row in found:
            if row.id in waits:
                continue
            unit.keys.erase(unit, row.data_key_id)
            unit.record(
                AuditTag.COPY_ERASED, organisation=row.organisation_id, actor=PROGRAM, case=row.id, subject=row.id
            )
            gone += 1
    return gone


def _sessions(unit: Unit) -> int:
    rows = table(StaffSession)
    return unit.execute(rows.delete().where(rows.c.expires_at < unit.now)).rowcount


async def forget_copies(desk: Desk) -> int:
    """Files as they were before a change, and a folder's bin, hold what was erased: they go on their day, by the clock.

    Gives how many went. An hourly tick; a system that can not be reached is tried again with the next one.
    """
    gone = 0
    for own in desk.organisations.values():
        for name, source in own.sources.items():
            if not isinstance(source, KeepsCopies):
                continue
            try:
                gone += await source.forget_copies()
            except OutsideError as error:
                log.warning("old copies stay: %s", error, extra={"source": name})
    return gone
