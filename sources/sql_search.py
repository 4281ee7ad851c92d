"""Finds the rows of one person in a declared database.

Proven identifiers open rows; a found row hands on its keys (`gives`) to the tables that are found by them, until
nothing new turns up. First the keys are gathered, then every table is read once, so a row never comes twice.
Values travel as parameters only; table and column names come from the settings.

One person's file only (art. 15(4) AVG): what two people may share leads from one of them to the other nowhere, and a
search that ends at two people gives nothing and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cases.errors import Permanent, RuleError
from cases.protocols import FindStatus, Found, FoundTable, Identifier, SourceRole, Value
from sources.identifiers import SHARED_KINDS, canonical, spellings
from sources.sql_reader import Reader, Shape
from sources.sql_records import Extra, extra_columns, extra_of, facts_of, selectable
from sources.sql_settings import SqlSourceSettings, SqlTable
from sources.sql_values import fitting, plain_value

Handle = tuple[str, Value]  # kind and value; a value of a shared kind is canonical

_MOST_HANDLES = 5_000  # of one person; a database takes about 30,000 parameters in one statement
_MOST_ROUNDS = 12  # tables between the first key and the last row
_PHONE_MARKS = " -()+./\u00a0"
_PERSON = "customer_number"  # the kind that names one person
_SHARED_BY_PEOPLE = frozenset({"domain", "phone"})  # one household, a firm, or an owner before this one
TWO_PEOPLE = "twee personen bij één adres: een medewerker moet kijken"


def find(reader: Reader, settings: SqlSourceSettings, proven: Sequence[Identifier], today: date) -> Found:
    """All rows of the person whom the proven identifiers name. The caller has left out the others."""
    searchable = {kind for table in settings.searched for kind in table.find_by} & SHARED_KINDS
    start: dict[Handle, Identifier] = {
        (identifier.kind, value): identifier
        for identifier in proven
        if identifier.kind in searchable and (value := canonical(identifier.kind, identifier.value))
    }
    shapes, personal = reader.declared(settings.searched), _personal(settings.searched)
    search = _Search(reader, settings, shapes, start=frozenset(start), personal=personal)
    handles = search.gather(start, follow=lambda kind: True)
    if not search.one_person(handles):
        raise Permanent(TWO_PEOPLE)
    read = tuple(search.read(handles))
    tables = tuple(table for table, _ in read)
    on_the_way = {
        (kind, value): Identifier(kind=kind, value=str(value), proven=True)
        for kind, value in handles
        if kind in SHARED_KINDS - _SHARED_BY_PEOPLE  # the next source would take the others for proven
    }
    return Found(
        source=settings.name,
        status=FindStatus.FOUND if tables else FindStatus.NOTHING,
        tables=tables,
        used=tuple((on_the_way | start).values()),
        facts=facts_of({table.table: extras for table, extras in read}, settings.searched, today),
    )


def rows_of(
    reader: Reader, settings: SqlSourceSettings, table: SqlTable, identifiers: Sequence[Identifier]
) -> sa.ColumnElement[bool] | None:
    """Where the rows of these addresses or numbers stand in a table, for an opt-out: it needs no proof of identity."""
    start = [
        (identifier.kind, value)
        for identifier in identifiers
        if identifier.kind in SHARED_KINDS and (value := canonical(identifier.kind, identifier.value))
    ]
    search = _Search(reader, settings, reader.declared(settings.searched), start=frozenset(start))
    return search.where(table, search.gather(start, follow=lambda kind: kind not in SHARED_KINDS))


def addresses_on_file(reader: Reader, settings: SqlSourceSettings, identifier: Identifier) -> tuple[str, ...]:
    """The e-mail addresses of the rows an identifier points at, sorted."""
    value = canonical(identifier.kind, identifier.value) if identifier.kind in SHARED_KINDS else ""
    if not value:
        return ()
    search = _Search(reader, settings, reader.declared(settings.searched), named=True)
    # Only along keys of this database: what people may share (a phone, a domain) leads to nobody else's address.
    handles = search.gather([(identifier.kind, value)], follow=lambda kind: kind not in SHARED_KINDS)
    return tuple(sorted(set(search.addresses(handles))))


def _column(name: str) -> sa.ColumnElement[Any]:
    """Without a type: values come as the driver gives them and `plain_value` reads them leniently."""
    return sa.column(name)


def _personal(tables: Sequence[SqlTable]) -> frozenset[str]:
    """The tables that hold a person, and those from whose rows a search goes on to one."""
    names = {table.info.name for table in tables if table.addresses or _PERSON in table.gives}
    while True:
        keys = {kind for table in tables if table.info.name in names for kind in table.find_by} - _SHARED_BY_PEOPLE
        more = {table.info.name for table in tables if keys & table.gives.keys()} - names
        if not more:
            return frozenset(names)
        names |= more


@dataclass(frozen=True, slots=True)
class _Search:
    reader: Reader
    settings: SqlSourceSettings
    shapes: dict[str, Shape]
    named: bool = False  # the first handle is only named: ways in that open nothing count too
    start: frozenset[Handle] = frozenset()  # what the person proved: it opens every table that is found by it
    personal: frozenset[str] = frozenset()  # what people may share, met on the way, does not open these

    def gather(self, start: Iterable[Handle], *, follow: Callable[[str], bool]) -> list[Handle]:
        """The first handles, and every handle that rows found by them give, and so on."""
        known: dict[Handle, None] = dict.fromkeys(start)
        fresh = list(known)
        for _ in range(_MOST_ROUNDS):
            if not fresh:
                return list(known)
            given = [handle for table in self.settings.searched for handle in self._given(table, fresh, follow)]
            fresh = [handle for handle in dict.fromkeys(given) if handle not in known]
            known |= dict.fromkeys(fresh)
            if len(known) > _MOST_HANDLES:
                raise Permanent(f"meer dan {_MOST_HANDLES} sleutels gevonden; zoek met een preciezer gegeven")
        raise Permanent("de tabellen blijven naar elkaar doorverwijzen; kijk de instelling 'gives' na")

    def _given(self, table: SqlTable, handles: Sequence[Handle], follow: Callable[[str], bool]) -> Iterator[Handle]:
        ways = [(kind, column) for kind, columns in table.gives.items() if follow(kind) for column in columns]
        where = self.where(table, handles) if ways else None
        if where is None:
            return
        columns = [_column(column) for _, column in ways]
        types = self.shapes[table.info.name].types
        for row in self.reader.rows(self._select(table, columns).where(where).distinct().limit(_MOST_HANDLES + 1)):
            for (kind, column), raw in zip(ways, row, strict=True):
                value = plain_value(raw, types[column])
                if kind in SHARED_KINDS:
                    value = canonical(kind, str(value or "")) or None
                if value is not None:
                    yield kind, value

    def one_person(self, handles: Sequence[Handle]) -> bool:
        """Whether all rows are one person's. In the table with the address on file every row is a person; other
        tables may repeat a customer number, but hold only one."""
        for table in self.settings.searched:
            columns = table.gives.get(_PERSON, ())
            where = self.where(table, handles) if columns else None
            if where is None:
                continue
            query = self._select(table, [_column(name) for name in columns]).where(where)
            if table.addresses:
                people = len(self.reader.rows(query.limit(2)))
            else:
                rows = self.reader.rows(query.distinct().limit(_MOST_HANDLES + 1))
                numbers = {tuple(canonical(_PERSON, str(value or "")) for value in row) for row in rows}
                people = sum(map(any, numbers))
            if people > 1:
                return False
        return True

    def read(self, handles: Sequence[Handle]) -> Iterator[tuple[FoundTable, tuple[Extra, ...]]]:
        """Every table's rows for these handles, in the order of its key, and what else they tell."""
        left = self.settings.max_rows
        for table in self.settings.searched:
            where = self.where(table, handles)
            if where is None:
                continue
            found, extras = self._rows(table, where, left)
            left -= len(found.rows)
            if found.rows:
                yield found, extras

    def _rows(self, table: SqlTable, where: sa.ColumnElement[bool], left: int) -> tuple[FoundTable, tuple[Extra, ...]]:
        fields, shape = table.info.fields, self.shapes[table.info.name]
        columns = [
            # Of a secret only its presence leaves the database.
            _column(field.name).is_not(None) if field.secret else _column(field.name)
            for field in fields
        ]
        more = extra_columns(table, self.settings)
        order = map(_column, table.key or shape.key or (fields[0].name,))
        query = self._select(table, [*columns, *more]).where(where).order_by(*order).limit(left + 1)
        rows = self.reader.rows(query)
        if len(rows) > left:
            most = self.settings.max_rows
            raise Permanent(f"meer dan {most} regels gevonden; verhoog 'max_rows' of zoek preciezer")
        types = [sa.Boolean() if field.secret else shape.types[field.name] for field in fields]
        extras = tuple(extra_of(table, tuple(row)[len(fields) :]) for row in rows)
        found = FoundTable(
            table.info.name,
            tuple(field.name for field in fields),
            tuple(tuple(plain_value(raw, kind) for raw, kind in zip(row, types, strict=False)) for row in rows),
            keys=tuple(extra.key for extra in extras) if table.key else (),
            days=tuple(extra.day for extra in extras) if table.date else (),
        )
        return found, extras

    def addresses(self, handles: Sequence[Handle]) -> Iterator[str]:
        for table in self.settings.searched:
            where = self.where(table, handles) if table.addresses else None
            if where is None:
                continue
            columns = [_column(column) for column in table.addresses]
            for row in self.reader.rows(self._select(table, columns).where(where).limit(self.settings.max_rows)):
                yield from filter(None, (canonical("email", str(value or "")) for value in row))

    def _select(self, table: SqlTable, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
        """The only place that names a table in a statement."""
        if table.info.role is not SourceRole.CONTROLLER:
            raise RuleError("a processor table was about to be searched")
        return sa.select(*columns).select_from(selectable(table, self.settings.schema))

    def where(self, table: SqlTable, handles: Sequence[Handle]) -> sa.ColumnElement[bool] | None:
        """The rows of this table that one of the handles points at; None when no handle can."""
        types = self.shapes[table.info.name].types
        parts: list[sa.ColumnElement[bool]] = []
        ways = list(table.find_by.items()) + (list(table.named_by.items()) if self.named else [])
        closed = _SHARED_BY_PEOPLE if table.info.name in self.personal else frozenset()
        for kind, columns in ways:
            values = [
                handle[1] for handle in handles if handle[0] == kind and (kind not in closed or handle in self.start)
            ]
            if not values:
                continue
            if kind in SHARED_KINDS:
                written = [spelling for value in values for spelling in spellings(kind, str(value))]
                parts += [self._folded(kind, column).in_(written) for column in columns]
            else:
                parts += [_column(column).in_(fitting(values, types[column])) for column in columns]
        return sa.or_(*parts) if parts else None

    def _folded(self, kind: str, column: str) -> sa.ColumnElement[str]:
        """The column as `spellings` writes values. Lower-case is ASCII only: SQLite does so, PostgreSQL with "C"."""
        text: sa.ColumnElement[str] = sa.cast(_column(column), sa.Text)
        if kind == "phone":
            for mark in _PHONE_MARKS:
                text = sa.func.replace(text, mark, "")
            return text
        if self.reader.connection.dialect.name == "postgresql":
            text = sa.collate(text, "C")
        lower = sa.func.lower(text)
        return sa.func.trim(lower) if kind in ("email", "domain") else sa.func.replace(lower, " ", "")
