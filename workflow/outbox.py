"""Hand-over 3: what was decided leaves, once.

    claim    lease, attempt + 1; the row says `sending` before a byte is on the wire
    work     the channel's sender; no transaction open
    settle   sent, again later, uncertain or failed; with the audit entry, only for the holder of the claim

A message that broke after its data was sent is `uncertain`: nobody knows, so nobody repeats it; a person decides
(RFC 5321, 4.5.3.2; a helpdesk that retried here sent every letter twice).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.errors import LoketError, Permanent, Stale, Temporary, Throttled, Uncertain, place_of
from cases.protocols import Outgoing, Sender
from cases.types import (
    ChannelKind,
    OutboxKind,
    OutboxStatus,
    WorkKind,
)
from storage.claims import RELEASED, claim
from storage.models import Outbox, WorkItem, table
from storage.queries import standing
from storage.queries.writing import Post, Route, close_work, open_work
from storage.unit import Reads, Unit
from workflow import channels, mailbox
from workflow.chat_notices import by_mail_instead, letter_lines, tell
from workflow.desk import Desk
from workflow.left import letter_has_left, time_runs

log = logging.getLogger(__name__)
ALARM_AT = 3  # failures of one message before staff hear that sending does not work
SEND_SECONDS = 120.0  # for one batch of one account; well within the lease of the claim
SETTLE_AGAIN = (0.5, 2.0, 5.0)  # seconds


@dataclass(slots=True)
class Parcel:
    row: Row[Any]
    message: Outgoing | None  # None when the row does not open
    outcome: OutboxStatus = OutboxStatus.SENT
    reply: str = ""
    sent: bytes | None = None  # as it left, for the copy in Sent
    untouched: bool = False  # nothing was tried: the try does not count
    wait: timedelta | None = None  # as long as the provider asks
    told: Sequence[tuple[Route, Post]] = ()  # a letter has left: what the chats of its case hear of it


async def run_once(desk: Desk) -> int:
    """Sends what is due; gives the number of messages taken."""
    token, parcels = await desk.store.write(lambda unit: _claim(unit, desk))
    if not parcels:
        return 0
    by_account: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        by_account.setdefault(parcel.row.account, []).append(parcel)
    # One after the other on each account's connection; accounts do not wait for each other's servers.
    sending = asyncio.gather(*(_send_all(desk, account, waiting) for account, waiting in by_account.items()))
    try:
        await asyncio.shield(sending)
    finally:
        # Also when this task is cancelled: what is on the wire is waited for, and what happened is written down.
        await sending
        lines = await letter_lines(desk, [p.row for p in parcels if p.outcome is OutboxStatus.SENT])
        for parcel in parcels:
            parcel.told = lines.get(parcel.row.id, ())
        await asyncio.shield(_settle_all(desk, token, parcels))
    return len(parcels)


async def _settle_all(desk: Desk, token: str, parcels: Sequence[Parcel]) -> None:
    """All together; if that breaks, each alone: one row must not make the others look unsent."""
    for wait in (*SETTLE_AGAIN, None):
        try:
            await desk.store.write(lambda unit: _settle(unit, desk, token, parcels))
            return
        except Temporary:  # locked or full: what was sent must be written down before the lease ends
            if wait is None:
                raise
            await asyncio.sleep(wait)
        except LoketError as error:
            if len(parcels) == 1:
                log.error("a sent message could not be settled: %s", error, extra={"outbox": parcels[0].row.id})
                return
            break
    for parcel in parcels:
        await _settle_all(desk, token, [parcel])


def _claim(unit: Unit, desk: Desk) -> tuple[str, list[Parcel]]:
    rows = table(Outbox)
    _recover(unit)
    stopped = standing.stops(unit)
    if standing.EVERYWHERE in stopped:
        return "", []
    token, taken = claim(
        unit,
        Outbox,
        rows.c.status == OutboxStatus.QUEUED.value,
        rows.c.not_before <= unit.now,
        rows.c.organisation_id.in_(desk.organisations.keys() - stopped.keys()),
        order=[rows.c.not_before, rows.c.id],
        limit=desk.limits.send_batch,
        status=OutboxStatus.SENDING.value,
    )
    if not taken:
        return "", []
    return token, [_parcel(unit, row, desk) for row in taken]


def _parcel(unit: Unit, row: Row[Any], desk: Desk) -> Parcel:
    """A row whose seal does not open can not be sent, ever; it must not take the batch with it."""
    try:
        return Parcel(row, outgoing(unit, row, desk))
    except LoketError as error:
        return Parcel(row, None, OutboxStatus.FAILED, str(error))


_LOST = select(table(Outbox)).where(
    table(Outbox).c.status == OutboxStatus.SENDING.value, table(Outbox).c.lease_until < bindparam("now")
)


def _recover(unit: Unit) -> None:
    """A process died while sending: bytes may have left. That is `uncertain`, not `queued`."""
    for row in unit.rows(_LOST, now=unit.now):
        unit.change(
            Outbox, row.id, if_={"claim_token": row.claim_token}, status=OutboxStatus.UNCERTAIN.value,
            server_reply="het programma stopte tijdens het versturen", **RELEASED,
        )  # fmt: skip
        _uncertain(unit, row)


def outgoing(reads: Reads, row: Row[Any], desk: Desk) -> Outgoing:
    """Opens a row for its channel."""
    sealer = reads.keys.data(reads, row.data_key_id)
    content = sealer.open_json(row.content, f"outbox.content:{row.id}")
    references = tuple(row.threading or ())
    own = desk.organisation(row.organisation_id)
    reply_to = ""
    if row.conversation_id and own.plus_addresses and row.channel == ChannelKind.EMAIL.value:
        reply_to = desk.threads.reply_address(row.organisation_id, own.mailbox, row.conversation_id)
    return Outgoing(
        outbox_id=row.id, organisation=row.organisation_id, account=row.account,
        recipient=sealer.open_text(row.recipient, f"outbox.recipient:{row.id}"), subject=content["subject"],
        text=content["text"], html=content["html"], message_id=row.message_id,
        in_reply_to=references[0] if references else "", references=references, automatic=row.automatic,
        reply_to=reply_to, created_at=row.created_at,
        choices=tuple((str(value), str(words)) for value, words in content.get("choices", ())),
        raw=sealer.open(row.raw, f"outbox.raw:{row.id}") if row.raw is not None else None,
    )  # fmt: skip


async def _send_all(desk: Desk, account: str, parcels: Sequence[Parcel]) -> None:
    """One account's mail. When its server is away the rest is put back untouched; so is what the time is over for."""
    sender = desk.senders.get(account)
    until = asyncio.get_running_loop().time() + SEND_SECONDS
    away, wait = sender is None, None
    for parcel in parcels:
        if parcel.message is None:
            continue
        if sender is None or away or asyncio.get_running_loop().time() > until:
            parcel.outcome, parcel.untouched, parcel.wait = OutboxStatus.QUEUED, True, wait
            parcel.reply = "geen verzendweg voor dit adres" if sender is None else "de server is er niet"
            continue
        await _send(sender, parcel, parcel.message)
        away, wait = parcel.outcome is OutboxStatus.QUEUED, parcel.wait


