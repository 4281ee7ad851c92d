"""The whole desk, killed at every commit and outside call: run again, the end is the same and nothing left twice.

One difference is allowed, and wanted. A process that dies between the moment a mail is marked `sending` and the moment
its outcome is written leaves a mail of which nobody knows whether it left (RFC 5321, 4.5.3.2). It is never sent a
second time by itself; a colleague looks, says what is so, and then the end is the same too.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, Table, make_url, select

from bot.demo.customers import build
from storage.audit import verify
from storage.claims import LEASE
from storage.models import Case, ChannelHealth, Deadline, Link, Outbox, Request, WorkItem, metadata, table
from storage.seal import token_digest
from storage.types import Sealed, UtcDateTime
from storage.unit import Reads
from tests.faults import desk
from tests.faults.launcher import FINISHED, KILLED, NEVER, KillSwitch, When, every_kill, points, run_until_killed
from tests.support import postgres
from tests.support.clock import START
from tests.support.stores import Database, migrated_url, store_at
from tests.support.thorough import sample

Part = Callable[[desk.At, KillSwitch], None]
FETCHED = ["commit", "acknowledge"]
NOTHING = ["commit"]  # a step looked for work and found none: a commit as well
TAKEN = ["commit", "commit"]  # claim and settle
LOOKED_UP = ["addresses", "commit"]
PREPARED = ["commit", "find", "commit"]
APPROVED = ["commit"]
SENT = ["commit", "send", "commit"]
# The conversation in three parts, each played from what the undisturbed one before it left.
PARTS: tuple[tuple[Part, list[str]], ...] = (
    (desk.request, [*FETCHED, *TAKEN, *LOOKED_UP, *NOTHING, *SENT]),
    (desk.code, [*FETCHED, *TAKEN, *PREPARED, *SENT]),
    (desk.letter, [*APPROVED, *NOTHING, *NOTHING, *SENT]),
)
UNKNOWN_FILES = {(-1, "after"): 0, (0, "before"): 0, (0, "after"): 1, (1, "before"): 1}  # counted from the send
EVERY = [(part, *kill) for part, (_, names) in enumerate(PARTS) for kill in every_kill(len(names))]
AT_A_SEND = [kill for kill in EVERY if (kill[1] - 1 - PARTS[kill[0]][1].index("send"), kill[2]) in UNKNOWN_FILES]
KILLS = [*AT_A_SEND, *sample([kill for kill in EVERY if kill not in AT_A_SEND], 16)]
FEWER = sample(EVERY[::5], 7)  # befores and afters, on commits and calls


# --- places -----------------------------------------------------------------------------------------------------------


class Place:
    """A desk in a folder. Each life of the program begins after the leases of the one before."""

    def __init__(self, url: str, folder: Path, customers: Path, now: datetime) -> None:
        self.url, self.folder, self.customers, self.now = url, folder, customers, now

    def life(self) -> desk.At:
        at = desk.At(self.url, self.folder, self.customers, self.now)
        self.now += 2 * LEASE
        return at

    def run(self, scenario: Part, point: int = NEVER, when: When = "before") -> int:
        return run_until_killed(partial(scenario, self.life()), point, when)

    def uncertain(self) -> list[Row[Any]]:
        """Mails of which nobody knows whether they left, with their line on the staff list."""
        rows, work = table(Outbox), table(WorkItem)
        query = select(rows.c.message_id, work.c.closed_at).join(work, work.c.outbox_id == rows.c.id)
        with store_at(self.url) as store:
            return list(store.read_here(lambda reads: reads.rows(query.where(rows.c.status == "uncertain"))))

    def left(self) -> Counter[str]:
        """How often each mail left, by its Message-ID."""
        return Counter(mail.message_id for mail in desk.sent(self.folder))

    def state(self) -> Counter[str]:
        mails = desk.sent(self.folder)
        boxes = [f"{box}: {file.name}" for box in ("in", "taken") for file in (self.folder / box).iterdir()]
        with store_at(self.url) as store:
            kinds = store.read_here(kinds_by_message_id)
            opens = store.read_here(partial(opens_an_export, text=" ".join(mail.text for mail in mails)))
            rows = store.read_here(shapes)
        left = [f"left: {kinds[mail.message_id]}" for mail in mails]
        return rows + Counter([*boxes, *left, f"a letter opens the export: {opens}"])


def kinds_by_message_id(reads: Reads) -> dict[str, str]:
    rows = table(Outbox)
    return {row.message_id: row.kind for row in reads.rows(select(rows.c.message_id, rows.c.kind))}


def opens_an_export(reads: Reads, text: str) -> bool:
    """Whether the link in the letter is the link of the export that stands."""
    links = table(Link)
    secrets = [token_digest(secret) for secret in re.findall(r"/d/([\w-]+)", text)]
    query = select(links.c.export_id).where(links.c.token_digest.in_(secrets))
    return reads.value(query) is not None


@contextmanager
def copied(place: Place, folder: Path) -> Iterator[Place]:
    """The same desk a second time: its database and its files."""
    shutil.copytree(place.folder, folder / "place")
    with ExitStack() as open_now:
        url = make_url(place.url)
        assert url.database is not None
        if url.get_backend_name() == "sqlite":
            copy = f"sqlite:///{shutil.copyfile(url.database, folder / 'loket.db')}"
        else:
            copy = open_now.enter_context(postgres.database(url.database))
        yield Place(copy, folder / "place", place.customers, place.now)


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the undisturbed conversation."""

    before: Place
    passed: list[str]  # its points
    after: Counter[str]


