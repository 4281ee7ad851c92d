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

from sqlalchemy import Row, select, update

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.errors import LoketError, OutsideError, Permanent, Stale, Temporary, Uncertain, place_of
from cases.protocols import Outgoing
from cases.transitions import end_state
from cases.types import Awaiting, Decision, OutboxKind, OutboxStatus, RequestState, WorkKind
from storage.claims import RELEASED, claim
from storage.models import Approval, Draft, Outbox, Request, table
from storage.queries.writing import close_work, move_request, open_work
from storage.unit import Reads, Unit
from workflow.desk import Desk

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Parcel:
    row: Row[Any]
    message: Outgoing
    outcome: OutboxStatus = OutboxStatus.SENT
    reply: str = ""


async def run_once(desk: Desk) -> int:
    """Sends what is due; gives the number of messages taken."""
    token, parcels = await desk.store.write(lambda unit: _claim(unit, desk))
    if not parcels:
        return 0
    by_account: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        by_account.setdefault(parcel.row.account, []).append(parcel)
    # One after the other on each account's connection; accounts do not wait for each other.
    sending = asyncio.gather(*(_send_all(desk, account, waiting) for account, waiting in by_account.items()))
    try:
        await asyncio.shield(sending)
    finally:
        # Also when this task is cancelled: what is on the wire is waited for, and what happened is written down.
        await sending
        await asyncio.shield(desk.store.write(lambda unit: _settle(unit, desk, token, parcels)))
    return len(parcels)


def _claim(unit: Unit, desk: Desk) -> tuple[str, list[Parcel]]:
    rows = table(Outbox)
    _recover(unit)
    token, taken = claim(
        unit,
        Outbox,
        rows.c.status == OutboxStatus.QUEUED.value,
        rows.c.not_before <= unit.now,
        order=[rows.c.not_before, rows.c.id],
        limit=desk.limits.batch,
    )
    if not taken:
        return "", []
    ids = [row.id for row in taken]
    unit.execute(update(rows).where(rows.c.id.in_(ids)).values(status=OutboxStatus.SENDING.value))
    return token, [Parcel(row, outgoing(unit, row, desk)) for row in taken]


def _recover(unit: Unit) -> None:
    """A process died while sending: bytes may have left. That is `uncertain`, not `queued`."""
    rows = table(Outbox)
    lost = unit.rows(select(rows).where(rows.c.status == OutboxStatus.SENDING.value, rows.c.lease_until < unit.now))
    for row in lost:
        unit.change(
            Outbox, row.id, if_={"claim_token": row.claim_token}, status=OutboxStatus.UNCERTAIN.value,
            server_reply="the process ended while sending", **RELEASED,
        )  # fmt: skip
        _uncertain(unit, row)


def outgoing(reads: Reads, row: Row[Any], desk: Desk) -> Outgoing:
    """Opens a row for its channel."""
    sealer = reads.keys.data(reads, row.data_key_id)
    content = sealer.open_json(row.content, f"outbox.content:{row.id}")
    references = tuple(row.threading or ())
    mailbox = desk.organisation(row.organisation_id).mailbox
    reply_to = ""
    if row.conversation_id:
        reply_to = desk.threads.reply_address(row.organisation_id, mailbox, row.conversation_id)
    return Outgoing(
        outbox_id=row.id, organisation=row.organisation_id, account=row.account,
        recipient=sealer.open_text(row.recipient, f"outbox.recipient:{row.id}"), subject=content["subject"],
        text=content["text"], html=content["html"], message_id=row.message_id,
        in_reply_to=references[0] if references else "", references=references, automatic=row.automatic,
        reply_to=reply_to, created_at=row.created_at,
        raw=sealer.open(row.raw, f"outbox.raw:{row.id}") if row.raw is not None else None,
    )  # fmt: skip


async def _send_all(desk: Desk, account: str, parcels: Sequence[Parcel]) -> None:
    sender = desk.senders[account]
    for parcel in parcels:
        try:
            proof = await sender.send(parcel.message)
            parcel.reply = proof.reply
        except Uncertain as error:
            parcel.outcome, parcel.reply = OutboxStatus.UNCERTAIN, str(error)
        except Permanent as error:
            parcel.outcome, parcel.reply = OutboxStatus.FAILED, str(error)
        except Temporary as error:
            parcel.outcome, parcel.reply = OutboxStatus.QUEUED, str(error)
        except (OutsideError, LoketError, OSError) as error:
            parcel.outcome, parcel.reply = OutboxStatus.QUEUED, type(error).__name__
        except Exception as error:
            log.error("a sender failed in an unknown way: %s", place_of(error), extra={"outbox": parcel.row.id})
            parcel.outcome, parcel.reply = OutboxStatus.UNCERTAIN, type(error).__name__


