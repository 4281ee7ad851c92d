"""Kept records have an end: on that day staff get the dry run "termijn verlopen: alsnog wissen" (art. 5(1)(e), 17).

What a running contract keeps has no day yet: a year after the decision, and every year again, staff are asked whether
it must still stay. Nothing goes while a request of the same person is open or a freeze stands (art. 15, 18), or while
the claim or contract may still run: each line says why it stays, and none is lost. Not here: how a line is erased
(`ledger_erase`), what the ledger holds (`ledger`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, literal, select

from cases.audit import AuditTag, staff_actor
from cases.calendar import at_hour, local_date
from cases.erasure import CLAIM_LAW, CONTRACT_LAW
from cases.errors import InputError, Stale
from cases.types import Fate, WorkKind
from storage.models import LedgerEntry, Request, WorkItem, table
from storage.queries.open_cases import InTheWay, in_the_way
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.four_eyes import FirstLook, by_two, digest, first_look
from workflow.ledger import Entry, entries, noted
from workflow.ledger_erase import Came, Outcome, erase_all
from workflow.suppression import contract_over

BATCH = 500


class Stays(StrEnum):
    """Why a line whose day is over was not erased."""

    OPEN_CASE = "open_case"  # a request of the same person is open, or a freeze stands
    MAY_RUN = "may_run"  # the claim or the contract: somebody must say that it is over
    BY_HAND = "by_hand"
    STRANGER = "stranger"
    FAILED = "failed"


_CAME = {Came.BY_HAND: Stays.BY_HAND, Came.STRANGER: Stays.STRANGER, Came.FAILED: Stays.FAILED}


@dataclass(frozen=True, slots=True)
class Left:
    entry: Entry
    why: Stays
    detail: str = ""  # a case number, or what the system said


@dataclass(frozen=True, slots=True)
class Ended:
    """What erasing came to."""

    gone: int
    left: tuple[Left, ...] = ()


async def sweep(desk: Desk) -> int:
    """Offers what is past its end date or has its yearly look, one line per case; gives how many records are new."""

    def settle(unit: Unit) -> int:
        rows = table(LedgerEntry)
        mine = rows.c.organisation_id.in_(desk.organisations)
        over = unit.rows(
            select(rows)
            .where(_stands(), mine, rows.c.offered_at.is_(None), rows.c.ends_on < local_date(unit.now))
            .limit(BATCH)
        )
        for row in over:
            unit.change(LedgerEntry, row.id, offered_at=unit.now)
            _open(unit, WorkKind.KEPT_ENDED, row.organisation_id, row.case_number)
        # what stands on the list already would come first every time
        looks = unit.rows(select(rows).where(_stands(), mine, _due(unit.now), ~_listed()).limit(BATCH))
        for row in looks:
            _open(unit, WorkKind.KEPT_REVIEW, row.organisation_id, row.case_number)
        return len(over) + len(looks)

    return await desk.store.write(settle)


def offered(reads: Reads, organisation: str, case_numbers: Collection[str]) -> list[Entry]:
    """The dry run of these cases: the records whose term is over."""
    rows = table(LedgerEntry)
    return _entries(reads, organisation, rows.c.case_number.in_(case_numbers), rows.c.offered_at.is_not(None))


async def ended(desk: Desk, organisation: str) -> dict[str, list[Entry]]:
    """Case number → the records whose term is over and that staff have been offered."""
    rows = table(LedgerEntry)
    return _by_case(await desk.store.read(lambda r: _entries(r, organisation, rows.c.offered_at.is_not(None))))


async def to_review(desk: Desk, organisation: str) -> dict[str, list[Entry]]:
    """Case number → the records of which staff have to say whether they must stay."""
    return _by_case(await desk.store.read(lambda reads: _entries(reads, organisation, _due(reads.now))))


async def approve_ended(
    desk: Desk, staff_id: str, organisation: str, case_number: str, *, over: bool = False, totp_fresh: bool = False
) -> Ended | None:
    """Staff approve the dry run of one case, two of them as with every erasure: None after the first.

    InputError: `nothing_ended`, `second_person`, `not_allowed`.
    """

    def look(unit: Unit) -> bool:
        may_decide(unit, staff_id, organisation)
        kept = offered(unit, organisation, [case_number])
        if not kept:
            raise InputError("nothing_ended")
        return by_two(unit, desk, _line(unit, kept[0]), staff_id, looked_at(kept, over=over), totp_fresh=totp_fresh)

    if not await desk.store.write(look):
        return None
    return await erase_ended(desk, staff_actor(staff_id), organisation, [case_number], over=over)


def looked_at(kept: Sequence[Entry], *, over: bool) -> str:
    """What two people have to approve: these records, and whether what kept them is over."""
    return digest([f"over: {over}", *(one.id for one in kept)])


def first_looks(reads: Reads, organisation: str) -> dict[str, FirstLook]:
    """Case number → who approved its dry run, where somebody did."""
    rows = table(WorkItem)
    mine = (rows.c.kind == WorkKind.KEPT_ENDED.value) & (rows.c.organisation_id == organisation)
    found = reads.rows(select(rows.c.detail, rows.c.facts).where(mine, rows.c.closed_at.is_(None)))
    return {row.detail: look for row in found if (look := first_look(row.facts)) is not None}


async def erase_ended(
    desk: Desk, actor: str, organisation: str, case_numbers: Collection[str], *, over: bool = False
) -> Ended:
    """Two people approved the dry run: erases the records whose term is over and closes their lines.

    `over`: the claim or contract that kept some of them is over, say who approve. InputError `nothing_ended`.
    """
    kept, blocked = await desk.store.read(lambda reads: _look(reads, organisation, case_numbers))
    if not kept:
        raise InputError("nothing_ended")
    left = [Left(one, Stays.OPEN_CASE, blocked[one.id].case_number) for one in kept if one.id in blocked]
    free = [one for one in kept if one.id not in blocked]
    left += [Left(one, Stays.MAY_RUN) for one in free if not over and may_run([one])]
    going = [one for one in free if over or not may_run([one])]
    outcomes = await erase_all(desk, going, prefix="ended", whole=True)
    left += [Left(one.entry, _CAME[one.came], one.error) for one in outcomes if one.came in _CAME]
    gone = [one for one in outcomes if one.came not in _CAME]
    await desk.store.write(lambda unit: _close(unit, actor, gone))
    return Ended(len(gone), tuple(left))


async def erased_by_hand(desk: Desk, actor: str, organisation: str, entry_id: str) -> None:
    """Somebody erased the record in its system. Raises Stale when its line does not stand open.

    InputError `look_first` (two people approve the dry run before that), `open_case`.
    """

    def settle(unit: Unit) -> None:
        (one,) = entries(unit, [_open_line(unit, organisation, entry_id)])
        look = first_looks(unit, organisation).get(one.case_number)
        if look is None or not look.by_two:
            raise InputError("look_first")
        if in_the_way_of(unit, [one]):
            raise InputError("open_case")
        _close(unit, actor, [Outcome(one, Came.GONE)])

    await desk.store.write(settle)


async def keep_longer(
    desk: Desk, actor: str, organisation: str, entry_ids: Collection[str], until: date, reason: str
) -> None:
    """A dispute came up, say: staff move the end date of some lines, with a reason.

    InputError `reason_missing`, `nothing_ended`, `not_later`.
    """
    if not reason.strip():
        raise InputError("reason_missing")
    if not entry_ids:
        raise InputError("nothing_ended")

    def settle(unit: Unit) -> None:
        if until <= local_date(unit.now):
            raise InputError("not_later")
        rows = [_open_line(unit, organisation, entry_id) for entry_id in entry_ids]
        for row in rows:
            unit.change(LedgerEntry, row.id, ends_on=until, offered_at=None, note=noted(unit, row, actor, reason))
            unit.record(
                AuditTag.KEPT_RECORD_LONGER, organisation=organisation, actor=actor, subject=row.id, until=str(until)
            )
        for number in {row.case_number for row in rows}:
            _finished(unit, actor, organisation, number)

    await desk.store.write(settle)


async def review(desk: Desk, actor: str, organisation: str, case_number: str, ends_on: date | None, reason: str) -> int:
    """The yearly look at what a contract keeps: an end date, or another year with a reason; gives how many records.

    An end date that has passed offers the records at once. InputError `reason_missing`, `nothing_ended`.
    """
    if ends_on is None and not reason.strip():
        raise InputError("reason_missing")

    def settle(unit: Unit) -> int:
        rows = table(LedgerEntry)
        mine = (rows.c.organisation_id == organisation) & (rows.c.case_number == case_number)
        found = unit.rows(select(rows).where(_stands(), mine, _due(unit.now)))
        if not found:
            raise InputError("nothing_ended")
        for row in found:
            note = noted(unit, row, actor, reason) if reason.strip() else row.note
            unit.change(LedgerEntry, row.id, ends_on=ends_on, reviewed_at=unit.now, note=note)
            unit.record(
                AuditTag.KEPT_RECORD_REVIEWED, organisation=organisation, actor=actor, subject=row.id,
                until=str(ends_on or ""),
            )  # fmt: skip
        _finished(unit, actor, organisation, case_number)
        return len(found)

    count = await desk.store.write(settle)
    if ends_on is not None:
        await sweep(desk)
    return count


def in_the_way_of(reads: Reads, kept: Sequence[Entry]) -> dict[str, InTheWay]:
    """Line → the open request or freeze of the same person that it waits for."""
    requests = table(Request)
    asked = {one.request_id for one in kept if one.request_id}
    found = reads.rows(select(requests.c.id, requests.c.case_id).where(requests.c.id.in_(asked)))
    cases = {row.id: row.case_id for row in found}
    blocked = in_the_way(reads, set(cases.values()))
    first = {request_id: blocked[case_id][0] for request_id, case_id in cases.items() if case_id in blocked}
    return {one.id: first[one.request_id] for one in kept if one.request_id in first}


def may_run(kept: Sequence[Entry]) -> bool:
    """Whether a claim or a contract keeps one of these: a date does not say that it is over, a person does."""
    return any(one.law in (CLAIM_LAW, CONTRACT_LAW) for one in kept)


# --- the pieces -------------------------------------------------------------------------------------------------------


def _stands() -> ColumnElement[bool]:
    rows = table(LedgerEntry)
    return (rows.c.fate == Fate.KEEP.value) & rows.c.closed_at.is_(None)


def _due(now: datetime) -> ColumnElement[bool]:
    """Kept without an end date, and decided or looked at a year ago."""
    rows = table(LedgerEntry)
    today = local_date(now)
    day = date(today.year - 1, today.month, 28 if (today.month, today.day) == (2, 29) else today.day)
    looked = func.coalesce(rows.c.reviewed_at, rows.c.recorded_at)
    return rows.c.ends_on.is_(None) & (looked < at_hour(day, 0))


def _listed() -> ColumnElement[bool]:
    """Its case has the line for the yearly look on the work list."""
    rows, work = table(LedgerEntry), table(WorkItem)
    same = literal(f"{WorkKind.KEPT_REVIEW.value}:") + rows.c.organisation_id + ":" + rows.c.case_number
    return exists().where(work.c.same == same)


def _entries(reads: Reads, organisation: str, *where: ColumnElement[bool]) -> list[Entry]:
    rows = table(LedgerEntry)
    query = select(rows).where(rows.c.organisation_id == organisation, _stands(), *where)
    order = rows.c.case_number, rows.c.source, rows.c.table_name, rows.c.id
    return entries(reads, reads.rows(query.order_by(*order)))


def _by_case(found: Sequence[Entry]) -> dict[str, list[Entry]]:
    cases: dict[str, list[Entry]] = {}
    for one in found:
        cases.setdefault(one.case_number, []).append(one)
    return cases


def _look(reads: Reads, organisation: str, case_numbers: Collection[str]) -> tuple[list[Entry], Mapping[str, InTheWay]]:
    kept = offered(reads, organisation, case_numbers)
    return kept, in_the_way_of(reads, kept)


def _open_line(unit: Unit, organisation: str, entry_id: str) -> Row[Any]:
    rows = table(LedgerEntry)
    row = unit.one(select(rows).where(rows.c.id == entry_id, rows.c.organisation_id == organisation, _stands()))
    if row is None:
        raise Stale("this line is closed")
    return row


def _open(unit: Unit, kind: WorkKind, organisation: str, case_number: str) -> None:
    open_work(
        unit, kind, organisation, same=f"{organisation}:{case_number}", detail=case_number, due_on=local_date(unit.now)
    )


def _line(unit: Unit, one: Entry) -> Row[Any]:
    """The line of its case on the work list; made anew where somebody took it off."""
    rows = table(WorkItem)
    _open(unit, WorkKind.KEPT_ENDED, one.organisation, one.case_number)
    unit.flush()
    same = f"{WorkKind.KEPT_ENDED.value}:{one.organisation}:{one.case_number}"
    row = unit.one(select(rows).where(rows.c.same == same))
    assert row is not None
    return row


def _close(unit: Unit, actor: str, gone: Sequence[Outcome]) -> None:
    for one in (outcome.entry for outcome in gone):
        unit.change(
            LedgerEntry, one.id, if_={"closed_at": None}, fate=Fate.ERASE.value, closed_at=unit.now, closed_by=actor
        )
        unit.record(
            AuditTag.KEPT_RECORD_ERASED, organisation=one.organisation, actor=actor, subject=one.id, source=one.source,
            ended=str(one.ends_on),
        )  # fmt: skip
    for request_id in {one.entry.request_id for one in gone if one.entry.law == CONTRACT_LAW and one.entry.request_id}:
        rows = table(LedgerEntry)
        left = select(rows.c.id).where(_stands(), rows.c.request_id == request_id, rows.c.law == CONTRACT_LAW)
        if unit.one(left) is None:
            contract_over(unit, request_id)
    for organisation, number in {(one.entry.organisation, one.entry.case_number) for one in gone}:
        _finished(unit, actor, organisation, number)


def _finished(unit: Unit, actor: str, organisation: str, case_number: str) -> None:
    """Takes the lines off the work list that have nothing left."""
    rows = table(LedgerEntry)
    mine = (rows.c.organisation_id == organisation) & (rows.c.case_number == case_number)
    kinds = {WorkKind.KEPT_ENDED: rows.c.offered_at.is_not(None), WorkKind.KEPT_REVIEW: _due(unit.now)}
    for kind, waits in kinds.items():
        if unit.one(select(rows.c.id).where(_stands(), mine, waits)) is None:
            close_work(unit, kind, actor=actor, same=f"{kind.value}:{organisation}:{case_number}")
