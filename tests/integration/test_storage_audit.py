"""The audit chains on both databases: any change, gap, swap or vanished chain is found; writers never fork one."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from sqlalchemy import ColumnElement, delete, select, update

from cases.audit import AuditTag
from cases.types import Label
from storage.audit import AuditReport, checkpoint, checkpoint_if_due, verify
from storage.models import Audit, AuditCheckpoint, table
from storage.unit import Store, Unit
from tests.support.clock import SetClock
from tests.support.stores import ORGANISATION, OTHER_ORGANISATION, store_at

ROWS = table(Audit)


def record(unit: Unit, chain: str | None, **facts: Any) -> None:
    unit.record(AuditTag.REQUEST_MOVED, organisation=ORGANISATION, actor="program", case=chain, **facts)


def fill(store: Store, clock: SetClock) -> None:
    """Two cases and the chain of the organisation, four entries each, over several units."""
    for step in range(4):
        clock.advance(minutes=1)

        def writes(unit: Unit, step: int = step) -> None:
            for chain in ("case-a", "case-b", None):
                record(unit, chain, step=step, label=Label.INZAGE, parts=("een", "twee"), at=unit.now, naam="é\x00")

        store.write_here(writes)


def report(store: Store) -> AuditReport:
    return store.read_here(verify)


def at(chain: str, seq: int) -> ColumnElement[bool]:
    return (ROWS.c.chain == chain) & (ROWS.c.seq == seq)


def tamper(store: Store, *statements: Any) -> tuple[str, ...]:
    """Someone with the database open, past the program."""
    with store.write_engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    return report(store).problems


def test_chains_as_written_are_in_order(store: Store, clock: SetClock) -> None:
    fill(store, clock)
    assert report(store) == AuditReport(3, 12, ())


def test_an_empty_log_is_in_order(store: Store) -> None:
    assert report(store) == AuditReport(0, 0, ())


CHANGES: dict[str, Any] = {
    "at": SetClock().now(), "actor": "staff:x", "tag": "case.closed", "subject": "x", "facts": {"step": 99},
    "organisation_id": OTHER_ORGANISATION, "digest": "0" * 64, "previous": "f" * 64,
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_entry_is_found(store: Store, clock: SetClock, column: str) -> None:
    fill(store, clock)
    problems = tamper(store, update(ROWS).where(at("case-a", 2)).values({column: CHANGES[column]}))
    assert problems
    assert all(problem.startswith(("case-a 2:", "case-a 3:")) for problem in problems)


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_removed_entry_is_found(store: Store, clock: SetClock, seq: int) -> None:
    fill(store, clock)
    assert tamper(store, delete(ROWS).where(at("case-a", seq))) == (f"case-a {seq + 1}: entry {seq} is missing",)


def test_swapped_entries_are_found(store: Store, clock: SetClock) -> None:
    fill(store, clock)
    moves = [update(ROWS).where(at("case-a", old)).values(seq=new) for old, new in ((2, 99), (3, 2), (99, 3))]
    assert tamper(store, *moves)


def test_an_entry_moved_to_another_chain_is_found(store: Store, clock: SetClock) -> None:
    fill(store, clock)
    problems = tamper(store, update(ROWS).where(at("case-b", 4)).values(chain="case-a", seq=5))
    assert problems
    assert all(problem.startswith("case-a 5:") for problem in problems)


def test_a_vanished_tail_or_chain_needs_the_checkpoint(store: Store, clock: SetClock) -> None:
    fill(store, clock)
    assert store.write_here(checkpoint) == 3
    fill(store, clock)
    assert report(store).problems == ()
    assert tamper(store, delete(ROWS).where(ROWS.c.chain == "case-b")) == (
        "case-b 4: entries known to the checkpoint are gone",
    )
    assert len(tamper(store, delete(ROWS).where(ROWS.c.chain == "case-a", ROWS.c.seq > 3))) == 2


def test_a_chain_written_anew_differs_from_the_checkpoint(store: Store, clock: SetClock) -> None:
    fill(store, clock)
    store.write_here(checkpoint)
    tamper(store, delete(ROWS).where(ROWS.c.chain == "case-a"))
    for step in range(4):
        store.write_here(partial(record, chain="case-a", step=step, forged=True))
    assert report(store).problems == ("case-a 4: differs from the checkpoint",)


def test_checkpoints_are_a_chain_themselves(store: Store, clock: SetClock) -> None:
    points = table(AuditCheckpoint)
    for _ in range(3):
        fill(store, clock)
        store.write_here(checkpoint)
    assert report(store).problems == ()
    ids = store.read_here(lambda reads: [row.id for row in reads.rows(select(points.c.id).order_by(points.c.at))])
    (problem,) = tamper(store, delete(points).where(points.c.id == ids[1]))
    assert problem.startswith(f"checkpoint {ids[2]}:")


def test_only_the_newest_checkpoint_keeps_its_heads(store: Store, clock: SetClock) -> None:
    """A year of days may not fill the database; a chain that vanished years ago is still missed."""
    points = table(AuditCheckpoint)
    for _ in range(5):
        fill(store, clock)
        store.write_here(checkpoint)
    rows = store.read_here(lambda reads: reads.rows(select(points).order_by(points.c.at)))
    assert [row.heads is None for row in rows] == [True] * 4 + [False]
    assert set(rows[-1].heads) == {"case-a", "case-b", f"org:{ORGANISATION}"}
    assert report(store).problems == ()
    assert tamper(store, delete(ROWS).where(ROWS.c.chain == "case-b")) == (
        "case-b 20: entries known to the checkpoint are gone",
    )


@pytest.mark.parametrize("column", ["digest", "previous", "heads"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_changed_checkpoint_is_found(store: Store, clock: SetClock, which: int, column: str) -> None:
    points = table(AuditCheckpoint)
    for _ in range(3):
        fill(store, clock)
        store.write_here(checkpoint)
    ids = store.read_here(lambda reads: [row.id for row in reads.rows(select(points.c.id).order_by(points.c.at))])
    changed = update(points).where(points.c.id == ids[which])
    assert tamper(store, changed.values({column: {} if column == "heads" else "f" * 64}))


def test_the_newest_checkpoint_can_not_be_taken_away(store: Store, clock: SetClock) -> None:
    points = table(AuditCheckpoint)
    for _ in range(2):
        fill(store, clock)
        store.write_here(checkpoint)
    (problem,) = tamper(store, delete(points).where(points.c.heads.is_not(None)))
    assert "after it is gone" in problem
    (problem,) = tamper(store, update(points).values(heads=None))
    assert "after it is gone" in problem


def test_a_checkpoint_is_due_once_a_day_however_often_it_is_asked(store: Store, clock: SetClock) -> None:
    asked = []
    for _ in range(5):  # a program that restarts every twelve hours
        asked.append(store.write_here(checkpoint_if_due))
        clock.advance(hours=12)
    assert asked == [True, False, True, False, True]
    assert report(store).problems == ()


async def test_two_processes_that_start_write_one_checkpoint(store: Store, store_url: str, clock: SetClock) -> None:
    fill(store, clock)
    with store_at(store_url, store.context) as second:
        wrote = await asyncio.gather(*(one.write(checkpoint_if_due) for one in (store, second) * 4))
    assert sorted(wrote) == [False] * 7 + [True]
    assert report(store).problems == ()


async def test_writers_of_two_processes_do_not_fork_a_chain(store: Store, store_url: str) -> None:
    """40 units on each store, each with entries on two shared chains in both orders: none is lost, none fails."""

    def writes(unit: Unit, turned: bool) -> None:
        for chain in ("case-a", None)[:: -1 if turned else 1]:
            record(unit, chain)

    async def work(through: Store, turned: bool) -> None:
        for _ in range(20):
            await through.write(lambda unit: writes(unit, turned))

    with store_at(store_url) as second:
        await asyncio.gather(work(store, True), work(store, False), work(second, True), work(second, False))
    assert report(store) == AuditReport(2, 160, ())


def test_entries_of_one_unit_follow_each_other(store: Store) -> None:
    def writes(unit: Unit) -> None:
        unit.record(AuditTag.CASE_OPENED, organisation=ORGANISATION, actor="program", case="new", new_case=True)
        for step in range(3):
            record(unit, "new", step=step)

    store.write_here(writes)
    found = store.read_here(lambda reads: reads.rows(select(ROWS.c.seq, ROWS.c.tag).order_by(ROWS.c.seq)))
    assert [tuple(row) for row in found] == [
        (1, "case.opened"), (2, "request.moved"), (3, "request.moved"), (4, "request.moved"),
    ]  # fmt: skip
    assert report(store).problems == ()
