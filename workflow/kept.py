"""Kept records have an end: on that day staff get the dry run "termijn verlopen: alsnog wissen" (art. 5(1)(e), 17).

The ledger also does erasures again after a backup was restored: what had gone must not come back with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag
from cases.calendar import local_date
from cases.errors import InputError, OutsideError
from cases.protocols import Change, Changed
from cases.types import ActionStatus, Fate, Verb, WorkKind
from storage.models import LedgerEntry, table
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.desk import Desk

DONE = (ActionStatus.DONE, ActionStatus.NOTHING)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the ledger, as staff see it."""

    id: str
    organisation: str
    case_number: str
    source: str
    table: str
    category: str
    law: str
    ends_on: date | None
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What doing the erasures again came to."""

    records: int  # listed in the ledger
    gone_again: int  # had come back, and went
    failed: int
    sources: tuple[str, ...]  # that could not be reached, or can not do it


async def sweep(desk: Desk) -> int:
    """Offers what is past its end date to staff, one line per case; gives the number of records. A daily tick."""

    def settle(unit: Unit) -> int:
        rows = table(LedgerEntry)
        over = unit.rows(
            select(rows)
            .where(rows.c.fate == Fate.KEEP.value, rows.c.closed_at.is_(None), rows.c.offered_at.is_(None))
            .where(rows.c.ends_on < local_date(unit.now), rows.c.organisation_id.in_(desk.organisations))
            .limit(BATCH)
        )
        for row in over:
            unit.change(LedgerEntry, row.id, offered_at=unit.now)
            open_work(
                unit, WorkKind.KEPT_ENDED, row.organisation_id, same=f"{row.organisation_id}:{row.case_number}",
                detail=row.case_number, due_on=local_date(unit.now),
            )  # fmt: skip
        return len(over)

    return await desk.store.write(settle)


def offered(reads: Reads, organisation: str, case_number: str) -> list[Kept]:
    """The dry run of one line: the records whose term is over."""
    rows = table(LedgerEntry)
    found = reads.rows(
        select(rows)
        .where(rows.c.organisation_id == organisation, rows.c.case_number == case_number)
        .where(rows.c.offered_at.is_not(None), rows.c.closed_at.is_(None))
        .order_by(rows.c.source, rows.c.table_name, rows.c.id)
    )
    return [_kept(reads, row) for row in found]


async def ended(desk: Desk, organisation: str) -> dict[str, list[Kept]]:
    """Case number → the records whose term is over and that staff have been offered."""
    rows = table(LedgerEntry)
    query = select(rows.c.case_number).where(
        rows.c.organisation_id == organisation, rows.c.offered_at.is_not(None), rows.c.closed_at.is_(None)
    )

    def read(reads: Reads) -> dict[str, list[Kept]]:
        numbers = sorted({row.case_number for row in reads.rows(query)})
        return {number: offered(reads, organisation, number) for number in numbers}

    return await desk.store.read(read)


def _kept(reads: Reads, row: Row[Any]) -> Kept:
    sealer = reads.keys.data(reads, row.data_key_id)
    key = sealer.open_text(row.reference, f"ledger_entry.reference:{row.id}")
    return Kept(
        row.id, row.organisation_id, row.case_number, row.source, row.table_name, row.category, row.law, row.ends_on,
        key, tuple(row.columns or ()),
    )  # fmt: skip


async def erase_ended(desk: Desk, actor: str, organisation: str, case_number: str) -> int:
    """Staff approved the dry run: erases the records whose term is over and closes their lines; gives how many.

    A record that fails keeps its line open. InputError `nothing_ended`, `not_all`: some could not be erased.
    """
    kept = await desk.store.read(lambda reads: offered(reads, organisation, case_number))
    if not kept:
        raise InputError("nothing_ended")
    outcomes = [(one, await _erase(desk, one)) for one in kept]
    gone = [one for one, changed in outcomes if changed.status in DONE]

    def settle(unit: Unit) -> None:
        for one in gone:
            unit.change(
                LedgerEntry, one.id, if_={"closed_at": None}, fate=Fate.ERASE.value, closed_at=unit.now, closed_by=actor
            )
            unit.record(
                AuditTag.KEPT_RECORD_ERASED, organisation=organisation, actor=actor, subject=one.id, source=one.source,
                ended=str(one.ends_on),
            )  # fmt: skip
        if len(gone) == len(kept):
            close_work(
                unit, WorkKind.KEPT_ENDED, actor=actor, same=f"{WorkKind.KEPT_ENDED.value}:{organisation}:{case_number}"
            )

    await desk.store.write(settle)
    if len(gone) < len(kept):
        raise InputError("not_all")
    return len(gone)


async def _erase(desk: Desk, one: Kept) -> Changed:
    """Erased where the source can, else every field that points to somebody goes."""
    source = desk.organisation(one.organisation).sources.get(one.source)
    if source is None:
        return Changed(one.id, ActionStatus.FAILED, error="dit systeem is niet meer gekoppeld")
    info = next((part for part in source.describe().tables if part.name == one.table), None)
    can = info.can if info is not None else frozenset()
    verb = Verb.ERASE if Verb.ERASE in can else Verb.ANONYMISE
    columns = tuple(each.name for each in info.fields if each.identifies) if info and verb is Verb.ANONYMISE else ()
    return await _change(desk, one, Change(one.id, verb, one.table, (one.key,), columns=columns))


async def _change(desk: Desk, one: Kept, change: Change) -> Changed:
    try:
        return await desk.organisation(one.organisation).sources[one.source].change(change)
    except OutsideError as error:
        return Changed(change.id, ActionStatus.FAILED, error=str(error))


async def keep_longer(desk: Desk, actor: str, entry_id: str, until: date, reason: str) -> None:
    """A dispute came up, say: staff move the end date, with a reason. InputError `reason_missing`, `not_later`."""
    if not reason.strip():
        raise InputError("reason_missing")

    def settle(unit: Unit) -> None:
        rows = table(LedgerEntry)
        row = unit.one(select(rows).where(rows.c.id == entry_id, rows.c.closed_at.is_(None)))
        if row is None or until <= local_date(unit.now):
            raise InputError("not_later")
        unit.change(LedgerEntry, entry_id, ends_on=until, offered_at=None, law=f"{row.law}; {reason.strip()}"[:300])
        unit.record(
            AuditTag.KEPT_RECORD_LONGER, organisation=row.organisation_id, actor=actor, subject=entry_id,
            until=str(until),
        )  # fmt: skip

    await desk.store.write(settle)


async def replay(desk: Desk, organisation: str) -> Replayed:
    """After a restore: every erasure and anonymisation of the ledger once more. What is gone already stays gone."""
    listed = await desk.store.read(lambda reads: _executed(reads, organisation))
    again, failed, sources = 0, 0, set()
    for one, fate in listed:
        source = desk.organisation(organisation).sources.get(one.source)
        verb = Verb.ERASE if fate is Fate.ERASE else Verb.ANONYMISE
        change = Change(f"replay:{one.id}", verb, one.table, (one.key,), columns=one.columns)
        done = await _change(desk, one, change) if source is not None else None
        if done is None or done.status not in DONE:
            failed += 1
            sources.add(one.source)
        elif done.status is ActionStatus.DONE:
            again += 1
    await desk.store.write(
        lambda unit: unit.record(
            AuditTag.ERASURES_REPLAYED,
            organisation=organisation,
            actor=PROGRAM,
            records=len(listed),
            again=again,
            failed=failed,
        )
    )
    return Replayed(len(listed), again, failed, tuple(sorted(sources)))


def _executed(reads: Reads, organisation: str) -> Sequence[tuple[Kept, Fate]]:
    rows = table(LedgerEntry)
    fates = [Fate.ERASE.value, Fate.ANONYMISE.value]
    found = reads.rows(
        select(rows)
        .where(rows.c.organisation_id == organisation, rows.c.reference.is_not(None))
        .where(rows.c.fate.in_(fates) | ((rows.c.fate == Fate.KEEP.value) & rows.c.columns.is_not(None)))
        .order_by(rows.c.recorded_at, rows.c.id)
    )
    listed = [(_kept(reads, row), Fate(row.fate)) for row in found]
    return [(one, fate) for one, fate in listed if fate is not Fate.KEEP or one.columns]