async def _send(sender: Sender, parcel: Parcel, message: Outgoing) -> None:
    try:
        proof = await sender.send(message)
        parcel.reply, parcel.sent = proof.reply, proof.raw
    except Uncertain as error:
        parcel.outcome, parcel.reply = OutboxStatus.UNCERTAIN, str(error)
    except Permanent as error:
        parcel.outcome, parcel.reply = OutboxStatus.FAILED, str(error)
    except Throttled as error:
        parcel.outcome, parcel.reply = OutboxStatus.QUEUED, str(error)
        parcel.untouched, parcel.wait = True, error.retry_after
    except Temporary as error:
        parcel.outcome, parcel.reply = OutboxStatus.QUEUED, str(error)
    except (LoketError, OSError) as error:
        parcel.outcome, parcel.reply = OutboxStatus.QUEUED, type(error).__name__
    except Exception as error:
        log.error("a sender failed in an unknown way: %s", place_of(error), extra={"outbox": parcel.row.id})
        parcel.outcome, parcel.reply = OutboxStatus.UNCERTAIN, type(error).__name__


def _settle(unit: Unit, desk: Desk, token: str, parcels: Sequence[Parcel]) -> None:
    working: set[tuple[str, str]] = set()
    for parcel in parcels:
        row = parcel.row
        mine = {"claim_token": token}
        if parcel.outcome is OutboxStatus.QUEUED:
            _again(unit, desk, parcel, mine)
            continue
        sent_at = unit.now if parcel.outcome is OutboxStatus.SENT else row.sent_at
        unit.change_later(
            Outbox, row.id, if_=mine, status=parcel.outcome.value, sent_at=sent_at, server_reply=parcel.reply[:200],
            **RELEASED,
        )  # fmt: skip
        if parcel.outcome is OutboxStatus.SENT:
            _record(unit, AuditTag.MAIL_SENT, row, kind=row.kind)
            working.add((row.organisation_id, health_name(row)))
            mailbox.keep_sent(unit, desk, row, parcel.sent)
            if row.draft_id is not None:
                letter_has_left(unit, row)
            tell(unit, desk, parcel.told)
        elif parcel.outcome is OutboxStatus.UNCERTAIN:
            _uncertain(unit, row)
        else:
            _failed(unit, desk, row)
    time_runs(unit, [parcel.row for parcel in parcels if parcel.outcome is OutboxStatus.SENT])
    for organisation, name in sorted(working):
        channels.report(unit, organisation, name, ok=True)


