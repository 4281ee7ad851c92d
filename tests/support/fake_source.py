"""A `DataSource` in memory that passes tests/contract/test_datasource.py and records what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cases.errors import Temporary
from cases.guard import outside_unit
from cases.protocols import (
    FieldInfo,
    FindStatus,
    Found,
    FoundTable,
    Identifier,
    SourceInfo,
    SourceRole,
    TableInfo,
)


@dataclass(frozen=True, slots=True)
class FakePerson:
    """What the source holds about one person; values of handles in lower case, without blanks."""

    handles: frozenset[tuple[str, str]]  # each opens the tables, when proven
    tables: tuple[FoundTable, ...]
    addresses: tuple[str, ...] = ()
    named: frozenset[tuple[str, str]] = frozenset()  # lead to the addresses and open nothing


@dataclass
class FakeSource:
    name: str
    people: Sequence[FakePerson] = ()
    info: SourceInfo | None = None  # derived from the tables when not given
    failure: str = ""  # when set, every question fails with these words
    calls: list[tuple[str, tuple[Identifier, ...]]] = field(default_factory=list)

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
        tables = tuple(table for person in people for table in person.tables if table.table not in closed)
        status = FindStatus.FOUND if tables else FindStatus.NOTHING
        return Found(self.name, status, tables, tuple(used.values()))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        self.calls.append(("addresses_on_file", (identifier,)))
        if self.failure:
            raise Temporary(self.failure)
        found = {
            a for person in self.people if _key(identifier) in person.handles | person.named for a in person.addresses
        }
        return tuple(sorted(found))

    async def close(self) -> None:
        self.calls.append(("close", ()))


def _key(identifier: Identifier) -> tuple[str, str]:
    return identifier.kind, "".join(identifier.value.split()).lower()
