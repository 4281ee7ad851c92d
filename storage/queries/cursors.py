"""How far a chat channel was read: the next update of a bot, the moment up to which a workspace was looked through."""

from __future__ import annotations

from sqlalchemy import select

from storage.models import ChannelCursor, table
from storage.unit import Reads, Unit


def position(reads: Reads, account: str) -> str | None:
    rows = table(ChannelCursor)
    found: str | None = reads.value(select(rows.c.position).where(rows.c.id == account))
    return found


def move(unit: Unit, organisation: str, account: str, to: str) -> None:
    if position(unit, account) is None:
        unit.add(ChannelCursor, id=account, organisation_id=organisation, position=to, updated_at=unit.now)
    else:
        unit.change(ChannelCursor, account, position=to, updated_at=unit.now)
