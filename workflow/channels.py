"""Which channels work: written when it changes, a line for staff when one stops."""

from __future__ import annotations

from sqlalchemy import select

from cases.audit import PROGRAM, AuditTag
from cases.types import WorkKind
from storage.models import ChannelHealth, table
from storage.queries.writing import close_work, open_work
from storage.unit import Unit


def report(unit: Unit, organisation: str, name: str, *, ok: bool, reason: str = "") -> bool:
    """Notes the state of one channel (`imap:info@…`, `smtp:info@…`); whether it changed. `reason`: no personal data."""
    rows = table(ChannelHealth)
    row = unit.one(select(rows).where(rows.c.name == name))
    if row is not None and row.ok == ok:
        return False
    if row is None:
        unit.add(
            ChannelHealth, id=unit.new_id(), organisation_id=organisation, name=name, ok=ok, reason=reason[:200],
            changed_at=unit.now,
        )  # fmt: skip
        if ok:
            return False  # a channel that works from the start is no news
    else:
        unit.change(ChannelHealth, row.id, ok=ok, reason=reason[:200], changed_at=unit.now)
    if ok:
        close_work(unit, WorkKind.CHANNEL_DOWN, actor=PROGRAM, detail=name)
    else:
        open_work(unit, WorkKind.CHANNEL_DOWN, organisation, same=name, detail=name)
    unit.record(
        AuditTag.CHANNEL_CHANGED, organisation=organisation, actor=PROGRAM, channel=name, ok=ok, reason=reason[:200]
    )
    return True
