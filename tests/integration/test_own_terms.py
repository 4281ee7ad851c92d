"""What the desk keeps of its own has an end, table by table, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cases.context import Context
from cases.policy import ErasureRules
from cases.types import ActStatus, Fate, WorkKind
from storage.models import (
    BlindIndex,
    CaseIdentifier,
    Conversation,
    DataKey,
    IdentityCode,
    LedgerEntry,
    Link,
    MailboxAct,
    Request,
    SQLModel,
    Staff,
    StaffButton,
    StaffChat,
    Suppression,
    WorkItem,
    metadata,
    table,
)
from storage.unit import Store, Unit
from tests.support.clock import SetClock
from tests.support.stores import ORGANISATION, Database, add_organisations, add_request, migrated_url, store_at
from workflow import own_terms, retention

RULES = {ORGANISATION: ErasureRules()}


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(database: Database, tmp_path: Path, clock: SetClock) -> Iterator[Store]:
    with migrated_url(database, tmp_path) as url, store_at(url, Context(clock.now)) as made:
        made.write_here(add_organisations)
        yield made


def count(store: Store, model: type[SQLModel]) -> int:
    return len(store.read_here(lambda reads: reads.rows(table(model).select())))


def purge(store: Store, rules: dict[str, ErasureRules] = RULES) -> int:
    return store.write_here(lambda unit: own_terms.purge_rows(unit, rules))


def test_every_table_has_a_term_or_a_reason() -> None:
    named = [table(term.model).name for term in own_terms.ROWS]
    listed = [*named, *own_terms.SEALED, *own_terms.STANDS, *own_terms.RULED]
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(metadata.tables), "a new table: say in workflow/own_terms.py how long it is kept"
    reasons = [*own_terms.SEALED.values(), *own_terms.STANDS.values(), *own_terms.RULED.values()]
    assert all(reasons) and all(term.why for term in own_terms.ROWS)


def small_rows(unit: Unit) -> None:
    """One row of each kind that goes by its moment."""
    now, request_id = unit.now, add_request(unit)
    unit.flush()
    talk = unit.one(table(Conversation).select())
    assert talk is not None
    for name, active in (("saskia", True), ("weg", False)):
        unit.add(
            Staff, id=name, login=name, name=name, role_name="medewerker", password_hash="!", active=active,
            created_at=now,
        )  # fmt: skip
        unit.add(StaffChat, id=name, staff_id=name, channel="telegram", account="bot", linked_at=now, created_at=now)
    unit.add(
        StaffChat, id="unused", staff_id="saskia", channel="telegram", account="bot", code_until=now, created_at=now
    )
    unit.flush()
    for chat in ("saskia", "weg"):
        unit.add(
            StaffButton, id=chat, staff_chat_id=chat, organisation_id=ORGANISATION, request_id=request_id, act="take",
            created_at=now,
        )  # fmt: skip
    unit.add(
        Link, id="link", organisation_id=ORGANISATION, kind="case", token_digest="t", conversation_id=talk.id,
        created_at=now, expires_at=now,
    )  # fmt: skip
    for status in (ActStatus.DONE, ActStatus.WAITING):
        unit.add(
            MailboxAct, id=status.value, organisation_id=ORGANISATION, account="a", kind="mark", status=status.value,
            created_at=now, not_before=now, done_at=now,
        )  # fmt: skip
    for name, closed in (("closed", now), ("open", None)):
        unit.add(
            WorkItem, id=name, organisation_id=ORGANISATION, kind=WorkKind.TASK.value, opened_at=now, closed_at=closed
        )


def test_small_rows_go_each_on_its_day(store: Store, clock: SetClock) -> None:
    store.write_here(small_rows)
    assert purge(store) == 1, "whose account is switched off has no chat"
    assert {row.id for row in store.read_here(lambda r: r.rows(table(StaffChat).select()))} == {"saskia", "unused"}
    assert count(store, StaffButton) == 1
    left: dict[int, tuple[type[SQLModel], int]] = {
        2: (StaffChat, 1), 61: (MailboxAct, 1), 121: (StaffButton, 0), 366: (Link, 0),
        731: (WorkItem, 1),
    }  # fmt: skip
    began = clock.now()
    for days, (model, expected) in left.items():
        clock.set(began + timedelta(days=days - 2))
        purge(store)
        assert count(store, model) == expected + 1, f"{model.__name__} a day early"
        clock.set(began + timedelta(days=days))
        purge(store)
        assert count(store, model) == expected, model.__name__


def code(unit: Unit, name: str, conversation_id: str) -> None:
    unit.add(
        IdentityCode, id=name, organisation_id=ORGANISATION, conversation_id=conversation_id, purpose="mailbox",
        digest="d", sent_to_index="i", created_at=unit.now, expires_at=unit.now, attempts_left=3,
    )  # fmt: skip


def test_a_code_of_a_case_says_for_years_when_it_was_asked(store: Store, clock: SetClock) -> None:
    def write(unit: Unit) -> None:
        add_request(unit)
        unit.flush()
        of_a_case = unit.one(table(Conversation).select())
        assert of_a_case is not None
        sealed = {"data_key_id": of_a_case.data_key_id, "address": b"x"}
        unit.add(
            Conversation, id="loose", organisation_id=ORGANISATION, channel="web", account="a", address_index="j",
            last_message_at=unit.now, created_at=unit.now, **sealed,
        )  # fmt: skip
        unit.flush()
        code(unit, "loose", "loose")
        code(unit, "case", of_a_case.id)

    store.write_here(write)
    clock.advance(days=29)
    assert purge(store) == 0
    clock.advance(days=2)
    assert purge(store) == 1 and count(store, IdentityCode) == 1
    cases = metadata.tables["case"]
    store.write_here(lambda unit: unit.execute(cases.update().values(closed_at=unit.now)))
    clock.advance(days=1820)
    assert purge(store) == 0, "closing for silence counts from it, and who sent it back is the same person elsewhere"
    clock.advance(days=10)
    purge(store)
    assert count(store, IdentityCode) == 0


def ledger(unit: Unit, number: str, fate: Fate, **values: Any) -> None:
    request_id = values.pop("request_id", None)
    known = unit.value(table(LedgerEntry).select().with_only_columns(table(LedgerEntry).c.data_key_id))
    key_id = known or unit.keys.new_data_key(unit, ORGANISATION)
    unit.add(
        LedgerEntry, id=unit.new_id(), organisation_id=ORGANISATION, request_id=request_id, case_number=number,
        source="boek", table_name="klant", fate=fate.value, data_key_id=key_id, reference=b"x", reference_digest=number,
        columns=[], recorded_at=unit.now, **values,
    )  # fmt: skip


def lines(store: Store) -> list[str]:
    return sorted(row.case_number for row in store.read_here(lambda reads: reads.rows(table(LedgerEntry).select())))


def test_the_ledger_outlives_claims_and_the_last_kept_record(store: Store, clock: SetClock) -> None:
    began = clock.now()

    def write(unit: Unit) -> None:
        ledger(unit, "A", Fate.ERASE)
        unit.flush()
        ledger(unit, "B", Fate.ERASE)
        unit.flush()
        ledger(unit, "B", Fate.KEEP, ends_on=date(2033, 12, 31))

    store.write_here(write)
    clock.set(began + timedelta(days=1824))
    assert purge(store) == 0
    clock.set(began + timedelta(days=1830))
    assert purge(store) == 1 and lines(store) == ["B", "B"], "a record is still kept for it"
    clock.set(began + timedelta(days=2900))
    rows = table(LedgerEntry)
    closed = rows.update().where(rows.c.fate == "keep").values(fate="erase", closed_at=clock.now())
    store.write_here(lambda unit: unit.execute(closed))
    clock.advance(days=364)
    assert purge(store) == 0
    clock.advance(days=2)
    assert purge(store) == 2 and lines(store) == []
    keys = table(DataKey)
    assert store.read_here(lambda reads: [row.wrapped for row in reads.rows(keys.select())]) == [b""], "and their key"
    held = store.read_here(lambda reads: own_terms.counted(reads, ORGANISATION))
    assert held == own_terms.Kept(keys=0, emptied=1, ledger=0, kept_records=0, marks=0)


def test_cases_whose_records_are_kept_do_not_hold_up_the_ledger(
    store: Store, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_terms, "BATCH", 2)

    def write(unit: Unit) -> None:
        for number in ("A", "B", "C"):
            ledger(unit, number, Fate.KEEP, ends_on=date(2099, 12, 31))
            unit.flush()
        ledger(unit, "D", Fate.ERASE)

    store.write_here(write)
    clock.advance(days=1830)
    assert purge(store) == 1 and lines(store) == ["A", "B", "C"]


def test_cases_that_must_wait_do_not_hold_up_the_others(
    store: Store, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people who ask something anew keep their old cases; behind them stands one that is over."""
    monkeypatch.setattr(retention, "BATCH", 2)
    cases, talks, requests = metadata.tables["case"], table(Conversation), table(Request)

    def write(unit: Unit) -> None:
        for number in ("WN-1", "WN-2", "WN-3"):
            add_request(unit, number=number)
        unit.flush()
        unit.execute(cases.update().values(closed_at=unit.now))
        unit.execute(talks.update().values(address_index=talks.c.id))
        over = select(cases.c.id).where(cases.c.number == "WN-3").scalar_subquery()
        unit.execute(requests.update().where(requests.c.case_id == over).values(state="answered"))

    store.write_here(write)
    clock.advance(days=731)
    assert store.write_here(retention.purge_rows) == 1
    keys = table(DataKey)
    left = select(cases.c.number).join(keys, keys.c.id == cases.c.data_key_id).where(keys.c.wrapped != b"")
    assert sorted(row.number for row in store.read_here(lambda reads: reads.rows(left))) == ["WN-1", "WN-2"]