@contextmanager
def undisturbed(database: Database, folder: Path) -> Iterator[list[Stage]]:
    """The conversation that nothing happens to, kept before each part."""
    build(desk.ORGANISATION, folder / "customers", START.date())
    with ExitStack() as kept:
        place = Place(kept.enter_context(migrated_url(database, folder)), folder / "place", folder, START)
        desk.prepare_place(place.url, place.folder, place.customers)
        stages = []
        for number, (scenario, _) in enumerate(PARTS):
            room = folder / str(number)
            room.mkdir()
            before = kept.enter_context(copied(place, room))
            passed = points(partial(scenario, place.life()))
            stages.append(Stage(before, passed, place.state()))
        yield stages


@pytest.fixture(scope="module", params=["sqlite"])
def stages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Stage]]:
    with undisturbed(request.param, tmp_path_factory.mktemp(request.param)) as played:
        yield played


# --- what is held against what ----------------------------------------------------------------------------------------

# Drawn or made with a key of this one database; counted by tries; or measured off something drawn.
_DRAWN = re.compile(r"(^|_)(number|token|digest|previous|index|seq|attempts|size|bytes|reply)$|^message_id$")
_LONG = re.compile(r"\b[0-9a-f]{32,64}\b")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+")
# Moments that follow from the receipt, whenever the work was done. Of all others: whether there is one.
_FROM_RECEIPT = {table(Deadline).c.due_at, table(Request).c.received_at, table(Case).c.received_at}


def shapes(reads: Reads) -> Counter[str]:
    """Every row of every table, without what no two runs share: an id says which kind of row it names."""
    assert verify(reads).problems == ()
    told_of = [found for found in metadata.sorted_tables if found is not table(ChannelHealth)]  # of a server, no case
    rows = {found: reads.rows(select(found)) for found in told_of}
    kinds = {row.id: found.name for found, group in rows.items() for row in group}
    return Counter(_shape(found, row, kinds) for found, group in rows.items() for row in group)


def _shape(found: Table, row: Row[Any], kinds: dict[str, str]) -> str:
    values = []
    for column in found.columns:
        value = row._mapping[column.name]
        if value is None or column.name == "id":
            continue
        hidden = isinstance(column.type, Sealed | UtcDateTime) and column not in _FROM_RECEIPT
        shown = "…" if hidden or _DRAWN.search(column.name) else _plain(value, kinds)
        values.append(f"{column.name}={shown}")
    return f"{found.name}: {' '.join(values)}"


def _plain(value: Any, kinds: dict[str, str]) -> str:
    if isinstance(value, dict):
        return str({key: "…" if _DRAWN.search(key) else _plain(part, kinds) for key, part in sorted(value.items())})
    if isinstance(value, list):
        return str([_plain(part, kinds) for part in value])
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = _LONG.sub(lambda match: kinds.get(match[0], "…"), str(value))
    return _MOMENT.sub("…", text)


# --- the tests --------------------------------------------------------------------------------------------------------


def test_an_undisturbed_conversation(stages: list[Stage]) -> None:
    assert [stage.passed for stage in stages] == [names for _, names in PARTS]
    request, code, letter = (stage.after for stage in stages)
    assert left(request) == Counter(identity_code=1)
    assert left(code) == Counter(identity_code=1, code_result=1)
    assert left(letter) == Counter(identity_code=1, code_result=1, letter=1)
    assert "a letter opens the export: True" in letter
    ended = [shape for shape in letter if shape.startswith("request: ") and "state=answered" in shape]
    assert len(ended) == 1
    assert not [shape for shape in letter if "claim_token=" in shape]


def left(state: Counter[str]) -> Counter[str]:
    return Counter({name.removeprefix("left: "): n for name, n in state.items() if name.startswith("left: ")})