def health_name(row: Row[Any]) -> str:
    """How the staff page and the alarm call the way out that a message takes."""
    return f"smtp:{row.account}" if row.channel == ChannelKind.EMAIL.value else row.account


def _again(unit: Unit, desk: Desk, parcel: Parcel, mine: dict[str, Any]) -> None:
    """1, 5, 15, 60 minutes, then hourly to 24 hours; staff hear at the third failure, and when it is given up."""
    row, limits = parcel.row, desk.limits
    if parcel.untouched:
        unit.change(
            Outbox, row.id, if_=mine, status=OutboxStatus.QUEUED.value,
            not_before=unit.now + (parcel.wait or limits.send_retries[0]),
            attempts=row.attempts - 1, server_reply=parcel.reply[:200], **RELEASED,
        )  # fmt: skip
        return
    if unit.now - row.created_at > limits.send_hourly_until:
        unit.change(
            Outbox, row.id, if_=mine, status=OutboxStatus.FAILED.value, server_reply=parcel.reply[:200], **RELEASED
        )
        _failed(unit, desk, row)
        return
    waits = limits.send_retries
    wait = waits[row.attempts - 1] if row.attempts <= len(waits) else timedelta(hours=1)
    unit.change(
        Outbox, row.id, if_=mine, status=OutboxStatus.QUEUED.value, not_before=unit.now + wait,
        server_reply=parcel.reply[:200], **RELEASED,
    )  # fmt: skip
    if row.attempts == ALARM_AT:
        channels.report(unit, row.organisation_id, health_name(row), ok=False, reason=parcel.reply)


def _uncertain(unit: Unit, row: Row[Any]) -> None:
    _record(unit, AuditTag.MAIL_UNCERTAIN, row, kind=row.kind)
    if row.kind == OutboxKind.STAFF_NOTICE.value:
        return  # a notice about a notice would go on for ever; the line it was about still stands
    open_work(
        unit, WorkKind.SEND_UNCERTAIN, row.organisation_id, same=row.id, case_id=row.case_id,
        request_id=row.request_id, outbox_id=row.id, detail=row.kind,
    )  # fmt: skip


