"""Claims on both databases: a row is one worker's until its lease ends, and only its token settles it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Row, select

from cases.errors import Stale
from storage.claims import LEASE, RELEASED, claim
from storage.models import Inbound, table
from storage.unit import Store, Unit
from tests.support.clock import SetClock
from tests.support.stores import add_inbound, store_at

ROWS = table(Inbound)
Taken = tuple[str, Sequence[Row[Any]]]


def take(unit: Unit, limit: int = 5) -> Taken:
    return claim(unit, Inbound, ROWS.c.status == "stored", order=(ROWS.c.received_at, ROWS.c.id), limit=limit)


def settle(unit: Unit, token: str, row_id: str) -> None:
    unit.change(Inbound, row_id, if_={"claim_token": token}, status="done", **RELEASED)


def add_many(store: Store, number: int) -> list[str]:
    return store.write_here(lambda unit: [add_inbound(unit, mark=f"m{place}") for place in range(number)])


def test_a_claim_counts_the_attempt_and_hides_the_row(store: Store, clock: SetClock) -> None:
    (inbound,) = add_many(store, 1)
    token, rows = store.write_here(take)
    assert [(row.id, row.attempts, row.claim_token, row.lease_until) for row in rows] == [
        (inbound, 1, token, clock.now() + LEASE)
    ]
    assert store.write_here(take) == ("", ())


def test_the_oldest_rows_come_first_and_no_more_than_asked(store: Store, clock: SetClock) -> None:
    made = []
    for place in range(5):
        made.append(store.write_here(partial(add_inbound, mark=f"m{place}")))
        clock.advance(minutes=-1)
    assert [row.id for row in store.write_here(lambda unit: take(unit, 3))[1]] == made[::-1][:3]


def test_a_lease_that_ended_is_taken_over(store: Store, clock: SetClock) -> None:
    (inbound,) = add_many(store, 1)
    first, _ = store.write_here(take)
    clock.advance(LEASE)
    assert store.write_here(take)[0] == "", "the lease holds to its last moment"
    clock.advance(timedelta(microseconds=1))
    second, rows = store.write_here(take)
    assert [(row.id, row.attempts) for row in rows] == [(inbound, 2)]
    with pytest.raises(Stale):
        store.write_here(lambda unit: settle(unit, first, inbound))
    store.write_here(lambda unit: settle(unit, second, inbound))
    row = store.read_here(lambda reads: reads.one(select(ROWS.c.status, ROWS.c.claim_token, ROWS.c.lease_until)))
    assert row is not None
    assert tuple(row) == ("done", None, None)


def test_settling_twice_is_stale(store: Store) -> None:
    (inbound,) = add_many(store, 1)
    token, _ = store.write_here(take)
    store.write_here(lambda unit: settle(unit, token, inbound))
    with pytest.raises(Stale):
        store.write_here(lambda unit: settle(unit, token, inbound))


async def test_workers_of_two_processes_never_share_a_row(store: Store, store_url: str) -> None:
    """Until nothing is left, in steps of 3, by four workers on two stores."""
    expected = set(add_many(store, 60))
    taken: list[str] = []

    async def work(through: Store) -> None:
        while True:
            _, rows = await through.write(lambda unit: take(unit, 3))
            if not rows:
                return
            taken.extend(row.id for row in rows)

    with store_at(store_url, store.context) as second:
        await asyncio.gather(work(store), work(second), work(store), work(second))
    assert len(taken) == 60
    assert set(taken) == expected


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_claim_skips_what_another_transaction_is_claiming(store: Store) -> None:
    """PostgreSQL: the second worker does not wait for the first one's commit. (SQLite has one writer.)"""
    add_many(store, 4)
    first_has, go_on = threading.Event(), threading.Event()

    def slow(unit: Unit) -> Taken:
        found = take(unit, 2)
        first_has.set()
        assert go_on.wait(30)
        return found

    first = asyncio.ensure_future(store.write(slow))
    assert await asyncio.to_thread(first_has.wait, 30)
    _, second = await store.write(take)
    go_on.set()
    _, held = await first
    assert (len(held), len(second)) == (2, 2)
    assert not {row.id for row in held} & {row.id for row in second}
