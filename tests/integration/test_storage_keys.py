"""Keys on both databases: erasing one key erases what hangs below it, for every process, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from cases.errors import RuleError
from storage.keys import Keyring
from storage.models import Case, DataKey, Inbound, MasterKey, table
from storage.unit import Reads, Store, Unit
from tests.support.clock import SetClock
from tests.support.stores import (
    ORGANISATION,
    OTHER_ORGANISATION,
    add_inbound,
    add_request,
    load_keys,
    open_store,
    store_at,
)

INBOUND, CASE = table(Inbound), table(Case)


def raw_of(inbound_id: str) -> Callable[[Reads], bytes]:
    def opens(reads: Reads) -> bytes:
        row = reads.one(select(INBOUND).where(INBOUND.c.id == inbound_id))
        assert row is not None
        return reads.keys.data(reads, row.data_key_id).open(row.raw, f"inbound.raw:{inbound_id}")

    return opens


def key_of(unit: Unit, inbound_id: str) -> str:
    return str(unit.value(select(INBOUND.c.data_key_id).where(INBOUND.c.id == inbound_id)))


def case_with_two_messages(unit: Unit) -> tuple[str, list[str]]:
    """A case whose key two messages hang under, and a third message that stays by itself."""
    add_request(unit)
    case_key = str(unit.value(select(CASE.c.data_key_id)))
    messages = [add_inbound(unit, f"bericht {mark}".encode(), mark=mark) for mark in ("een", "twee", "los")]
    for message in messages[:2]:
        unit.keys.adopt(unit, key_of(unit, message), case_key)
    return case_key, messages


def test_a_message_stays_readable_when_it_joins_a_case(store: Store, store_url: str) -> None:
    _, messages = store.write_here(case_with_two_messages)
    with store_at(store_url) as second:
        second.write_here(load_keys)
        for through in (store, second):
            read = [through.read_here(raw_of(message)) for message in messages]
            assert read == [b"bericht een", b"bericht twee", b"bericht los"]


def test_erasing_the_case_key_erases_every_message_below_it(store: Store, store_url: str) -> None:
    case_key, (first, second, single) = store.write_here(case_with_two_messages)
    for message in (first, second, single):
        store.read_here(raw_of(message))  # the keys are open in memory
    store.write_here(lambda unit: unit.keys.erase(unit, case_key))
    with store_at(store_url) as fresh:
        fresh.write_here(load_keys)
        for through in (store, fresh):
            for message in (first, second):
                with pytest.raises(RuleError, match="erased"):
                    through.read_here(raw_of(message))
            assert through.read_here(raw_of(single)) == b"bericht los"


def test_another_process_forgets_within_minutes(store: Store, store_url: str, clock: SetClock) -> None:
    case_key, (first, *_) = store.write_here(case_with_two_messages)
    with store_at(store_url, store.context) as other:
        other.write_here(load_keys)
        assert other.read_here(raw_of(first)) == b"bericht een"
        store.write_here(lambda unit: unit.keys.erase(unit, case_key))
        clock.advance(minutes=6)
        with pytest.raises(RuleError, match="erased"):
            other.read_here(raw_of(first))


def test_a_reader_during_the_erasure_does_not_keep_the_key(store: Store) -> None:
    """The key is opened again between the erasing statement and its commit."""
    case_key, (first, *_) = store.write_here(case_with_two_messages)

    def erases(unit: Unit) -> None:
        unit.keys.erase(unit, case_key)
        reader = threading.Thread(target=store.read_here, args=(raw_of(first),))
        reader.start()
        reader.join()

    store.write_here(erases)
    with pytest.raises(RuleError, match="erased"):
        store.read_here(raw_of(first))


def test_an_erasure_that_is_undone_changes_nothing(store: Store) -> None:
    case_key, (first, *_) = store.write_here(case_with_two_messages)

    def fails(unit: Unit) -> None:
        unit.keys.erase(unit, case_key)
        raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        store.write_here(fails)
    assert store.read_here(raw_of(first)) == b"bericht een"


def test_a_sealed_value_does_not_open_in_another_row(store: Store) -> None:
    _, (first, second, _) = store.write_here(case_with_two_messages)

    def swaps(unit: Unit) -> None:
        raw = unit.value(select(INBOUND.c.raw).where(INBOUND.c.id == first))
        unit.change(Inbound, second, raw=raw)

    store.write_here(swaps)
    with pytest.raises(RuleError, match=r"does not open \(inbound\.raw\)"):
        store.read_here(raw_of(second))


def test_a_data_key_row_does_not_open_under_another_id(store: Store) -> None:
    """A wrapped key copied over another row (same organisation, same wrapper) is refused."""
    first, second = store.write_here(lambda unit: [add_inbound(unit, mark="a"), add_inbound(unit, mark="b")])
    keys = table(DataKey)

    def swaps(unit: Unit) -> None:
        wrapped = unit.value(select(keys.c.wrapped).where(keys.c.id == key_of(unit, first)))
        unit.change(DataKey, key_of(unit, second), wrapped=wrapped)

    store.write_here(swaps)
    store.keyring = Keyring(bytes(range(32)))
    store.write_here(load_keys)
    assert store.read_here(raw_of(first))
    with pytest.raises(RuleError, match="data_key"):
        store.read_here(raw_of(second))


def test_a_wrong_root_key_opens_nothing(store: Store, store_url: str) -> None:
    stranger = open_store(store_url, root=bytes(32))
    with pytest.raises(RuleError, match="master_key"):
        stranger.write_here(load_keys)
    with pytest.raises(RuleError, match="not loaded"):
        stranger.write_here(add_inbound)
    stranger.close()


def test_the_keys_are_made_once_and_differ(store: Store, store_url: str) -> None:
    with store_at(store_url) as second:
        second.write_here(load_keys)
        mine, theirs = (opened.keyring.organisation(ORGANISATION) for opened in (store, second))
        assert (mine.index, mine.tombstone) == (theirs.index, theirs.tombstone)
        assert mine.index not in (mine.tombstone, store.keyring.organisation(OTHER_ORGANISATION).index)
    rows = table(MasterKey)
    assert len(store.read_here(lambda reads: reads.rows(select(rows.c.id)))) == 8


def test_a_new_reply_key_leaves_the_one_before_it_valid_and_no_older(store: Store) -> None:
    first = store.keyring.organisation(ORGANISATION).reply
    assert len(first) == 1
    for version in (2, 3):
        assert store.write_here(lambda unit: store.keyring.rotate_reply(unit, ORGANISATION)) == version
    newest, before = store.keyring.organisation(ORGANISATION).reply
    assert len({newest, before, *first}) == 3
    with store_at(str(store.url.render_as_string(hide_password=False))) as second:
        second.write_here(load_keys)
        assert second.keyring.organisation(ORGANISATION).reply == (newest, before)
    assert len(store.keyring.organisation(OTHER_ORGANISATION).reply) == 1


def test_no_plaintext_and_no_key_stands_in_the_database(store: Store) -> None:
    store.write_here(lambda unit: add_inbound(unit, b"Anna de Vries, Dorpsstraat 1"))
    secret = (store.keyring.organisation(ORGANISATION).index, b"Anna de Vries", b"Dorpsstraat")

    def everything(reads: Reads) -> bytes:
        found = [reads.rows(select(table(model))) for model in (Inbound, DataKey, MasterKey)]
        return b"".join(bytes(value) for rows in found for row in rows for value in row if isinstance(value, bytes))

    stored = store.read_here(everything)
    assert stored
    assert not [part for part in secret if part in stored]
