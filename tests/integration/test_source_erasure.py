"""Every record ends accounted for, whatever the tables and the terms.

After an erasure each record is erased, anonymised or kept with a ground that the policy holds; a second run changes
nothing; nobody else's record is touched; a source that is down is never taken for an empty one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cases.erasure import CLAIM_LAW, CONTRACT_LAW, standing_of
from cases.policy import Policy, RetentionRule, RetentionSource, RetentionStart, kept_until
from cases.protocols import Change, Changed, FindStatus, Identifier
from cases.types import ActionStatus, Fate, Label
from handlers.base import Line
from handlers.dry_run import actions, dry_run, lines
from sources.settings import load_sources
from sources.sql import SqlSource
from sources.sql_settings import SqlSourceSettings
from tests.support.case_files import case_file, policy_of
from tests.support.thorough import tries

NOW = datetime(2027, 2, 10, 9, tzinfo=UTC)
TODAY = date(2027, 2, 10)
CATEGORIES = ("contact", "orders", "invoices", "login")
SANNE = Identifier("customer_number", "K-1001", proven=True)
Rows = dict[tuple[str, int], dict[str, Any]]  # table and id -> column -> value


@dataclass(frozen=True)
class World:
    """Tables as they are declared, rows of two people, and how long things are kept."""

    tables: Mapping[str, Mapping[str, tuple[str, bool]]]  # table -> column -> category, identifies
    can: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, Sequence[tuple[int, tuple[Any, ...], date | None]]]  # table -> owner, values, day
    until: date | None
    rules: tuple[RetentionRule, ...]


days = st.none() | st.dates(date(2012, 1, 1), date(2027, 2, 9))
words = st.none() | st.just("") | st.text("abcé'\"%;", min_size=1, max_size=6)
rule = st.builds(
    RetentionRule,
    category=st.sampled_from(CATEGORIES),
    text=st.just("zolang het moet"),
    source=st.sampled_from(RetentionSource),
    start=st.sampled_from(RetentionStart),
    years=st.integers(1, 10),
    law=st.sampled_from(("artikel 52 AWR", "artikel 34a Wet OB")),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    names = ["klant", *draw(st.lists(st.sampled_from(("factuur", "notitie", "login")), unique=True))]
    tables, can, rows = {}, {}, {}
    for name in names:
        columns = draw(st.lists(st.sampled_from(("a", "b", "c")), min_size=1, unique=True))
        field = st.tuples(st.sampled_from(CATEGORIES), st.booleans())
        tables[name] = {column: draw(field) for column in columns}
        can[name] = tuple(draw(st.lists(st.sampled_from(("erase", "anonymise")), unique=True)))
        row = st.tuples(st.sampled_from((1, 2)), st.tuples(*(words for _ in columns)), days)
        more = () if name == "klant" else draw(st.lists(row, max_size=5))
        both = [(owner, draw(st.tuples(*(words for _ in columns))), draw(days)) for owner in (1, 2)]
        rows[name] = [*both, *more]
    until = draw(st.none() | st.dates(TODAY - timedelta(days=4000), TODAY + timedelta(days=400)))
    return World(tables, can, rows, until, tuple(draw(st.lists(rule, max_size=6))))


@given(world=worlds())
@tries(30)
def test_every_record_ends_accounted_for(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "boek.db")
        declared = _build(world, file)
        policy = replace(policy_of("whatnext"), retention=world.rules)
        asyncio.run(_erase_twice(world, policy, declared, file))


async def _erase_twice(world: World, policy: Policy, declared: SqlSourceSettings, file: Path) -> None:
    source = SqlSource(declared, lambda: NOW)
    try:
        await _tried(source, world, policy, file)
    finally:
        await source.close()


async def _tried(source: SqlSource, world: World, policy: Policy, file: Path) -> None:
    before = _rows(world, file)
    first, results = await _erase(source, policy)
    after = _rows(world, file)
    owned = {place for place, values in before.items() if values["eigenaar"] == 1}
    first = tuple(line for line in first if line.table in world.tables)  # the number has a table of its own
    assert sorted((line.table, line.key) for line in first) == sorted((t, f'["{n}"]') for t, n in owned)
    for line in first:
        _check(world, policy, line, before, after)
    assert {place: after[place] for place in before.keys() - owned} == {
        place: before[place] for place in before.keys() - owned
    }
    for change, result in results:
        assert result.status in (ActionStatus.DONE, ActionStatus.NOTHING)
        assert (await source.change(change)).status is ActionStatus.NOTHING
    await _erase(source, policy)  # from the start: looks, plans and acts again
    assert _rows(world, file) == after
    away = _moved(file, file.with_suffix(".weg"))
    lost = await source.find([SANNE])
    assert (lost.status, lost.tables) == (FindStatus.FAILED, ())
    for change, _ in results:
        assert (await source.change(change)).status is ActionStatus.FAILED
    _moved(away, file)
    assert _rows(world, file) == after


async def _erase(source: SqlSource, policy: Policy) -> tuple[tuple[Line, ...], list[tuple[Change, Changed]]]:
    """Looks, plans, and does what a system can do; what is left to a person stays as it is."""
    found = await source.find([SANNE])
    assert found.status is not FindStatus.FAILED, found.error
    file = case_file(Label.VERWIJDERING, policy=policy, sources=(source.describe(),), found=(found,), now=NOW)
    standing = standing_of((found,))
    records = dry_run(file, standing)
    results = []
    for action in actions(file, records, running=bool(standing.running)):
        if not action.by_hand:
            change = Change(action.id, action.verb, action.table, action.keys, columns=action.columns)
            results.append((change, await source.change(change)))
    return lines(records), results


def _check(world: World, policy: Policy, line: Line, before: Rows, after: Rows) -> None:
    """The record of one line of the dry run is now as that line says."""
    place = (line.table, int(line.key.strip('[]"')))
    can, stays = world.can[line.table], after.get(place)
    if line.fate is Fate.ERASE:
        assert (stays is None) is ("erase" in can)
        return
    assert stays is not None
    gone = set(line.columns) if "anonymise" in can else set()
    for column, value in stays.items():
        assert value in (None, "") if column in gone else value == before[place][column]
    if line.fate is Fate.KEEP:
        _check_ground(policy, line, world.until)
    else:
        assert all(not identifies or c in line.columns for c, (_, identifies) in world.tables[line.table].items())


def _check_ground(policy: Policy, line: Line, until: date | None) -> None:
    """A law that the policy holds for this category and that is not over, a claim, or a contract that runs."""
    if line.law == CONTRACT_LAW:
        assert until is None or until >= TODAY
        return
    assert line.law != CLAIM_LAW  # nothing is unpaid in these worlds
    assert line.ends_on is not None
    assert line.ends_on >= TODAY
    laws = [r for r in policy.retention if r.category == line.category and r.source is RetentionSource.LAW]
    assert line.law in {rule.law for rule in laws}
    assert any(kept_until(rule, TODAY) or date.min >= line.ends_on for rule in laws)


def _build(world: World, file: Path) -> SqlSourceSettings:
    connection = sqlite3.connect(file)
    toml = ['[[source]]\nname = "boek"\nlabel = "Boek"\nurl = "sqlite:///boek.db"\nwrite_url = "sqlite:///boek.db"']
    for name, columns in world.tables.items():
        kinds = ", ".join(f"{column} TEXT" for column in columns)
        connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, eigenaar INT, dag DATE, {kinds})")
        for owner, values, day in world.rows[name]:
            marks = ", ".join("?" * (len(values) + 2))
            rest = (owner, day and day.isoformat(), *values)
            connection.execute(f"INSERT INTO {name} (eigenaar, dag, {', '.join(columns)}) VALUES ({marks})", rest)
        toml.append(_declaration(world, name, columns))
    until = world.until and world.until.isoformat()
    connection.execute("CREATE TABLE nummer (eigenaar INT, nummer TEXT, tot DATE)")
    connection.executemany("INSERT INTO nummer VALUES (?, ?, ?)", [(1, "K-1001", until), (2, "K-1002", None)])
    connection.commit()
    connection.close()
    toml.append(
        '[[source.table]]\nname = "nummer"\nlabel = "Nummers"\nfind_by = { customer_number = ["nummer"] }\n'
        'gives = { klant = ["eigenaar"] }\ntechnical = ["eigenaar", "tot"]\nkey = ["eigenaar"]\n'
        'customer = { until = "tot" }\n[source.table.fields]\n'
        'nummer = { label = "Nummer", category = "contact", identifies = false }'
    )
    return _loaded("\n".join(toml), file)


def _declaration(world: World, name: str, columns: Mapping[str, tuple[str, bool]]) -> str:
    fields = "\n".join(
        f'{column} = {{ label = "{column}", category = "{category}", identifies = {str(identifies).lower()} }}'
        for column, (category, identifies) in columns.items()
    )
    return (
        f'[[source.table]]\nname = "{name}"\nlabel = "{name}"\nfind_by = {{ klant = ["eigenaar"] }}\n'
        f'technical = ["id", "eigenaar", "dag"]\nkey = ["id"]\ndate = "dag"\n'
        f"can = [{', '.join(f'{verb!r}' for verb in world.can[name])}]\n[source.table.fields]\n{fields}"
    )


def _loaded(text: str, file: Path) -> SqlSourceSettings:
    (declared,) = load_sources(text, file="test.toml", base=file.parent)
    assert isinstance(declared, SqlSourceSettings)
    return declared


def _moved(file: Path, target: Path) -> Path:
    return file.rename(target)


def _rows(world: World, file: Path) -> Rows:
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    found = {(n, row["id"]): dict(row) for n in world.tables for row in connection.execute(f"SELECT * FROM {n}")}
    connection.close()
    return found
