"""Who was erased or wants no advertising, and stands in a system again: looked for once a day (art. 17, 21(3), 5(2)).

A mark is a keyed digest, so nobody can be searched for; instead every address in a system is hashed with the same key
and held against the marks, inside the system's own reading. Somebody erased should stand nowhere but in the records
that the ledger says are kept; of somebody who opted out only the switch of that channel must be off. What is found is a
line for staff, one per person and system: who was added again by mistake goes again, who came back is let in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.calendar import local_date
from cases.errors import InputError, OutsideError, Stale
from cases.policy import RetentionSource
from cases.protocols import Change, DataSource, FindStatus, Identifier, Listed, TableInfo, Walkable
from cases.types import ActionStatus, Fate, Verb, WorkKind
from storage.models import Audit, LedgerEntry, WorkItem, table
from storage.queries.open_cases import in_the_way
from storage.queries.suppression import Mark, Marks, marks
from storage.queries.writing import open_work
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.four_eyes import FirstLook, by_two, digest, first_look
from workflow.ledger import reference_digest
from workflow.suppression import close_returned, withdraw

EVERY = timedelta(hours=20)  # once a day, whatever the hour at which the program is started


@dataclass(frozen=True, slots=True)
class Returned:
    """Records of one person in one system that should not be there, or should be switched off."""

    mark: Mark
    source: str
    records: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a walk through the systems of one organisation came to."""

    marked: int = 0  # addresses on the list
    found: tuple[Returned, ...] = ()
    walked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()  # systems that can not be walked: somebody has to look there


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the work list, with the mark behind it."""

    work_id: str
    organisation: str
    source: str
    tables: dict[str, int]
    mark: Mark
    since: datetime
    look: FirstLook | None = None  # somebody approved that it is erased again


async def sweep(desk: Desk) -> int:
    """The daily walk; gives the number of persons found. An hourly tick: who was looked for today is passed over."""
    found = 0
    for organisation in desk.organisations:
        if await desk.store.read(partial(_fresh, organisation=organisation)):
            continue
        looked = await look(desk, organisation)
        stands = await desk.store.read(partial(_lines, organisations=[organisation]))
        if looked.marked or stands:
            await desk.store.write(partial(write_down, organisation=organisation, looked=looked))
            found += len(looked.found)
    return found


async def look(desk: Desk, organisation: str) -> Looked:
    """Walks through every system that lets itself be walked through. Changes nothing."""
    listed, kept = await desk.store.read(lambda reads: (marks(reads, organisation), _kept(reads, organisation)))
    if not listed.by_digest:
        return Looked()
    found: list[Returned] = []
    walked, failed, closed = [], [], []
    for name, source in desk.organisation(organisation).sources.items():
        if not isinstance(source, Walkable):
            closed.append(name)
            continue
        try:
            records = await source.listed(lambda address: listed.of(address) is not None)
        except OutsideError:
            failed.append(name)
            continue
        walked.append(name)
        found += _judged(listed, name, records, kept)
    return Looked(len(listed.by_digest), tuple(found), tuple(walked), tuple(failed), tuple(closed))


def write_down(unit: Unit, organisation: str, looked: Looked) -> None:
    """A line per person and system; lines of whom is no longer there are closed."""
    back = {(one.mark.digest, one.source) for one in looked.found}
    for row in _lines(unit, [organisation]):
        seen = not looked.marked or row.facts["source"] in looked.walked
        if seen and (row.facts["mark"], row.facts["source"]) not in back:
            close_returned(unit, PROGRAM, organisation, row.facts["mark"], source=row.facts["source"])
    for one in looked.found:
        tables = Counter(record.table for record in one.records)
        open_work(
            unit, WorkKind.RETURNED, organisation, same=f"{organisation}:{one.source}:{one.mark.digest[:32]}",
            detail=f"{one.source},{one.mark.case_number}", due_on=local_date(unit.now),
            facts={"mark": one.mark.digest, "source": one.source, "tables": dict(tables)},
        )  # fmt: skip
    unit.record(
        AuditTag.SUPPRESSION_LOOKED, organisation=organisation, actor=PROGRAM, marked=looked.marked,
        found=len(looked.found), failed=list(looked.failed),
    )  # fmt: skip


def lines(reads: Reads, organisations: Collection[str]) -> list[Line]:
    """What waits for staff, the oldest first."""
    rows = _lines(reads, organisations)
    known: dict[str, Marks] = {}
    for row in rows:
        if row.organisation_id not in known:
            known[row.organisation_id] = marks(reads, row.organisation_id)
    return [
        Line(
            row.id, row.organisation_id, row.facts["source"], row.facts["tables"], mark, row.opened_at,
            first_look(row.facts),
        )
        for row in rows
        if (mark := known[row.organisation_id].by_digest.get(row.facts["mark"])) is not None
    ]  # fmt: skip


async def take_away(desk: Desk, staff_id: str, work_id: str, *, totp_fresh: bool = False) -> int | None:
    """Added again by mistake: erased again, or opted out again; gives how many records.

    Erasing takes two people, as it did the first time: None after the first. InputError `open_case` (a request of the
    same person runs), `customer_again` (there are records that the law keeps), `second_person`, `not_all` (a system
    could not; the line stays).
    """
    line = await desk.store.read(lambda reads: _free(reads, work_id))
    looked = await look(desk, line.organisation)
    mine = next((one for one in looked.found if (one.mark, one.source) == (line.mark, line.source)), None)
    if mine is None and line.source not in looked.walked:
        raise InputError("not_all")
    records = mine.records if mine is not None else ()
    source = desk.organisation(line.organisation).sources[line.source]
    if line.mark.erased and records:
        await _no_customer(desk, line, source, records)
        what = digest(f"{one.table}:{one.key}" for one in records)
        if not await desk.store.write(
            lambda unit: by_two(unit, desk, _work(unit, work_id), staff_id, what, totp_fresh=totp_fresh)
        ):
            return None
    infos = {info.name: info for info in source.describe().tables}
    places = list(infos)
    done = 0
    for record in sorted(records, key=lambda one: -places.index(one.table)):  # children before what they refer to
        change = _change(f"returned:{work_id}", line.mark, record, infos[record.table])
        with suppress(OutsideError):  # what did not go stays on the line
            changed = await source.change(change)
            done += changed.status in (ActionStatus.DONE, ActionStatus.NOTHING)

    actor = staff_actor(staff_id)

    def settle(unit: Unit) -> None:
        unit.record(
            AuditTag.RETURNED_ERASED, organisation=line.organisation, actor=actor, subject=work_id,
            source=line.source, records=done, erased=line.mark.erased,
        )  # fmt: skip
        if done == len(records):
            close_returned(unit, actor, line.organisation, line.mark.digest, source=line.source)

    await desk.store.write(settle)
    if done < len(records):
        raise InputError("not_all")
    return done


async def _no_customer(desk: Desk, line: Line, source: DataSource, records: Collection[Listed]) -> None:
    """A new invoice shows a customer, not a mistake: that takes a request of its own, record by record (17(3)(b))."""
    handles = [Identifier("email", address, proven=True) for address in sorted({one.address for one in records})]
    found = await source.find(handles)
    if found.status is FindStatus.FAILED:
        raise InputError("not_all")
    policy = desk.organisation(line.organisation).policy
    law = {rule.category for rule in policy.retention if rule.source is RetentionSource.LAW}
    books = {info.name for info in source.describe().tables if any(item.category in law for item in info.fields)}
    listed, kept = await desk.store.read(
        lambda reads: (marks(reads, line.organisation), _kept(reads, line.organisation))
    )
    for part in (part for part in found.tables if part.table in books):
        known = [reference_digest(listed.key, line.source, part.table, key, Fate.KEEP) in kept for key in part.keys]
        if not all(known) or len(known) < len(part.rows):
            raise InputError("customer_again")


async def came_back(desk: Desk, actor: str, work_id: str) -> None:
    """The person is here again by its own wish: the marks no longer hold. Stale when nobody waits for it any more."""
    line = await desk.store.read(lambda reads: _line(reads, work_id))
    await withdraw(desk, actor, line.organisation, line.mark.digest)


# --- the pieces -------------------------------------------------------------------------------------------------------


def _judged(listed: Marks, source: str, records: Collection[Listed], kept: Collection[str]) -> list[Returned]:
    persons: dict[str, list[Listed]] = {}
    for one in records:
        mark = listed.of(one.address)
        assert mark is not None
        wrong = _unkept(listed, source, one, kept) if mark.erased else bool(mark.channels & one.open_for)
        if wrong:
            persons.setdefault(mark.digest, []).append(one)
    return [Returned(listed.by_digest[digest], source, tuple(found)) for digest, found in persons.items()]


def _unkept(listed: Marks, source: str, one: Listed, kept: Collection[str]) -> bool:
    return reference_digest(listed.key, source, one.table, one.key, Fate.KEEP) not in kept


def _kept(reads: Reads, organisation: str) -> set[str]:
    """The records that the ledger says stay for now."""
    rows = table(LedgerEntry)
    query = select(rows.c.reference_digest).where(
        rows.c.organisation_id == organisation, rows.c.fate == Fate.KEEP.value, rows.c.closed_at.is_(None)
    )
    return {row.reference_digest for row in reads.rows(query)}


def _change(prefix: str, mark: Mark, record: Listed, info: TableInfo) -> Change:
    change_id, keys = f"{prefix}:{record.table}:{record.key}", (record.key,)
    if not mark.erased:
        channels = tuple(sorted(mark.channels & record.open_for))
        return Change(change_id, Verb.OPT_OUT, record.table, keys, channels=channels)
    if Verb.ERASE in info.can:
        return Change(change_id, Verb.ERASE, record.table, keys)
    columns = tuple(field.name for field in info.fields if field.identifies)
    return Change(change_id, Verb.ANONYMISE, record.table, keys, columns=columns)


def _lines(reads: Reads, organisations: Collection[str]) -> list[Row[Any]]:
    rows = table(WorkItem)
    mine = (rows.c.kind == WorkKind.RETURNED.value) & rows.c.organisation_id.in_(organisations)
    return list(reads.rows(select(rows).where(mine, rows.c.closed_at.is_(None)).order_by(rows.c.opened_at, rows.c.id)))


def _work(reads: Reads, work_id: str) -> Row[Any]:
    rows = table(WorkItem)
    row = reads.one(select(rows).where(rows.c.id == work_id, rows.c.closed_at.is_(None)))
    if row is None:
        raise Stale("nobody waits for this any more")
    return row


def _line(reads: Reads, work_id: str) -> Line:
    rows = table(WorkItem)
    row = reads.one(select(rows.c.organisation_id).where(rows.c.id == work_id))
    line = next((one for one in lines(reads, [row.organisation_id] if row else []) if one.work_id == work_id), None)
    if line is None:
        raise Stale("nobody waits for this any more")
    return line


def _free(reads: Reads, work_id: str) -> Line:
    """While a request of the same person is open, nothing of them goes."""
    line = _line(reads, work_id)
    if line.mark.case_id and in_the_way(reads, [line.mark.case_id]):
        raise InputError("open_case")
    return line


def _fresh(reads: Reads, organisation: str) -> bool:
    rows = table(Audit)
    looked = (rows.c.tag == AuditTag.SUPPRESSION_LOOKED.value) & (rows.c.at > reads.now - EVERY)
    return reads.one(select(rows.c.id).where(looked, rows.c.organisation_id == organisation)) is not None
