"""An approved erasure, killed at every commit, change and send: run again, all is done once and accounted for.

A change may be asked of a source a second time (it died between the change and its settling); that changes nothing
more. The letter is never sent twice: where nobody knows whether it left, a colleague looks (as in `test_desk_crashes`).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from bot.demo.customers import build
from storage.audit import verify
from storage.claims import LEASE
from storage.models import LedgerEntry, Outbox, Request, SourceAction, Suppression, WorkItem, table
from storage.unit import Reads
from tests.faults import desk, erasing
from tests.faults.launcher import FINISHED, KILLED, When, points, run_until_killed
from tests.support.clock import START
from tests.support.stores import migrated_url, store_at
from tests.support.thorough import sample

WAITED = START + timedelta(days=3, hours=1)  # the policy's wait is over
CHANGES = 6  # tables of the sample customer that hold something to erase
ROUND = ["commit", "commit", "change", "commit", "commit"]  # claim, change, settle, and a look whether all is over
LOOK = ["find", "commit"]  # before anything begins the systems are asked once more
FINISH = ["commit", "send", "commit", "commit"]  # letter written, sent, and no mail left
PASSED = [ROUND[0], *LOOK, *ROUND[1:], *ROUND * (CHANGES - 1), *FINISH]
# Before a point is the same as after the one before it: nothing is kept in between. The rounds are alike: the first
# one, the last one and the end.
POINTS = [*range(1, len(LOOK) + len(ROUND) + 3), *range(len(PASSED) - len(FINISH) - len(ROUND) + 1, len(PASSED) + 1)]
KILLS: list[tuple[int, When]] = [*((point, "before") for point in sample(POINTS, 10)), (len(PASSED), "after")]


@dataclass(frozen=True, slots=True)
class Place:
    """A desk and its customers in one folder."""

    url: str
    folder: Path

    def at(self, later: timedelta = timedelta()) -> desk.At:
        return desk.At(self.url, self.folder, self.folder, WAITED + later)

    def copied(self, folder: Path) -> Place:
        shutil.copytree(self.folder, folder / "place")
        database = make_url(self.url).database
        assert database is not None
        return Place(f"sqlite:///{shutil.copyfile(database, folder / 'loket.db')}", folder / "place")

    def customers(self) -> list[str]:
        with closing(sqlite3.connect(self.folder / "customers" / f"{desk.ORGANISATION}.db")) as database:
            return list(database.iterdump())

    def rows(self) -> Counter[str]:
        with store_at(self.url) as store:
            return store.read_here(accounted)

    def uncertain(self) -> int:
        rows = table(Outbox)
        with store_at(self.url) as store:
            return len(store.read_here(lambda reads: reads.rows(select(rows).where(rows.c.status == "uncertain"))))

    def left(self) -> Counter[str]:
        return Counter(mail.message_id for mail in desk.sent(self.folder))


def accounted(reads: Reads) -> Counter[str]:
    """Changes, ledger, suppression, request and open lines, without what no two runs share."""
    assert verify(reads).problems == ()
    actions, ledger, block = table(SourceAction), table(LedgerEntry), table(Suppression)
    requests, work = table(Request), table(WorkItem)
    found: Counter[str] = Counter()
    for row in reads.rows(select(actions)):
        assert row.status in ("done", "nothing"), row.status
        found[f"change {row.source} {row.verb} {row.table_name}"] += 1
    for row in reads.rows(select(ledger)):
        found[f"ledger {row.source} {row.table_name} {row.fate} {row.category} {row.law} {row.ends_on}"] += 1
    found.update(f"blocked {row.channel}" for row in reads.rows(select(block)))
    found.update(f"request {row.label} {row.state}" for row in reads.rows(select(requests)))
    found.update(f"line {row.kind}" for row in reads.rows(select(work).where(work.c.closed_at.is_(None))))
    return found


@dataclass(frozen=True, slots=True)
class Undisturbed:
    before: Place
    passed: list[str]
    customers: list[str]
    rows: Counter[str]
    mails: int


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    folder = tmp_path_factory.mktemp("erasing")
    with migrated_url("sqlite", folder) as url:
        place = Place(url, folder / "place")
        build(desk.ORGANISATION, place.folder / "customers", START.date())
        erasing.prepare_place(place.url, place.folder)
        for minutes, scenario in enumerate((desk.request, desk.code, erasing.approve)):
            at = desk.At(place.url, place.folder, place.folder, START + timedelta(minutes=minutes))
            assert run_until_killed(partial(scenario, at)) == FINISHED
        room = folder / "before"
        room.mkdir()
        before = place.copied(room)
        passed = points(partial(erasing.carry_out, place.at()))
        yield Undisturbed(before, passed, place.customers(), place.rows(), sum(place.left().values()))


def test_an_undisturbed_erasure(whole: Undisturbed) -> None:
    assert whole.passed == PASSED
    assert whole.rows["request verwijdering answered"] == 1
    assert [name for name in whole.rows if name.startswith("ledger ") and " erase " in name]
    assert [name for name in whole.rows if name.startswith("ledger ") and " keep " in name]
    assert whole.customers != whole.before.customers()


@pytest.mark.parametrize(("point", "when"), KILLS)
def test_killed_and_run_again(point: int, when: When, whole: Undisturbed, tmp_path: Path) -> None:
    place = whole.before.copied(tmp_path)
    assert run_until_killed(partial(erasing.carry_out, place.at()), point, when) == KILLED
    assert run_until_killed(partial(erasing.carry_out, place.at(2 * LEASE))) == FINISHED
    if place.uncertain():  # the letter: never again by itself
        assert run_until_killed(partial(desk.decide, place.at(4 * LEASE))) == FINISHED
        assert run_until_killed(partial(erasing.carry_out, place.at(6 * LEASE))) == FINISHED
    assert place.customers() == whole.customers, "the same records are gone, and no others"
    assert place.rows() == whole.rows
    left = place.left()
    assert set(left.values()) == {1} and sum(left.values()) == whole.mails, "every mail once"
