"""The launcher, proved with a small desk: killed at every point and run again, the end state is always the same."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from storage.audit import verify
from storage.claims import LEASE
from storage.models import Audit, ImapLedger, Inbound, Outbox, table
from storage.unit import Reads
from tests.faults import launcher, small_desk
from tests.faults.launcher import FAILED, FINISHED, KILLED, KillSwitch, every_kill, points, run_until_killed
from tests.support.clock import START
from tests.support.stores import Database, add_organisations, migrated_url, store_at
from tests.support.thorough import sample

LATER = START + LEASE + timedelta(seconds=1)
LETTERS = {"1.txt": "Graag inzage.", "2.txt": "Verwijder mijn gegevens."}
ONE_LETTER = ["commit", "acknowledge"]
EXPECTED_POINTS = [*ONE_LETTER * 2, "commit", *["read", "commit"] * 2, "commit", *["send", "commit"] * 2]


class Place:
    """A fresh database and folder with two letters in the box."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        for name in ("in", "sent"):
            (folder / name).mkdir(parents=True)
        for name, words in LETTERS.items():
            (folder / "in" / name).write_text(words)
        with store_at(url) as store:
            store.write_here(add_organisations)

    def run(self, point: int = launcher.NEVER, when: launcher.When = "before", *, later: bool = False) -> int:
        at = LATER if later else START
        return run_until_killed(partial(small_desk.scenario, self.url, self.folder, at), point, when)

    def end_state(self) -> dict[str, Any]:
        def reads_all(reads: Reads) -> dict[str, Any]:
            inbound, outbox, audit = table(Inbound), table(Outbox), table(Audit)
            assert verify(reads).problems == ()
            return {
                "inbound": Counter(row.status for row in reads.rows(select(inbound.c.status))),
                "outbox": Counter(row.status for row in reads.rows(select(outbox.c.status))),
                "acts": Counter(row.tag for row in reads.rows(select(audit.c.tag))),
                "ledger": reads.value(select(table(ImapLedger).c.last_uid)),
                "held": reads.value(select(func.count(inbound.c.claim_token))),
            }

        with store_at(self.url) as store:
            stored = store.read_here(reads_all)
        sent = sorted(file.read_text() for file in (self.folder / "sent").iterdir())
        return {**stored, "sent": sent, "in": sorted(file.name for file in (self.folder / "in").iterdir())}


WHOLE = {
    "inbound": Counter(done=2), "outbox": Counter(sent=2), "ledger": 2, "held": 0, "in": [],
    "acts": Counter({"message.received": 2, "mail.queued": 2, "mail.sent": 2}),
    "sent": sorted(words.upper() for words in LETTERS.values()),
}  # fmt: skip


def test_the_points_of_an_undisturbed_run(store_url: str, tmp_path: Path) -> None:
    place = Place(store_url, tmp_path / "place")
    assert points(partial(small_desk.scenario, place.url, place.folder, START)) == EXPECTED_POINTS
    assert place.end_state() == WHOLE


def test_killed_anywhere_and_run_again_gives_the_same_end(database: Database, tmp_path: Path) -> None:
    differing = {}
    kills = every_kill(len(EXPECTED_POINTS))
    for point, when in kills if database == "sqlite" else sample(kills, 10):
        folder = tmp_path / f"{point}-{when}"
        folder.mkdir()
        with ExitStack() as open_now:
            place = Place(open_now.enter_context(migrated_url(database, folder)), folder / "place")
            assert place.run(point, when) == KILLED
            assert place.run(later=True) == FINISHED
            if place.end_state() != WHOLE:
                differing[point, when] = place.end_state()
    assert differing == {}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_killed_again_and_again_on_the_way(store_url: str, tmp_path: Path) -> None:
    """The run after a crash may crash as well: as long as each gets one commit further, the work gets done."""
    place = Place(store_url, tmp_path / "place")
    codes = []
    for crash in range(20):
        at = START + crash * (LEASE + timedelta(seconds=1))
        codes.append(run_until_killed(partial(small_desk.scenario, place.url, place.folder, at), 4, "after"))
        if codes[-1] == FINISHED:
            break
    assert codes == [*[KILLED] * (len(codes) - 1), FINISHED]
    assert len(codes) > 3
    assert place.end_state() == WHOLE


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_before_and_after_a_commit_differ_by_the_commit(store_url: str, tmp_path: Path) -> None:
    """Otherwise a kill that comes too late would prove nothing."""
    place = Place(store_url, tmp_path / "place")
    seen = []
    for when in ("before", "after"):
        assert place.run(1, when) == KILLED
        seen.append((place.end_state()["inbound"], place.end_state()["in"]))
    assert seen == [(Counter(), ["1.txt", "2.txt"]), (Counter(stored=1), ["1.txt", "2.txt"])]


def forgets_to_store(folder: Path, switch: KillSwitch) -> None:
    """A program with the mistake that crash tests are for: it acknowledges first."""
    for letter in (folder / "in").glob("*.txt"):
        words = letter.read_text()
        with switch.around("acknowledge"):
            letter.unlink()
        with switch.around("store"):
            (folder / "sent" / letter.name).write_text(words)


def test_a_program_that_acknowledges_too_early_is_caught(tmp_path: Path) -> None:
    for name in ("in", "sent"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "1.txt").write_text("Graag inzage.")
    program = partial(forgets_to_store, tmp_path)
    assert run_until_killed(program, 1, "after") == KILLED
    assert run_until_killed(program) == FINISHED
    assert list((tmp_path / "sent").iterdir()) == [], "the letter is lost, and the test can see it"


def raises(_switch: KillSwitch) -> None:
    raise SystemExit(3)


def tells_its_parent(file: Path, _switch: KillSwitch) -> None:
    imported = "alembic" in sys.modules  # only the launcher asks for it
    file.write_text(f"{os.getppid()} {threading.active_count()} {imported}")


def test_a_scenario_that_fails_is_not_taken_for_a_kill() -> None:
    assert run_until_killed(raises) == 3
    assert len({FINISHED, FAILED, KILLED}) == 3


def test_each_run_is_forked_from_the_launcher_not_from_the_test(tmp_path: Path) -> None:
    seen = set()
    for number in range(2):
        assert run_until_killed(partial(tells_its_parent, tmp_path / str(number))) == FINISHED
        seen.add((tmp_path / str(number)).read_text())
    (told,) = seen
    parent, threads, imported = told.split()
    assert parent != str(os.getpid())
    assert (threads, imported) == ("1", "True")
