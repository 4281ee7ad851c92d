"""A `DataSource` in memory that passes the contract suites of tests/contract and records what it was asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cases.errors import RuleError, Temporary
from cases.guard import outside_unit
from cases.protocols import (
    Change,
    Changed,
    FieldInfo,
    FindStatus,
    Found,
    FoundTable,
    Identifier,
    SourceInfo,
    SourceRole,
    TableInfo,
    Value,
)
from cases.types import ActionStatus, Verb
from sources.manual import found_by_hand


@dataclass(frozen=True, slots=True)
class FakePerson:
    """What the source holds about one person; values of handles in lower case, without blanks."""

    handles: frozenset[tuple[str, str]]  # each opens the tables, when proven
    tables: tuple[FoundTable, ...]
    addresses: tuple[str, ...] = ()
    named: frozenset[tuple[str, str]] = frozenset()  # lead to the addresses and open nothing
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeSource:
    name: str
    people: Sequence[FakePerson] = ()
    info: SourceInfo | None = None  # derived from the tables when not given
    failure: str = ""  # when set, every question and change fails with these words
    calls: list[tuple[str, tuple[Identifier, ...]]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)  # every change asked for, in order
    marks: set[tuple[Verb, str, str]] = field(default_factory=set)  # RESTRICT and OPT_OUT that stand: verb, table, key

    def describe(self) -> SourceInfo:
        if self.info is not None:
            return self.info
        columns = {table.table: table.columns for person in self.people for table in person.tables}
        return SourceInfo(
            self.name,
            self.name,
            tuple(
                TableInfo(name, name, SourceRole.CONTROLLER, tuple(FieldInfo(c, c, "contact") for c in names))
                for name, names in columns.items()
            ),
        )

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("tests.fake_source")
        self.calls.append(("find", tuple(identifiers)))
        if self.failure:
            return Found(self.name, FindStatus.FAILED, error=self.failure)
        proven = {_key(identifier): identifier for identifier in identifiers if identifier.proven}
        people = [person for person in self.people if person.handles & proven.keys()]
        if len(people) > 1:
            return Found(self.name, FindStatus.FAILED, error="twee personen bij één adres: een medewerker moet kijken")
        known = {kind for person in self.people for kind, _ in person.handles}
        used = {key: identifier for key, identifier in proven.items() if key[0] in known}
        for person in people:
            for kind, value in sorted(person.handles):
                if kind in ("domain", "phone"):
                    continue  # what people may share is not handed on
                used.setdefault((kind, value), Identifier(kind, value, proven=True))
        closed = {table.name for table in self.describe().tables if table.role is SourceRole.PROCESSOR}
        tables = tuple(
            table for person in people for table in person.tables if table.table not in closed and table.rows
        )
        status = FindStatus.FOUND if tables else FindStatus.NOTHING
        facts = {key: value for person in people for key, value in person.facts.items()}
        return Found(self.name, status, tables, tuple(used.values()), facts=facts if tables else {})

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        self.calls.append(("addresses_on_file", (identifier,)))
        if self.failure:
            raise Temporary(self.failure)
        found = {
            a for person in self.people if _key(identifier) in person.handles | person.named for a in person.addresses
        }
        return tuple(sorted(found))

    def answered(self, answer: Mapping[str, Any]) -> Found:
        """As sources/manual.py does it, where `info` says that the system is kept by hand."""
        if not self.describe().by_hand:
            raise RuleError("this source answers itself")
        return found_by_hand(self.describe(), answer)

    async def change(self, change: Change) -> Changed:
        outside_unit("tests.fake_source")
        self.changes.append(change)
        if self.failure:
            return Changed(change.id, ActionStatus.FAILED, error=self.failure)
        if self.describe().by_hand:
            return Changed(change.id, ActionStatus.BY_HAND)
        tables = [t for t in self.describe().tables if change.verb in t.can and change.table in (t.name, "")]
        if not tables or (not change.table and change.verb is not Verb.OPT_OUT):
            where = f"in tabel '{change.table}'" if change.table else "in deze bron"
            return Changed(change.id, ActionStatus.FAILED, error=f"'{change.verb}' kan niet {where}")
        if change.verb in (Verb.RESTRICT, Verb.LIFT, Verb.OPT_OUT):
            return self._mark(change, {table.name for table in tables})
        return self._correct(change) if change.verb is Verb.CORRECT else self._empty(change, tables[0])

    async def check(self) -> list[str]:
        return [f"bron '{self.name}': {self.failure}"] if self.failure else []

    async def close(self) -> None:
        self.calls.append(("close", ()))

    def _mark(self, change: Change, names: set[str]) -> Changed:
        handles = {_key(identifier) for identifier in change.identifiers}
        verb = Verb.OPT_OUT if change.verb is Verb.OPT_OUT else Verb.RESTRICT
        rows = {
            (verb, table.table, key)
            for person in self.people
            for table in person.tables
            for key in table.keys
            if table.table in names and (key in change.keys if change.keys else handles & person.handles)
        }
        before = set(self.marks)
        self.marks = self.marks - rows if change.verb is Verb.LIFT else self.marks | rows
        status = ActionStatus.NOTHING if self.marks == before else ActionStatus.DONE
        return Changed(change.id, status, len(rows))

    def _correct(self, change: Change) -> Changed:
        now = {key: row for key, row in self._rows(change.table).items() if key in change.keys}
        conflict = len(now) < len(change.keys)
        for row in now.values():
            asked = all(row[column] == value for column, value in change.values.items())
            conflict |= not asked and any(row[column] != value for column, value in change.expected.items())
        if conflict:
            return Changed(change.id, ActionStatus.CONFLICT, error="het record is niet meer zoals het getoond is")
        previous = {
            key: {c: change.expected.get(c, row[c]) if row[c] == change.values[c] else row[c] for c in change.values}
            for key, row in now.items()
        }
        changed = self._write(change.table, {key: dict(change.values) for key in now})
        status = ActionStatus.DONE if changed else ActionStatus.NOTHING
        return Changed(change.id, status, len(now), previous=previous)

    def _empty(self, change: Change, table: TableInfo) -> Changed:
        columns = change.columns or tuple(f.name for f in table.fields if f.identifies)
        values = None if change.verb is Verb.ERASE else {column: _empty_value(table, column) for column in columns}
        changed = self._write(change.table, dict.fromkeys(change.keys, values))
        return Changed(change.id, ActionStatus.DONE if changed else ActionStatus.NOTHING, len(set(change.keys)))

    def _rows(self, name: str) -> dict[str, dict[str, Value]]:
        return {
            key: dict(zip(table.columns, row, strict=True))
            for person in self.people
            for table in person.tables
            if table.table == name
            for key, row in zip(table.keys, table.rows, strict=True)
        }

    def _write(self, name: str, values: Mapping[str, Mapping[str, Value] | None]) -> bool:
        """New values per record, None removes it; says whether anything changed."""
        before = list(self.people)
        self.people = [
            replace(p, tables=tuple(_written(t, values) if t.table == name else t for t in p.tables))
            for p in self.people
        ]
        return self.people != before


def _written(table: FoundTable, values: Mapping[str, Mapping[str, Value] | None]) -> FoundTable:
    kept = [at for at, key in enumerate(table.keys) if values.get(key, {}) is not None]
    rows = []
    for at in kept:
        new = values.get(table.keys[at]) or {}
        rows.append(tuple(new.get(c, value) for c, value in zip(table.columns, table.rows[at], strict=True)))
    return replace(
        table,
        rows=tuple(rows),
        keys=tuple(table.keys[at] for at in kept),
        days=tuple(table.days[at] for at in kept) if table.days else (),
    )


def _empty_value(table: TableInfo, column: str) -> Value:
    """Of a secret a source tells whether there is one."""
    return False if any(f.name == column and f.secret for f in table.fields) else None


def _key(identifier: Identifier) -> tuple[str, str]:
    return identifier.kind, "".join(identifier.value.split()).lower()
