"""SQLite's own words on how it finds rows: what runs for every message never reads a table from end to end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select

from cases.audit import PROGRAM, AuditTag
from cases.messages import RawInbound
from cases.types import ChannelKind, Custody
from storage.claims import claim
from storage.models import Inbound, Link, Message, table
from storage.queries import inbound
from storage.queries.snapshots import Wanted, load
from storage.unit import Store, Unit
from tests.support.clock import SetClock
from tests.support.stores import ORGANISATION, Database
from workflow import execute

MAILBOX = "info@whatnext.example"


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> Database:
    """PostgreSQL plans by how full a table is: on an empty one its plan says nothing."""
    name: Database = request.param
    return name


def plans(store: Store, work: Callable[[Unit], Any], table_name: str, *, begins: str = "SELECT") -> list[str]:
    """The steps of every query of a unit that touch one table."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: Any) -> None:
        if statement.startswith(begins):
            asked.append((statement, parameters))

    event.listen(store.write_engine, "before_cursor_execute", note)
    try:
        store.write_here(work)
    finally:
        event.remove(store.write_engine, "before_cursor_execute", note)
    steps = []
    with store.read_engine.connect() as connection:
        for statement, parameters in asked:
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps += [row.detail for row in found if re.search(rf"\b{table_name}\b", row.detail)]
    assert steps, f"nothing asked {table_name}"
    return steps


def _message(clock: SetClock, number: int, *, external: bool) -> RawInbound:
    return RawInbound(
        organisation=ORGANISATION, channel=ChannelKind.EMAIL, account=MAILBOX, raw=b"x%d" % number,
        received_at=clock.now(), custody=Custody.GUEST, message_id=f"<{number}@klant.example>",
        external_id=f"u{number}" if external else None,
    )  # fmt: skip


@pytest.mark.parametrize("external", [False, True])
def test_storing_looks_for_copies_in_an_index(store: Store, clock: SetClock, external: bool) -> None:
    messages = [_message(clock, number, external=external) for number in range(3)]
    steps = plans(store, lambda unit: inbound.store(unit, messages), "inbound")
    assert len(steps) == 1 + external
    for step, keys in zip(
        steps, ("account=? AND message_id_digest=? AND raw_digest=?", "channel=? AND "), strict=False
    ):
        assert step.startswith("SEARCH inbound USING")
        assert keys in step


def test_a_batch_looks_for_handled_copies_in_an_index(store: Store) -> None:
    wanted = [Wanted(ORGANISATION, ChannelKind.EMAIL, MAILBOX, "index", None, (), digest, "id") for digest in "ab"]
    steps = plans(store, lambda unit: load(unit, wanted), "inbound")
    assert all("(organisation_id=? AND content_digest=?)" in step for step in steps)


def test_a_batch_counts_the_mails_of_an_hour_in_an_index(store: Store) -> None:
    wanted = [Wanted(ORGANISATION, ChannelKind.EMAIL, MAILBOX, "index", None, (), "a", "id")]
    steps = plans(store, lambda unit: load(unit, wanted), "outbox")
    assert any("(organisation_id=? AND automatic=? AND unasked=? AND created_at>?)" in step for step in steps)
    assert all(step.startswith("SEARCH outbox USING") for step in steps)


def test_an_audit_entry_finds_the_head_of_its_chain_in_an_index(store: Store) -> None:
    def record(unit: Unit) -> None:
        unit.record(AuditTag.MESSAGE_RECEIVED, organisation=ORGANISATION, actor=PROGRAM)
        unit.finish()

    steps = plans(store, record, "(?:first|last|any)")
    assert len(steps) == 3
    assert all(step.startswith("SEARCH") and "(chain=?" in step for step in steps)


def test_what_waits_to_be_read_is_claimed_by_an_index(store: Store) -> None:
    rows = table(Inbound)
    ours = rows.c.organisation_id.in_([ORGANISATION, "another"])

    def take(unit: Unit) -> None:
        claim(unit, Inbound, rows.c.status == "stored", ours, order=[rows.c.received_at], limit=32)

    steps = plans(store, take, "inbound", begins="UPDATE")
    assert any("ix_inbound_work (status=? AND organisation_id=?)" in step for step in steps)


def test_the_look_for_something_to_carry_out_uses_an_index(store: Store) -> None:
    assert all("(state=?)" in step for step in plans(store, execute._anything, "request"))
    assert all("(request_id=?)" in step for step in plans(store, execute._anything, "draft"))


def test_settling_looks_for_copies_in_an_index(store: Store) -> None:
    digests = [(ORGANISATION, "a"), (ORGANISATION, "b")]
    steps = plans(store, lambda unit: inbound.copies_settled(unit, digests), "inbound")
    assert all("(organisation_id=? AND content_digest=?)" in step for step in steps)


@pytest.mark.parametrize(
    ("model", "column"), [(Message, "inbound_id"), (Link, "export_id"), (Inbound, "received_at")], ids=str
)
def test_what_is_looked_up_by_another_row_has_an_index(store: Store, clock: SetClock, model: Any, column: str) -> None:
    found = table(model)
    value = clock.now() if column == "received_at" else "x"
    query = select(found.c.id).where(found.c[column] == value)
    steps = plans(store, lambda unit: unit.rows(query), found.name)
    assert all(step.startswith(f"SEARCH {found.name} USING") and f"({column}=?)" in step for step in steps)