def test_marks_stay_until_withdrawn_or_as_the_policy_says(store: Store, clock: SetClock) -> None:
    def mark(unit: Unit, name: str, **values: Any) -> None:
        unit.add(
            Suppression, id=name, organisation_id=ORGANISATION, channel="email", address_digest=name, since=unit.now,
            **values,
        )  # fmt: skip

    store.write_here(lambda unit: mark(unit, "stands"))
    store.write_here(lambda unit: mark(unit, "back", withdrawn_at=unit.now))
    assert store.read_here(lambda reads: own_terms.counted(reads, ORGANISATION)).marks == 1
    clock.advance(days=31)
    assert purge(store) == 1 and count(store, Suppression) == 1
    clock.advance(days=3650)
    assert purge(store) == 0, "a mark protects as long as it stands"
    assert purge(store, {ORGANISATION: ErasureRules(mark_years=10)}) == 1


def test_after_five_years_the_register_names_nobody(store: Store, clock: SetClock) -> None:
    def write(unit: Unit) -> str:
        request_id = add_request(unit)
        unit.flush()
        talk = unit.one(table(Conversation).select())
        assert talk is not None
        unit.add(
            BlindIndex, id="b", organisation_id=ORGANISATION, case_id=talk.case_id, kind="email", token="t",
            key_version=1,
        )  # fmt: skip
        unit.add(
            CaseIdentifier, id="i", organisation_id=ORGANISATION, case_id=talk.case_id, conversation_id=talk.id,
            kind="email", value=b"x", value_index="v",
        )  # fmt: skip
        cases = metadata.tables["case"]
        unit.execute(cases.update().values(closed_at=unit.now))
        ledger(unit, "A", Fate.KEEP, request_id=request_id, ends_on=date(2033, 12, 31))
        return request_id

    store.write_here(write)
    clock.advance(days=1830)
    purge(store)
    assert count(store, CaseIdentifier) == 1, "who erases the kept record must see whether its person has a case open"
    rows = table(LedgerEntry)
    store.write_here(lambda unit: unit.execute(rows.update().values(fate="erase", closed_at=unit.now)))
    purge(store)
    assert (count(store, BlindIndex), count(store, CaseIdentifier), count(store, Request)) == (0, 0, 1)
    (talk,) = store.read_here(lambda reads: reads.rows(table(Conversation).select()))
    assert talk.address_index == talk.id and talk.ident_index is None
    assert purge(store) == 0, "once"
