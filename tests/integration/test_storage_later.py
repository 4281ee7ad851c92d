"""Updates that wait for the end of the unit: all of them or none, and an erased key stays erased."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cases.errors import RuleError, Stale
from storage.models import DataKey, Inbound, table
from storage.unit import Reads, Store, Unit
from tests.support.stores import ORGANISATION, add_inbound

INBOUND, KEYS = table(Inbound), table(DataKey)


def three(unit: Unit) -> list[str]:
    return [add_inbound(unit, mark=f"m{number}") for number in range(3)]


def outcomes(reads: Reads) -> list[str | None]:
    return [row.outcome for row in reads.rows(select(INBOUND.c.outcome).order_by(INBOUND.c.id))]


def test_rows_changed_later_are_all_changed(store: Store) -> None:
    ids = store.write_here(three)

    def change(unit: Unit) -> None:
        for number, row_id in enumerate(ids):
            unit.change_later(Inbound, row_id, if_={"status": "stored"}, status="done", outcome=f"o{number}")

    store.write_here(change)
    assert sorted(filter(None, store.read_here(outcomes))) == ["o0", "o1", "o2"]


def test_one_row_that_does_not_match_undoes_them_all(store: Store) -> None:
    ids = store.write_here(three)
    store.write_here(lambda unit: unit.change(Inbound, ids[1], status="done"))

    def change(unit: Unit) -> None:
        for row_id in ids:
            unit.change_later(Inbound, row_id, if_={"status": "stored"}, status="done", outcome="case")

    with pytest.raises(Stale):
        store.write_here(change)
    assert store.read_here(outcomes) == [None, None, None]


def test_a_later_change_inside_an_undone_savepoint_is_forgotten(store: Store) -> None:
    ids = store.write_here(three)

    def change(unit: Unit) -> None:
        unit.change_later(Inbound, ids[0], if_={"status": "stored"}, outcome="kept")
        with pytest.raises(RuleError), unit.savepoint():
            unit.change_later(Inbound, ids[1], if_={"status": "stored"}, outcome="undone")
            raise RuleError("not this one")

    store.write_here(change)
    assert sorted(filter(None, store.read_here(outcomes))) == ["kept"]


def test_a_key_that_another_process_erased_is_not_brought_back_by_a_case(store: Store) -> None:
    """This process still has the key open; its row says that it is gone (art. 17)."""
    inbound_id = store.write_here(add_inbound)
    key_id = store.read_here(lambda reads: reads.value(select(INBOUND.c.data_key_id).where(INBOUND.c.id == inbound_id)))
    store.write_here(lambda unit: unit.execute(KEYS.update().where(KEYS.c.id == key_id).values(wrapped=b"")))

    def join(unit: Unit) -> None:
        unit.keys.adopt(unit, key_id, unit.keys.new_data_key(unit, ORGANISATION))

    with pytest.raises(Stale):
        store.write_here(join)
    assert store.read_here(lambda reads: reads.value(select(KEYS.c.wrapped).where(KEYS.c.id == key_id))) == b""
