"""After a backup of a customer system was put back, every erasure of the ledger is done once more (art. 17, 5(1)(f)).

What is gone already stays gone, and a second time changes nothing. What only a person can do (a system kept by hand, a
record that seems to be somebody else's by now) becomes a line for staff, one per system and case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select

from cases.audit import PROGRAM, AuditTag
from cases.calendar import at_hour, local_date
from cases.errors import Stale
from cases.types import Fate, WorkKind
from storage.models import LedgerEntry, WorkItem, table
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.ledger import Entry, entries
from workflow.ledger_erase import Came, Outcome, erase_all

_FOR_A_PERSON = (Came.BY_HAND, Came.STRANGER)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What doing the erasures again came to."""

    records: int  # listed in the ledger
    gone_again: int  # had come back, and went
    failed: int
    by_hand: int = 0  # in a system that a person keeps: on the work list
    strangers: int = 0  # the key is somebody else's, or nobody can tell: left alone, and on the work list
    sources: tuple[str, ...] = ()  # where something failed


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lines of one system and case that wait for a person."""

    work_id: str
    organisation: str
    source: str
    case_number: str
    lines: tuple[tuple[Entry, Came], ...] = field(default=())


async def replay(desk: Desk, organisation: str, since: date | None = None) -> Replayed:
    """`since`: the day of the backup; what was erased before it was not in it."""
    listed = await desk.store.read(lambda reads: _executed(reads, organisation, since))
    outcomes = await erase_all(desk, listed, prefix="replay")
    counted = Counter(one.came for one in outcomes)

    def settle(unit: Unit) -> None:
        _hand_over(unit, organisation, [one for one in outcomes if one.came in _FOR_A_PERSON])
        unit.record(
            AuditTag.ERASURES_REPLAYED, organisation=organisation, actor=PROGRAM, records=len(listed),
            since=str(since or ""), again=counted[Came.GONE], failed=counted[Came.FAILED],
            by_hand=counted[Came.BY_HAND], strangers=counted[Came.STRANGER],
        )  # fmt: skip

    await desk.store.write(settle)
    sources = sorted({one.entry.source for one in outcomes if one.came is Came.FAILED})
    return Replayed(
        len(listed), counted[Came.GONE], counted[Came.FAILED], counted[Came.BY_HAND], counted[Came.STRANGER],
        tuple(sources),
    )  # fmt: skip


def _executed(reads: Reads, organisation: str, since: date | None) -> list[Entry]:
    """What was erased or emptied, kept records that lost fields included, in the order in which it was done."""
    rows = table(LedgerEntry)
    done_at = func.coalesce(rows.c.closed_at, rows.c.recorded_at)  # a kept record goes on the day its line closes
    fates = [Fate.ERASE.value, Fate.ANONYMISE.value]
    query = (
        select(rows)
        .where(rows.c.organisation_id == organisation, rows.c.reference.is_not(None))
        .where(rows.c.fate.in_(fates) | ((rows.c.fate == Fate.KEEP.value) & rows.c.columns.is_not(None)))
        .order_by(rows.c.recorded_at, rows.c.id)
    )
    if since is not None:
        query = query.where(done_at >= at_hour(since, 0))
    listed = entries(reads, reads.rows(query))
    return [one for one in listed if one.fate is not Fate.KEEP or one.columns]


# --- what a person does -----------------------------------------------------------------------------------------------


def _hand_over(unit: Unit, organisation: str, outcomes: Sequence[Outcome]) -> None:
    """One line per system and case; run again, a line that stands is brought up to date."""
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for one in outcomes:
        groups.setdefault((one.entry.source, one.entry.case_number), {})[one.entry.id] = one.came.value
    for (source, number), lines in groups.items():
        same = f"{organisation}:{source}:{number}"
        close_work(unit, WorkKind.ERASE_AGAIN, actor=PROGRAM, same=f"{WorkKind.ERASE_AGAIN.value}:{same}")
        open_work(
            unit, WorkKind.ERASE_AGAIN, organisation, same=same, detail=f"{source},{number}",
            due_on=local_date(unit.now), facts={"source": source, "number": number, "lines": lines},
        )  # fmt: skip


def waiting(reads: Reads, organisation: str) -> list[Waiting]:
    """What a person still has to erase again, with the names of the records."""
    rows = table(LedgerEntry)
    found = []
    for item in _open(reads, organisation):
        lines = item.facts["lines"]
        opened = entries(reads, reads.rows(select(rows).where(rows.c.id.in_(lines)).order_by(rows.c.id)))
        each = tuple((one, Came(lines[one.id])) for one in opened)
        found.append(Waiting(item.id, organisation, item.facts["source"], item.facts["number"], each))
    return found


async def settled(desk: Desk, actor: str, organisation: str, work_id: str) -> None:
    """Somebody erased these, or saw that they are a stranger's. Raises Stale when nobody waits for it any more."""

    def settle(unit: Unit) -> None:
        item = next((one for one in _open(unit, organisation) if one.id == work_id), None)
        if item is None:
            raise Stale("nobody waits for this any more")
        close_work(unit, WorkKind.ERASE_AGAIN, actor=actor, same=item.same)
        unit.record(
            AuditTag.ERASED_BY_HAND, organisation=organisation, actor=actor, subject=work_id,
            source=item.facts["source"], records=len(item.facts["lines"]),
        )  # fmt: skip

    await desk.store.write(settle)


def _open(reads: Reads, organisation: str) -> Sequence[Row[Any]]:
    rows = table(WorkItem)
    mine = (rows.c.kind == WorkKind.ERASE_AGAIN.value) & (rows.c.organisation_id == organisation)
    return reads.rows(select(rows).where(mine, rows.c.closed_at.is_(None)).order_by(rows.c.opened_at, rows.c.id))
