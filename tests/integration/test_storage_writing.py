"""The unit of work on both databases: nothing lost, nothing half written, nothing outside called from within."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from cases.audit import AuditTag
from cases.errors import OutsideError, RuleError, Stale
from cases.guard import outside_unit
from storage.models import Audit, Case, Inbound, Lease, WorkItem, table
from storage.unit import Reads, Store, Unit
from tests.support.stores import (
    LEASES,
    ORGANISATION,
    add_counter,
    add_inbound,
    add_request,
    count,
    fence,
    store_at,
)


def raise_from(seen: int, unit: Unit) -> None:
    unit.change(Lease, "counter", if_={"fence": seen}, fence=seen + 1)


async def test_200_concurrent_compare_and_set_updates_all_count(store: Store) -> None:
    """4 tasks × 50: read in one transaction, write in another, and again when somebody was faster."""
    store.write_here(add_counter)
    lost_races = 0

    async def raise_by_50() -> None:
        nonlocal lost_races
        done = 0
        while done < 50:
            seen = await store.read(fence)
            try:
                await store.write(partial(raise_from, seen))
            except Stale:
                lost_races += 1
            else:
                done += 1

    await asyncio.gather(*(raise_by_50() for _ in range(4)))
    assert store.read_here(fence) == 200
    assert lost_races > 0, "the tasks never met: this test showed nothing"


async def test_200_concurrent_read_then_write_units_all_count(store: Store) -> None:
    """The same inside one unit: one writer on SQLite, a locked row on PostgreSQL."""
    store.write_here(add_counter)

    def raise_by_one(unit: Unit) -> None:
        held = unit.value(select(LEASES.c.fence).where(LEASES.c.id == "counter").with_for_update())
        unit.change(Lease, "counter", fence=held + 1)

    async def raise_by_50() -> None:
        for _ in range(50):
            await store.write(raise_by_one)

    await asyncio.gather(*(raise_by_50() for _ in range(4)))
    assert store.read_here(fence) == 200


async def test_two_stores_on_one_database_lose_nothing(store: Store, store_url: str) -> None:
    """Two processes, as far as the database can see."""
    store.write_here(add_counter)

    def raise_by_one(unit: Unit) -> None:
        held = unit.value(select(LEASES.c.fence).where(LEASES.c.id == "counter").with_for_update())
        unit.change(Lease, "counter", fence=held + 1)

    async def raise_by_25(through: Store) -> None:
        for _ in range(25):
            await through.write(raise_by_one)

    with store_at(store_url) as second:
        await asyncio.gather(raise_by_25(store), raise_by_25(second), raise_by_25(store), raise_by_25(second))
    assert store.read_here(fence) == 100


def test_change_is_stale_when_the_row_is_gone_or_other(store: Store) -> None:
    store.write_here(add_counter)
    wrong: list[tuple[str, dict[str, Any]]] = [("nobody", {}), ("counter", {"fence": 7}), ("counter", {"holder": None})]
    for row, expected in wrong:

        def changes(unit: Unit, row: str = row, expected: dict[str, Any] = expected) -> None:
            unit.change(Lease, row, if_=expected, fence=1)

        with pytest.raises(Stale):
            store.write_here(changes)
    assert store.read_here(fence) == 0


def test_a_unit_that_raises_writes_nothing(store: Store) -> None:
    def fails(unit: Unit) -> None:
        add_request(unit)
        unit.record(AuditTag.CASE_OPENED, organisation=ORGANISATION, actor="program")
        unit.flush()
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        store.write_here(fails)
    assert (count(store, Case), count(store, Audit)) == (0, 0)


def test_what_was_added_is_seen_by_the_same_unit(store: Store) -> None:
    def adds_and_looks(unit: Unit) -> tuple[Any, ...]:
        add_inbound(unit)
        rows = table(Inbound)
        return unit.value(select(func.count()).select_from(rows)), unit.one(select(rows.c.status, rows.c.attempts))

    number, row = store.write_here(adds_and_looks)
    assert (number, tuple(row)) == (1, ("stored", 0))


@pytest.mark.parametrize("what", ["a source", "a sender", "the reader"])
async def test_nothing_outside_is_called_inside_a_unit(store: Store, what: str) -> None:
    def calls_out(unit: Unit) -> None:
        add_request(unit)
        outside_unit(what)

    with pytest.raises(RuleError, match=what):
        await store.write(calls_out)
    assert count(store, Case) == 0
    outside_unit(what)  # and outside of one it may be


def test_a_unit_inside_a_unit_is_refused(store: Store) -> None:
    with pytest.raises(RuleError, match="another unit"):
        store.write_here(lambda unit: store.write_here(add_request))
    assert count(store, Case) == 0


def test_reading_can_not_write(store: Store) -> None:
    store.write_here(add_counter)
    with pytest.raises(OutsideError):
        store.read_here(lambda reads: reads.connection.execute(LEASES.delete()))
    assert count(store, Lease) == 1


def test_a_reader_sees_one_moment(store: Store) -> None:
    store.write_here(add_counter)

    def reads_twice(reads: Reads) -> tuple[int, int]:
        before = fence(reads)
        store.write_here(lambda unit: unit.change(Lease, "counter", fence=9))
        return before, fence(reads)

    assert store.read_here(reads_twice) == (0, 0)
    assert store.read_here(fence) == 9


def test_unknown_and_forgotten_columns_are_bugs_not_races(store: Store) -> None:
    with pytest.raises(RuleError, match="no column"):
        store.write_here(lambda unit: unit.add(Lease, id="x", colour="blue"))
    with pytest.raises(RuleError, match="left empty") as caught:
        store.write_here(lambda unit: unit.add(Lease, id="x", fence=1, until=unit.now))
    assert not isinstance(caught.value, Stale)


def test_a_unique_key_or_a_vanished_parent_is_stale(store: Store) -> None:
    store.write_here(add_counter)
    with pytest.raises(Stale):
        store.write_here(add_counter)
    with pytest.raises(Stale):
        store.write_here(
            lambda unit: unit.add(WorkItem, id="w", organisation_id="nobody", kind="triage", opened_at=unit.now)
        )


def test_a_savepoint_undoes_only_its_own_part(store: Store) -> None:
    """As `accept` takes a group of messages: one that stood already does not cost the others."""
    store.write_here(lambda unit: add_inbound(unit, mark="stood"))

    def accepts(unit: Unit) -> list[str]:
        refused = []
        for mark in ("first", "stood", "last"):
            try:
                with unit.savepoint():
                    unit.record(AuditTag.MESSAGE_RECEIVED, organisation=ORGANISATION, actor="program", mark=mark)
                    add_inbound(unit, mark=mark)
            except Stale:
                refused.append(mark)
        return refused

    assert store.write_here(accepts) == ["stood"]
    rows, audit = table(Inbound), table(Audit)
    marks = store.read_here(lambda reads: {row.raw_digest for row in reads.rows(select(rows.c.raw_digest))})
    written = store.read_here(lambda reads: reads.rows(select(audit.c.facts).order_by(audit.c.seq)))
    assert marks == {"first", "stood", "last"}
    assert [row.facts for row in written] == [{"mark": "first"}, {"mark": "last"}]


async def test_a_cancelled_caller_does_not_stop_the_write(store: Store) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(unit: Unit) -> None:
        add_counter(unit)
        unit.flush()  # the key is taken from here on
        inside.set()
        assert go_on.wait(30)

    caller = asyncio.ensure_future(store.write(slow))
    await asyncio.to_thread(inside.wait, 30)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    # SQLite's one writer stands in line behind the slow unit; on PostgreSQL the unique key waits for it.
    with pytest.raises(Stale):
        await store.write(add_counter)
    assert count(store, Lease) == 1


async def test_a_failing_write_whose_caller_left_is_logged_without_its_words(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    inside, go_on = threading.Event(), threading.Event()

    def fails(unit: Unit) -> None:
        inside.set()
        assert go_on.wait(30)
        raise ValueError("anna@klant.example")

    caller = asyncio.ensure_future(store.write(fails))
    await asyncio.to_thread(inside.wait, 30)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await store.write(add_counter)
    assert (complaints, count(store, Lease)) == ([], 1)
    assert caplog.messages == ["a write unit failed after its caller had left (ValueError)"]