@pytest.mark.parametrize(("part", "point", "when"), KILLS)
def test_killed_and_run_again(part: int, point: int, when: When, stages: list[Stage], tmp_path: Path) -> None:
    check_kill(part, point, when, stages[part], tmp_path)


@pytest.mark.parametrize("stages", ["postgres"], indirect=True)
@pytest.mark.parametrize(("part", "point", "when"), FEWER)
def test_killed_on_postgres(part: int, point: int, when: When, stages: list[Stage], tmp_path: Path) -> None:
    check_kill(part, point, when, stages[part], tmp_path)


def check_kill(part: int, point: int, when: When, stage: Stage, folder: Path) -> None:
    scenario, names = PARTS[part]
    known = point - 1 - names.index("send")
    with copied(stage.before, folder) as place:
        assert place.run(scenario, point, when) == KILLED
        assert place.run(scenario) == FINISHED
        files = UNKNOWN_FILES.get((known, when))
        if files is not None:
            one_is_unknown(place, scenario, files)
        state = place.state()
        found = {"missing": told(stage.after - state), "more": told(state - stage.after)}
        assert found == {"missing": MISSING[files], "more": MORE[files]}, (stage.after - state, state - stage.after)
        assert set(place.left().values()) == {1}, "a mail left twice"


# What the case tells afterwards of a mail whose outcome was unknown, by the number of files there were of it.
LOOKED = f"work_item send_uncertain staff:{desk.COLLEAGUE}"
DOUBT = Counter({"audit program mail.uncertain": 1, "audit program work.opened": 1, LOOKED: 1})
MISSING = {None: Counter[str](), 0: Counter[str](), 1: Counter({"audit program mail.sent": 1})}
MORE = {
    None: Counter[str](),
    0: DOUBT + Counter({f"audit staff:{desk.COLLEAGUE} mail.queued": 1}),
    1: DOUBT + Counter({f"audit staff:{desk.COLLEAGUE} mail.sent": 1}),
}


def told(shapes: Counter[str]) -> Counter[str]:
    """Shapes by the few columns that name them."""
    brief: Counter[str] = Counter()
    for shape, number in shapes.items():
        name, _, values = shape.partition(": ")
        brief[" ".join([name, *re.findall(r"\b(?:actor|tag|kind|closed_by)=(\S+)", values)])] += number
    return brief


def one_is_unknown(place: Place, scenario: Part, files: int) -> None:
    """The mail waits for a person. Once she has said whether it arrived, the rest goes its way."""
    (unknown,) = place.uncertain()
    assert place.left()[unknown.message_id] == files
    assert unknown.closed_at is None, "somebody has to know of it"
    assert place.run(desk.decide) == FINISHED
    assert place.uncertain() == []
    assert place.run(scenario) == FINISHED


def test_killed_in_every_life(stages: list[Stage], tmp_path: Path) -> None:
    """The run after a crash crashes as well, one point later each time, and a colleague looks in between."""
    whole = stages[-1].after
    codes: list[int] = []
    with copied(stages[0].before, tmp_path) as place:
        while FINISHED not in codes and len(codes) < len(EVERY):
            codes.append(place.run(desk.talk, len(codes) + 1, "after"))
            assert place.run(desk.decide) == FINISHED
        assert codes == [*[KILLED] * (len(codes) - 1), FINISHED]
        assert len(codes) > len(PARTS)
        assert place.run(desk.talk) == FINISHED
        state = place.state()
    assert left(state) == left(whole)
    assert set(told(whole - state)) <= set(MISSING[1])
    assert set(told(state - whole)) <= {*MORE[0], *MORE[1]}


def test_a_batch_that_dies_on_the_way(stages: list[Stage], tmp_path: Path) -> None:
    """Two mails wait; the process dies when the first has left. That one is never sent again, the other is."""
    places = [tmp_path / name for name in ("dry", "real")]
    for folder in places:
        folder.mkdir()
    with copied(stages[0].before, places[0]) as dry, copied(stages[0].before, places[1]) as place:
        for folder in (dry.folder, place.folder):
            desk.write_request(folder, "2-request.eml", desk.OTHER_CUSTOMER)
        passed = points(partial(desk.request, dry.life()))
        assert passed.count("send") == 2
        assert place.run(desk.request, passed.index("send") + 1, "after") == KILLED
        (on_the_wire,) = place.left()
        assert place.run(desk.request) == FINISHED
        assert on_the_wire in [row.message_id for row in place.uncertain()]
        assert place.left()[on_the_wire] == 1
        assert place.run(desk.decide) == FINISHED
        assert place.run(desk.request) == FINISHED
        assert sorted(place.left().values()) == [1, 1]
        assert place.uncertain() == []
