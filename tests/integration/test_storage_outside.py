"""The world outside the store, on both databases: locks of others, a full disk, a dead server, and what errors tell."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cases.context import Context
from cases.errors import ConfigError, Permanent, Temporary
from storage.engine import parse_url
from storage.models import Lease, Outbox, Request
from storage.unit import Store, Unit
from tests.support.clock import SetClock, counted_ids
from tests.support.stores import (
    add_counter,
    count,
    fence,
    migrated_url,
    store_at,
)

HOLD_SQLITE = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("ROLLBACK")
"""


@contextmanager
def held_by_another(url: str) -> Iterator[None]:
    """Another process keeps the SQLite database, another session the PostgreSQL row, while the block runs."""
    where = parse_url(url)
    if where.get_backend_name() == "postgresql":
        plain = where.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as other:
            other.execute("SELECT 1 FROM lease WHERE id = 'counter' FOR UPDATE")
            yield
        return
    command = [sys.executable, "-c", HOLD_SQLITE, str(where.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate("\n")


async def test_locked_by_another_process_is_temporary(store: Store, store_url: str) -> None:
    store.write_here(add_counter)
    separator = "&" if "?" in store_url else "?"
    with store_at(f"{store_url}{separator}timeout=0.1") as impatient:
        with held_by_another(store_url), pytest.raises(Temporary):
            await impatient.write(lambda unit: unit.change(Lease, "counter", fence=1))
        await impatient.write(lambda unit: unit.change(Lease, "counter", fence=2))
    assert store.read_here(fence) == 2


def test_a_server_that_is_not_there_is_temporary(unused_tcp_port: int) -> None:
    with store_at(f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/none") as store, pytest.raises(Temporary):
        store.write_here(add_counter)


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    with migrated_url("sqlite", folder) as url, store_at(url, Context(SetClock().now, counted_ids())) as store:
        yield store


def test_a_full_disk_is_temporary_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as store:
        store.write_here(add_counter)
        with store.write_engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
        (pages,) = raw.execute("PRAGMA page_count").fetchone()

        def fills(unit: Unit) -> None:
            unit.change(Lease, "counter", fence=1)
            for number in range(100):
                unit.add(Lease, id=f"more-{number}", holder="x" * 4_000, fence=0, until=unit.now)

        raw.execute(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(Temporary, match="FULL"):
            store.write_here(fills)
        assert (count(store, Lease), store.read_here(fence)) == (1, 0)
        raw.execute(f"PRAGMA max_page_count={pages + 1_000}")
        store.write_here(fills)
        assert (count(store, Lease), store.read_here(fence)) == (101, 1)
    with sqlite3.connect(tmp_path / "loket.db") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


def test_a_database_that_is_no_database_is_permanent(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("dit is geen database " * 300)
    with store_at(f"sqlite:///{tmp_path / 'text.db'}") as store, pytest.raises(Permanent):
        store.write_here(add_counter)


MARKED = "anna.marker@klant.example"
LEAKS: tuple[Callable[[Unit], None], ...] = (
    lambda unit: unit.add(Lease, id="counter", holder=MARKED, fence=1, until=unit.now),  # unique key
    lambda unit: unit.add(Lease, id=MARKED, holder=MARKED, fence=None, until=unit.now),  # empty column
    lambda unit: unit.add(Lease, id="n", holder=MARKED, fence=1, until=unit.now.replace(tzinfo=None)),  # our own type
    lambda unit: unit.add(Lease, id="n", holder=MARKED, fence=[MARKED], until=unit.now),  # wrong kind
    lambda unit: unit.add(Request, id="n", organisation_id=MARKED, case_id=MARKED, conversation_id=MARKED,
                          label=MARKED, received_at=unit.now, policy_version=""),  # no parent
    lambda unit: unit.add(Outbox, id=MARKED),
)  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_no_value_of_a_row_reaches_an_error(store: Store, leak: Callable[[Unit], None]) -> None:
    store.write_here(add_counter)
    with pytest.raises(Exception) as caught:  # whichever it is: its words are what matters
        store.write_here(leak)
    error: BaseException | None = caught.value
    while error is not None:
        if error is caught.value or not caught.value.__suppress_context__:
            assert MARKED not in f"{error!r} {error}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "no url at all"])
def test_other_databases_are_refused_at_start(url: str) -> None:
    with pytest.raises(ConfigError, match=r"database\.url"):
        parse_url(url)
