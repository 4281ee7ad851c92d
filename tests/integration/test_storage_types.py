"""What is written is what is read, on both databases: times, odd text, JSON, bytes, large numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from cases.errors import RuleError
from cases.types import DeadlineKind, RequestState
from storage.models import Deadline, ImapLedger, Inbound, Lease, Request, WorkItem, table
from storage.unit import Store
from tests.support.stores import ORGANISATION, add_inbound, add_request

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def only(store: Store, model: type[Any]) -> Any:
    """The one row of a table."""
    (row,) = store.read_here(lambda reads: reads.rows(select(table(model))))
    return row


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=AMSTERDAM),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=AMSTERDAM),
        datetime(1999, 12, 31, 23, 0, tzinfo=UTC),
    ],
)
def test_a_moment_is_aware_utc(store: Store, moment: datetime) -> None:
    store.write_here(lambda unit: unit.add(Lease, id="x", holder="", fence=1, until=moment))
    until = only(store, Lease).until
    assert until == moment.astimezone(UTC)  # an hour that comes twice equals nothing in another zone (PEP 495)
    assert until.utcoffset() == timedelta(0)
    rows = table(Lease)
    later = moment.astimezone(UTC) + timedelta(microseconds=1)
    assert store.read_here(lambda reads: len(reads.rows(select(rows).where(rows.c.until < later)))) == 1
    assert store.read_here(lambda reads: len(reads.rows(select(rows).where(rows.c.until < moment)))) == 0


def test_a_naive_moment_is_refused(store: Store) -> None:
    naive = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001  # the point
    with pytest.raises(RuleError, match="naive"):
        store.write_here(lambda unit: unit.add(Lease, id="x", holder="", fence=1, until=naive))
    with pytest.raises(RuleError, match="naive"):
        store.read_here(lambda reads: reads.rows(select(table(Lease)).where(table(Lease).c.until < naive)))


def test_nul_and_lone_surrogates_are_taken_out(store: Store) -> None:
    store.write_here(lambda unit: unit.add(Lease, id="x", holder="a\x00b\ud800 é 😀", fence=1, until=unit.now))
    assert only(store, Lease).holder == "ab? é 😀"


def test_json_and_dates_come_back(store: Store) -> None:
    facts = {"naam\x00\ud800": ["é", 1, 2.5, None, True], "b": {"c": []}}
    store.write_here(
        lambda unit: unit.add(
            WorkItem, id="w", organisation_id=ORGANISATION, kind="triage", opened_at=unit.now, facts=facts,
            due_on=date(2026, 3, 2),
        )
    )  # fmt: skip
    row = only(store, WorkItem)
    assert (row.facts, row.due_on, row.closed_at) == (facts, date(2026, 3, 2), None)


def test_defaults_and_enums_are_stored_as_their_words(store: Store) -> None:
    def adds(unit: Any) -> None:
        request = add_request(unit)
        unit.add(
            Deadline, id="d", organisation_id=ORGANISATION, request_id=request, kind=DeadlineKind.LEGAL,
            due_at=unit.now, reasoning="ontvangen za 31-01-2026 → 28-02 is een zaterdag",
        )  # fmt: skip

    store.write_here(adds)
    request, deadline = only(store, Request), only(store, Deadline)
    assert (request.state, request.attempts, request.version) == (RequestState.RECEIVED.value, 0, 1)
    assert (deadline.kind, deadline.told) == ("legal", False)
    assert type(request.state) is type(deadline.kind) is str


def test_bytes_come_back_as_bytes(store: Store) -> None:
    raw = bytes(range(256)) * 4_096

    inbound = store.write_here(lambda unit: add_inbound(unit, raw))
    row = only(store, Inbound)
    seal = store.read_here(lambda reads: reads.keys.data(reads, row.data_key_id))
    assert type(row.raw) is bytes
    assert seal.open(row.raw, f"inbound.raw:{inbound}") == raw


def test_the_largest_uid_fits(store: Store) -> None:
    """RFC 9051: a UID and a UIDVALIDITY are unsigned, of 32 bits."""
    largest = 2**32 - 1
    store.write_here(
        lambda unit: unit.add(
            ImapLedger, id="l", organisation_id=ORGANISATION, account="a", folder="INBOX", uidvalidity=largest,
            last_uid=largest, connected_at=unit.now,
        )
    )  # fmt: skip
    row = only(store, ImapLedger)
    assert (row.uidvalidity, row.last_uid) == (largest, largest)