def _settle(unit: Unit, desk: Desk, token: str, parcels: Sequence[Parcel]) -> None:
    for parcel in parcels:
        row = parcel.row
        mine = {"claim_token": token}
        if parcel.outcome is OutboxStatus.QUEUED:
            _again(unit, desk, parcel, mine)
            continue
        sent_at = unit.now if parcel.outcome is OutboxStatus.SENT else None
        unit.change(
            Outbox, row.id, if_=mine, status=parcel.outcome.value, sent_at=sent_at, server_reply=parcel.reply[:200],
            **RELEASED,
        )  # fmt: skip
        if parcel.outcome is OutboxStatus.SENT:
            _record(unit, AuditTag.MAIL_SENT, row, kind=row.kind)
            if row.kind == OutboxKind.LETTER.value:
                letter_has_left(unit, row)
        elif parcel.outcome is OutboxStatus.UNCERTAIN:
            _uncertain(unit, row)
        else:
            _failed(unit, row)


def _again(unit: Unit, desk: Desk, parcel: Parcel, mine: dict[str, Any]) -> None:
    """1, 5, 15, 60 minutes, then hourly to 24 hours; staff hear at the third failure, and when it is given up."""
    row, limits = parcel.row, desk.limits
    if unit.now - row.created_at > limits.send_hourly_until:
        unit.change(
            Outbox, row.id, if_=mine, status=OutboxStatus.FAILED.value, server_reply=parcel.reply[:200], **RELEASED
        )
        _failed(unit, row)
        return
    waits = limits.send_retries
    wait = waits[row.attempts - 1] if row.attempts <= len(waits) else timedelta(hours=1)
    unit.change(
        Outbox, row.id, if_=mine, status=OutboxStatus.QUEUED.value, not_before=unit.now + wait,
        server_reply=parcel.reply[:200], **RELEASED,
    )  # fmt: skip
    if row.attempts == 3:
        open_work(
            unit, WorkKind.CHANNEL_DOWN, row.organisation_id, same=f"send:{row.account}", outbox_id=row.id,
            detail="sending_fails",
        )  # fmt: skip


def _uncertain(unit: Unit, row: Row[Any]) -> None:
    _record(unit, AuditTag.MAIL_UNCERTAIN, row, kind=row.kind)
    open_work(
        unit, WorkKind.SEND_UNCERTAIN, row.organisation_id, same=row.id, case_id=row.case_id,
        request_id=row.request_id, outbox_id=row.id, detail=row.kind,
    )  # fmt: skip


def _failed(unit: Unit, row: Row[Any]) -> None:
    """A statutory answer that did not arrive is work for a person; the term stays open."""
    _record(unit, AuditTag.MAIL_FAILED, row, kind=row.kind)
    open_work(
        unit, WorkKind.NOT_DELIVERED, row.organisation_id, same=row.id, case_id=row.case_id,
        request_id=row.request_id, outbox_id=row.id, detail=row.kind,
    )  # fmt: skip


def _record(unit: Unit, tag: AuditTag, row: Row[Any], **facts: Any) -> None:
    unit.record(tag, organisation=row.organisation_id, actor=PROGRAM, case=row.case_id, subject=row.id, **facts)


def letter_has_left(unit: Unit, row: Row[Any]) -> None:
    """The approved letter is with the receiving server: the request ends, in the name of who approved it."""
    drafts, approvals, requests = table(Draft), table(Approval), table(Request)
    draft = unit.one(select(drafts.c.id, drafts.c.decision, drafts.c.ground).where(drafts.c.id == row.draft_id))
    if draft is None or row.request_id is None:
        return
    who = unit.value(
        select(approvals.c.staff_id).where(approvals.c.draft_id == draft.id).order_by(approvals.c.at.desc()).limit(1)
    )
    state = unit.value(select(requests.c.state).where(requests.c.id == row.request_id))
    if state != RequestState.EXECUTING.value:
        return  # staff took it back meanwhile; the audit log shows both
    decision = Decision(draft.decision)
    end = end_state(decision, draft.ground)
    try:
        move_request(
            unit, row.request_id, end, actor=staff_actor(str(who)), decision=decision.value,
            awaiting=Awaiting.NOBODY.value,
        )  # fmt: skip
    except Stale:
        log.warning("a request changed while its letter left", extra={"request": row.request_id})


async def decide_uncertain(desk: Desk, staff_id: str, outbox_id: str, *, arrived: bool) -> None:
    """A person has looked (in Sent, or by asking): it arrived, or it is to be sent again with the same Message-ID."""

    def write(unit: Unit) -> None:
        rows = table(Outbox)
        row = unit.one(select(rows).where(rows.c.id == outbox_id))
        if row is None or row.status != OutboxStatus.UNCERTAIN.value:
            raise Stale("this message is no longer uncertain")
        unknown = {"status": OutboxStatus.UNCERTAIN.value}
        if arrived:
            unit.change(Outbox, outbox_id, if_=unknown, status=OutboxStatus.SENT.value, sent_at=unit.now)
            if row.kind == OutboxKind.LETTER.value:
                letter_has_left(unit, row)
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
