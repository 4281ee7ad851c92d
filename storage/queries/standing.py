"""How far each channel may go by itself, whether anything may leave at all, and which senders are marked as spam."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select

from cases.types import ChannelKind, ChannelMode
from storage.models import ChannelState, OutgoingStop, SenderMark, table
from storage.unit import Reads

EVERYWHERE = "*"  # the stop that holds for every organisation


def mode(reads: Reads, organisation: str, channel: ChannelKind) -> ChannelMode:
    """A channel that nobody has decided on only looks. Asked once a transaction: every message that leaves asks."""
    if "modes" not in reads.memo:
        reads.memo["modes"] = modes(reads)
    found: dict[tuple[str, ChannelKind], ChannelMode] = reads.memo["modes"]
    return found.get((organisation, channel), ChannelMode.WATCH)


def modes(reads: Reads) -> dict[tuple[str, ChannelKind], ChannelMode]:
    rows = table(ChannelState)
    found = reads.rows(select(rows.c.organisation_id, rows.c.channel, rows.c.mode))
    return {(row.organisation_id, ChannelKind(row.channel)): ChannelMode(row.mode) for row in found}


def state(reads: Reads, organisation: str, channel: ChannelKind) -> Row[Any] | None:
    rows = table(ChannelState)
    return reads.one(select(rows).where(rows.c.organisation_id == organisation, rows.c.channel == channel.value))


def stops(reads: Reads) -> dict[str, Row[Any]]:
    """Organisation (or EVERYWHERE) → who stopped all outgoing mail, and why."""
    rows = table(OutgoingStop)
    return {row.id: row for row in reads.rows(select(rows))}


def spam(reads: Reads, senders: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these (organisation, address index) the ones that staff marked as spam."""
    rows = table(SenderMark)
    found = reads.rows(
        select(rows.c.organisation_id, rows.c.address_index).where(
            rows.c.address_index.in_({index for _, index in senders})
        )
    )
    return {(row.organisation_id, row.address_index) for row in found}.intersection(senders)
