"""How far each mailbox folder was read. Moved in the transaction that stores a message, so that neither runs ahead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from storage.models import ImapLedger, table
from storage.unit import Reads, Unit


def _row(reads: Reads, account: str, folder: str) -> Row[Any] | None:
    rows = table(ImapLedger)
    return reads.one(select(rows).where(rows.c.account == account, rows.c.folder == folder))


def last(reads: Reads, account: str, folder: str) -> tuple[int, int] | None:
    """(UIDVALIDITY, last UID that was stored); None before the first connect."""
    row = _row(reads, account, folder)
    return (row.uidvalidity, row.last_uid) if row is not None else None


def connected_at(reads: Reads, account: str, folder: str) -> datetime | None:
    """The moment of the first connect: nothing older is ever answered by itself."""
    row = _row(reads, account, folder)
    return row.connected_at if row is not None else None


def begin(unit: Unit, organisation: str, account: str, folder: str, *, uidvalidity: int, last_uid: int) -> None:
    """Moves the ledger; a UID that is lower under the same UIDVALIDITY leaves it where it is."""
    row = _row(unit, account, folder)
    if row is None:
        unit.add(
            ImapLedger, id=unit.new_id(), organisation_id=organisation, account=account, folder=folder,
            uidvalidity=uidvalidity, last_uid=last_uid, connected_at=unit.now,
        )  # fmt: skip
    elif row.uidvalidity != uidvalidity or row.last_uid < last_uid:
        unit.change(ImapLedger, row.id, uidvalidity=uidvalidity, last_uid=last_uid)
