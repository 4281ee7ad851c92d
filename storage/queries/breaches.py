"""The breach register as the console shows it, with what became of the letters to the people in it (art. 33(5), 34)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from cases.types import OutboxStatus, WorkKind
from storage.models import Breach, BreachNotice, Outbox, WorkItem, table
from storage.queries.opening import open_text
from storage.unit import Reads


@dataclass(frozen=True, slots=True)
class Told:
    """The letters of one breach, by what became of them."""

    waiting: int = 0
    sent: int = 0
    returned: int = 0
    failed: int = 0
    last_at: datetime | None = None  # when the last one left
    unreached: tuple[str, ...] = ()  # addresses that a letter did not reach; only where they are asked for

    @property
    def all_left(self) -> bool:
        """Every letter has left and none came back: these people are told."""
        return self.sent > 0 and not (self.waiting or self.returned or self.failed)


@dataclass(frozen=True, slots=True)
class BreachView:
    id: str
    organisation: str
    case_id: str | None
    kind: str
    description: str
    known_at: datetime
    due_at: datetime
    risk: str
    reason: str
    authority_told_at: datetime | None
    persons_told_at: datetime | None
    closed_at: datetime | None
    letter: bool  # one was written
    told: Told

    @property
    def in_time(self) -> bool:
        """Told to the authority within its 72 hours (art. 33(1))."""
        return self.authority_told_at is not None and self.authority_told_at <= self.due_at


def breaches(reads: Reads, organisations: Collection[str]) -> tuple[BreachView, ...]:
    """The register, open lines first, the most pressing on top."""
    rows = table(Breach)
    found = reads.rows(
        select(rows)
        .where(rows.c.organisation_id.in_(organisations))
        .order_by(rows.c.closed_at.is_not(None), rows.c.due_at.desc())
        .limit(200)
    )
    letters = told(reads, [row.id for row in found])
    return tuple(
        BreachView(
            row.id, row.organisation_id, row.case_id, row.kind,
            open_text(reads, row.data_key_id, row.description, f"breach.description:{row.id}"), row.known_at,
            row.due_at, row.risk, open_text(reads, row.data_key_id, row.reason, f"breach.reason:{row.id}"),
            row.authority_told_at, row.persons_told_at, row.closed_at, row.letter is not None,
            letters.get(row.id, Told()),
        )
        for row in found
    )  # fmt: skip


def told(reads: Reads, breach_ids: Collection[str], *, addresses: bool = False) -> dict[str, Told]:
    """Breach → what became of its letters. `addresses`: also whom a letter did not reach."""
    notices, outbox, lines = table(BreachNotice), table(Outbox), table(WorkItem)
    back = select(lines.c.outbox_id).where(
        lines.c.kind == WorkKind.NOT_DELIVERED.value, lines.c.detail == "bounced", lines.c.outbox_id.is_not(None)
    )
    each = (
        select(notices.c.breach_id, outbox.c.status, outbox.c.sent_at, outbox.c.id.in_(back).label("returned"))
        .join(outbox, outbox.c.id == notices.c.outbox_id)
        .where(notices.c.breach_id.in_(breach_ids))
        .subquery()
    )
    how = (each.c.breach_id, each.c.status, each.c.returned)
    query = select(*how, func.count().label("n"), func.max(each.c.sent_at).label("last_at")).group_by(*how)
    counts: dict[str, dict[str, int]] = {}
    last: dict[str, datetime] = {}
    for row in reads.rows(query):
        group = counts.setdefault(row.breach_id, dict.fromkeys(("waiting", "sent", "returned", "failed"), 0))
        group[_became(row.status, returned=bool(row.returned))] += row.n
        if row.last_at is not None:
            last[row.breach_id] = max(row.last_at, last.get(row.breach_id, row.last_at))
    missed = _unreached(reads, breach_ids, back) if addresses else {}
    return {
        key: Told(**group, last_at=last.get(key), unreached=tuple(missed.get(key, ()))) for key, group in counts.items()
    }


_FAILED = (OutboxStatus.FAILED.value, OutboxStatus.UNCERTAIN.value, OutboxStatus.CANCELLED.value)


def _became(status: str, *, returned: bool) -> str:
    if returned:
        return "returned"
    if status == OutboxStatus.SENT.value:
        return "sent"
    return "failed" if status in _FAILED else "waiting"


def _unreached(reads: Reads, breach_ids: Collection[str], back: object) -> dict[str, list[str]]:
    """For staff, who reach these people in another way."""
    notices, outbox = table(BreachNotice), table(Outbox)
    query = (
        select(notices.c.breach_id, outbox.c.id, outbox.c.data_key_id, outbox.c.recipient)
        .join(outbox, outbox.c.id == notices.c.outbox_id)
        .where(notices.c.breach_id.in_(breach_ids), outbox.c.status.in_(_FAILED) | outbox.c.id.in_(back))  # type: ignore[arg-type]
        .order_by(notices.c.created_at, outbox.c.id)
    )
    found: dict[str, list[str]] = {}
    for row in reads.rows(query):
        address = open_text(reads, row.data_key_id, row.recipient, f"outbox.recipient:{row.id}")
        if address:  # taken out two years after the breach was closed
            found.setdefault(row.breach_id, []).append(address)
    return found
