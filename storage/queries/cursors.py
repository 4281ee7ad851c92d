"""How far a channel was read, where the channel itself keeps no such thing for us."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from storage.models import ChannelCursor, table
from storage.unit import Reads, Unit


def position(reads: Reads, account: str) -> Row[Any] | None:
    """`position` and when it was moved; None before the first time."""
    rows = table(ChannelCursor)
    return reads.one(select(rows.c.position, rows.c.updated_at).where(rows.c.id == account))


def move(unit: Unit, organisation: str, account: str, to: str) -> None:
    if position(unit, account) is None:
        unit.add(ChannelCursor, id=account, organisation_id=organisation, position=to, updated_at=unit.now)
    else:
        unit.change(ChannelCursor, account, position=to, updated_at=unit.now)
