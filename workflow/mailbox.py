"""What the desk does in a shared mailbox: decided in the unit that needs it, done by a worker of its own.

    claim    lease, attempt + 1
    work     one connection per mailbox, all its acts; no transaction open
    settle   done, gone, not supported, or later again

Nothing here may hold up a case: a mailbox that can not be reached just looks as before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.errors import LoketError, OutsideError
from cases.protocols import Acted, ActKind, ActOutcome, MailboxAct
from cases.types import ActStatus, Custody, Origin
from storage.claims import RELEASED, claim
from storage.models import Inbound, Outbox, table
from storage.models import MailboxAct as ActRow
from storage.unit import Reads, Unit
from workflow.desk import Desk

log = logging.getLogger(__name__)
BATCH = 32
GIVE_UP = timedelta(hours=24)
PROVIDERS_OWN = timedelta(minutes=1)  # some providers keep a copy themselves: looked for first
_STATUS = {
    ActOutcome.DONE: ActStatus.DONE,
    ActOutcome.GONE: ActStatus.GONE,
    ActOutcome.UNSUPPORTED: ActStatus.UNSUPPORTED,
}


def mark(unit: Unit, desk: Desk, row: Row[Any], *, stays: bool) -> None:
    """A recognised request gets its keyword or its folder. `stays`: colleagues have to answer a part of it."""
    if row.uid is None or row.custody != Custody.GUEST.value or row.account not in desk.mailboxes:
        return
    _add(unit, row, ActKind.MARK, stays=stays or row.origin == Origin.DRAGGED.value)


def give_back(unit: Unit, desk: Desk, row: Row[Any]) -> None:
    """Geen privacyverzoek: back in INBOX, unread, as if it had never been touched."""
    if row.uid is None or row.custody != Custody.GUEST.value or row.account not in desk.mailboxes:
        return
    acts = table(ActRow)
    unit.execute(  # a mark that was not made yet is not made any more
        acts.update()
        .where(acts.c.inbound_id == row.id, acts.c.status == ActStatus.WAITING.value, acts.c.claim_token.is_(None))
        .values(status=ActStatus.GONE.value, done_at=unit.now)
    )
    _add(unit, row, ActKind.RETURN)


def keep_sent(unit: Unit, desk: Desk, row: Row[Any], raw: bytes | None) -> None:
    """A copy of what left into Sent. A step of its own: when it fails, nothing is sent again."""
    if raw is None or row.account not in desk.mailboxes:
        return
    act_id = unit.new_id()
    sealer = unit.keys.data(unit, row.data_key_id)
    unit.add(
        ActRow, id=act_id, organisation_id=row.organisation_id, account=row.account, kind=ActKind.KEEP_SENT.value,
        outbox_id=row.id, data_key_id=row.data_key_id, raw=sealer.seal(raw, f"mailbox_act.raw:{act_id}"),
        created_at=unit.now, not_before=unit.now + PROVIDERS_OWN,
    )  # fmt: skip


def _add(unit: Unit, row: Row[Any], kind: ActKind, *, stays: bool = False) -> None:
    unit.add(
        ActRow, id=unit.new_id(), organisation_id=row.organisation_id, account=row.account, kind=kind.value,
        inbound_id=row.id, folder=row.folder or "", uidvalidity=row.uidvalidity, uid=row.uid, stays=stays,
        created_at=unit.now, not_before=unit.now,
    )  # fmt: skip


async def run_once(desk: Desk) -> int:
    """Does what waits; gives the number of acts taken."""
    token, rows, acts = await desk.store.write(lambda unit: _claim(unit, desk))
    if not rows:
        return 0
    by_account: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        by_account.setdefault(row.account, []).append(place)
    outcomes: dict[int, Acted | str] = {place: Acted(ActOutcome.GONE) for place, act in enumerate(acts) if act is None}
    for account, places in by_account.items():
        there = [place for place in places if place not in outcomes]
        wanted = [act for place in there if (act := acts[place]) is not None]
        outcomes |= dict(zip(there, await _perform(desk, account, wanted), strict=True))
    await desk.store.write(lambda unit: _settle_all(unit, token, rows, outcomes))
    return len(rows)


def _claim(unit: Unit, desk: Desk) -> tuple[str, Sequence[Row[Any]], list[MailboxAct | None]]:
    rows = table(ActRow)
    token, taken = claim(
        unit, ActRow, rows.c.status == ActStatus.WAITING.value, rows.c.not_before <= unit.now,
        rows.c.account.in_(desk.mailboxes), order=[rows.c.created_at, rows.c.id], limit=BATCH,
    )  # fmt: skip
    about = _about(unit, taken)
    return token, taken, [_opened(unit, row, about.get(row.outbox_id or row.inbound_id)) for row in taken]


def _opened(reads: Reads, row: Row[Any], about: Row[Any] | None) -> MailboxAct | None:
    """None when what it is about was erased meanwhile."""
    try:
        raw = None
        if row.raw is not None:
            raw = reads.keys.data(reads, row.data_key_id).open(row.raw, f"mailbox_act.raw:{row.id}")
        return MailboxAct(
            row.id, ActKind(row.kind), row.folder, row.uidvalidity or 0, row.uid or 0,
            _message_id(reads, row, about), raw, row.stays,
        )  # fmt: skip
    except LoketError:
        return None


def _about(reads: Reads, acts: Sequence[Row[Any]]) -> dict[str, Row[Any]]:
    """The messages that acts are about, by outbox or inbound id."""
    outbox, inbound = table(Outbox), table(Inbound)
    sent = select(outbox.c.id, outbox.c.message_id).where(outbox.c.id.in_({act.outbox_id for act in acts}))
    received = select(inbound.c.id, inbound.c.envelope, inbound.c.data_key_id).where(
        inbound.c.id.in_({act.inbound_id for act in acts})
    )
    return {row.id: row for row in (*reads.rows(sent), *reads.rows(received))} if acts else {}


def _message_id(reads: Reads, row: Row[Any], about: Row[Any] | None) -> str:
    """By which a message that was moved is found again, or a copy that the provider made."""
    if about is None:
        return ""
    if row.outbox_id is not None:
        return str(about.message_id)
    if about.data_key_id is None:
        return ""
    envelope = reads.keys.data(reads, about.data_key_id).open_json(about.envelope, f"inbound.envelope:{about.id}")
    return str(envelope["message_id"] or "")


async def _perform(desk: Desk, account: str, acts: Sequence[MailboxAct]) -> list[Acted | str]:
    if not acts:
        return []
    try:
        return list(await desk.mailboxes[account].perform(acts))
    except OutsideError as error:
        return [str(error)] * len(acts)
    except Exception as error:
        log.error("acts in a mailbox failed: %s", type(error).__name__)
        return [type(error).__name__] * len(acts)


def _settle_all(unit: Unit, token: str, rows: Sequence[Row[Any]], outcomes: Mapping[int, Acted | str]) -> None:
    for place, row in enumerate(rows):
        _settle(unit, token, row, outcomes[place])


def _settle(unit: Unit, token: str, row: Row[Any], outcome: Acted | str) -> None:
    if isinstance(outcome, str):
        over = unit.now - row.created_at > GIVE_UP
        unit.change_later(
            ActRow, row.id, if_={"claim_token": token}, error=outcome[:200],
            status=(ActStatus.FAILED if over else ActStatus.WAITING).value,
            not_before=unit.now + timedelta(minutes=min(60, 2 ** min(row.attempts, 6))), **RELEASED,
        )  # fmt: skip
        return
    unit.change_later(
        ActRow, row.id, if_={"claim_token": token}, status=_STATUS[outcome.outcome].value, done_at=unit.now, raw=None,
        error="", **RELEASED,
    )  # fmt: skip
