"""The erasure ledger lists a record once, and never takes two people for one because their records share a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cases.types import Fate
from handlers.base import Line
from storage.models import LedgerEntry, table
from storage.queries.request_facts import request_facts
from storage.unit import Store, Unit
from tests.support.stores import add_organisations, add_request, migrated_url, store_at
from workflow.ledger import entries, write_ledger

JIP = (("naam", "jip jansma"), ("mail", "jip@post.example"))
MO = (("naam", "mo bakker"), ("mail", "mo@post.example"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with migrated_url("sqlite", tmp_path) as url, store_at(url) as made:
        made.write_here(add_organisations)
        yield made


def line(says: tuple[tuple[str, str], ...], fate: Fate = Fate.ERASE, key: str = "1") -> Line:
    ends = date(2033, 12, 31) if fate is Fate.KEEP else None
    return Line("kast", "kaart", key, fate, "contact", ends_on=ends, says=says)


def write(store: Store, *lines: Line) -> int:
    """Each in a request of its own; gives how many lines stand."""

    def one(unit: Unit, number: int, each: Line) -> None:
        request_id = add_request(unit, number=f"WN-{number}")
        unit.flush()
        facts = request_facts(unit, request_id)
        assert facts is not None
        write_ledger(unit, facts, [each])

    for number, each in enumerate(lines):
        store.write_here(lambda unit, number=number, each=each: one(unit, number, each))  # type: ignore[misc]
    return len(store.read_here(lambda reads: reads.rows(table(LedgerEntry).select())))


@pytest.mark.parametrize("fate", [Fate.ERASE, Fate.KEEP])
def test_the_same_record_once_and_a_namesake_of_its_key_too(store: Store, fate: Fate) -> None:
    moved = (JIP[0], JIP[1], ("straat", "nieuweweg"))
    assert write(store, line(JIP, fate), line(JIP, fate), line(moved, fate), line(MO, fate)) == 2


def test_no_name_stands_in_a_line_and_no_two_can_be_held_side_by_side(store: Store) -> None:
    write(store, line(JIP), line(JIP, key="2"))
    first, second = store.read_here(lambda reads: entries(reads, reads.rows(table(LedgerEntry).select())))
    assert first.identity and second.identity and not set(first.identity.values()) & set(second.identity.values())
    assert "jip" not in json.dumps([dict(first.identity), first.law, first.category]).lower()
    assert {first.key, second.key} == {"1", "2"} and first.shown == first.key