def _failed(unit: Unit, desk: Desk, row: Row[Any]) -> None:
    """A statutory answer that did not arrive is work for a person; the term stays open."""
    _record(unit, AuditTag.MAIL_FAILED, row, kind=row.kind)
    if row.kind == OutboxKind.STAFF_NOTICE.value or by_mail_instead(unit, desk, row):
        return
    open_work(
        unit, WorkKind.NOT_DELIVERED, row.organisation_id, same=row.id, case_id=row.case_id,
        request_id=row.request_id, outbox_id=row.id, detail=row.kind,
    )  # fmt: skip


def _record(unit: Unit, tag: AuditTag, row: Row[Any], **facts: Any) -> None:
    unit.record(tag, organisation=row.organisation_id, actor=PROGRAM, case=row.case_id, subject=row.id, **facts)


async def decide_uncertain(desk: Desk, staff_id: str, outbox_id: str, *, arrived: bool) -> None:
    """A person has looked (in Sent, or by asking): it arrived, or it is to be sent again with the same Message-ID."""
    found = table(Outbox).c.id == outbox_id
    letters = await desk.store.read(lambda reads: reads.rows(select(table(Outbox)).where(found))) if arrived else ()
    told = (await letter_lines(desk, letters)).get(outbox_id, ())

    def write(unit: Unit) -> None:
        rows = table(Outbox)
        row = unit.one(select(rows).where(rows.c.id == outbox_id))
        if row is None or row.status != OutboxStatus.UNCERTAIN.value:
            raise Stale("this message is no longer uncertain")
        unknown = {"status": OutboxStatus.UNCERTAIN.value}
        if arrived:
            unit.change(Outbox, outbox_id, if_=unknown, status=OutboxStatus.SENT.value, sent_at=unit.now)
            time_runs(unit, [row])
            if row.draft_id is not None:
                letter_has_left(unit, row)
            tell(unit, desk, told)
        else:
            unit.change(
                Outbox, outbox_id, if_=unknown, status=OutboxStatus.QUEUED.value, not_before=unit.now, attempts=0
            )
        close_work(unit, WorkKind.SEND_UNCERTAIN, actor=staff_actor(staff_id), outbox_id=outbox_id)
        unit.record(
            AuditTag.MAIL_SENT if arrived else AuditTag.MAIL_QUEUED, organisation=row.organisation_id,
            actor=staff_actor(staff_id), case=row.case_id, subject=outbox_id, kind=row.kind,
        )  # fmt: skip

    await desk.store.write(write)
    desk.wake.outbox.set()


def _came_back(unit: Unit, row: Row[Any]) -> bool:
    """Only what staff have a line for: it failed, or the other side returned it after taking it."""
    lines = table(WorkItem)
    open_line = select(lines.c.id).where(
        lines.c.outbox_id == row.id, lines.c.kind == WorkKind.NOT_DELIVERED.value, lines.c.closed_at.is_(None)
    )
    return row.status == OutboxStatus.FAILED.value or unit.one(open_line) is not None


async def send_again(desk: Desk, staff_id: str, outbox_id: str) -> None:
    """A person has mended what kept a message from leaving (an address, a server): it goes out once more."""

    def write(unit: Unit) -> None:
        rows = table(Outbox)
        row = unit.one(select(rows).where(rows.c.id == outbox_id))
        if row is None:
            raise Stale("no such message")
        if row.status not in (OutboxStatus.FAILED.value, OutboxStatus.SENT.value) or not _came_back(unit, row):
            raise Stale("this message did not come back")
        unit.change(
            Outbox, outbox_id, if_={"status": row.status}, status=OutboxStatus.QUEUED.value,
            not_before=unit.now, created_at=unit.now, attempts=0,
        )  # fmt: skip
        actor = staff_actor(staff_id)
        close_work(unit, WorkKind.NOT_DELIVERED, actor=actor, outbox_id=outbox_id)
        unit.record(
            AuditTag.MAIL_QUEUED, organisation=row.organisation_id, actor=actor, case=row.case_id, subject=outbox_id,
            kind=row.kind,
        )  # fmt: skip

    await desk.store.write(write)
    desk.wake.outbox.set()
