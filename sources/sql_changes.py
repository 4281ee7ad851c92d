"""What each verb does to the rows of a declared database, inside one transaction.

Every change first looks at what stands there: done again it changes nothing and says so. Record names and values travel
as parameters; tables and columns come from the settings. Art. 16 (correct), 17 (erase, anonymise), 18 (restrict, lift)
and 21 (opt out).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.calendar import AMSTERDAM
from cases.errors import Permanent
from cases.protocols import Change, Changed, Value
from cases.types import ActionStatus, Verb
from sources.sql_reader import Reader, Shape
from sources.sql_records import named, typed
from sources.sql_search import rows_of
from sources.sql_settings import SqlSourceSettings, SqlTable
from sources.sql_values import plain_value, same_value, stored_value
from sources.tables import Moment


def apply(reader: Reader, settings: SqlSourceSettings, change: Change, now: datetime) -> Changed:
    """Carries the change out; the caller commits when it is DONE. Raises OutsideError."""
    tables = [t for t in settings.searched if t.info.name == change.table] if change.table else list(settings.searched)
    tables = [table for table in tables if change.verb in table.info.can]
    if not tables or (not change.table and change.verb is not Verb.OPT_OUT):
        where = f"in tabel '{change.table}'" if change.table else "in deze bron"
        raise Permanent(f"'{change.verb}' kan niet {where}")
    shapes = reader.declared(settings.searched)
    results = [_rows(reader, settings, t, shapes[t.info.name], now).carry_out(change) for t in tables]
    if len(results) == 1:
        return results[0]
    done = any(result.status is ActionStatus.DONE for result in results)
    records = sum(result.records for result in results)
    return Changed(change.id, ActionStatus.DONE if done else ActionStatus.NOTHING, records)


def _rows(reader: Reader, settings: SqlSourceSettings, table: SqlTable, shape: Shape, now: datetime) -> _Rows:
    return _Rows(reader, settings, table, shape, now, typed(reader, settings, table, shape))


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one table that a change is about."""

    reader: Reader
    settings: SqlSourceSettings
    table: SqlTable
    shape: Shape
    now: datetime
    into: sa.TableClause

    def carry_out(self, change: Change) -> Changed:
        ways, keys = self.table.ways, len(set(change.keys))
        match change.verb:
            case Verb.CORRECT:
                return self._correct(change)
            case Verb.ERASE if not ways.erase_set:
                changed = sum(self._do(sa.delete(self.into).where(where)) for where in self._named(change.keys))
                return _changed(change, changed, keys)
            case Verb.ERASE:
                return _changed(change, self._set(self._named(change.keys), self._values(ways.erase_set))[0], keys)
            case Verb.ANONYMISE:
                return _changed(change, self._set(self._named(change.keys), self._emptied(change.columns))[0], keys)
            case Verb.RESTRICT | Verb.LIFT:
                values = ways.restrict if change.verb is Verb.RESTRICT else ways.lift
                return _changed(change, *self._set(self._named(change.keys), self._values(values)))
            case Verb.OPT_OUT:
                values = self._values(ways.opt_out.of(change.channels))
                return _changed(change, *self._set(self._of(change), values)) if values else _changed(change, 0, 0)

    def _correct(self, change: Change) -> Changed:
        """All records of the change are as expected, or none is touched."""
        self._check_columns(change.values)
        previous: dict[str, dict[str, Value]] = {}
        conflict = Changed(change.id, ActionStatus.CONFLICT, error="het record is niet meer zoals het getoond is")
        changed = 0
        for key in dict.fromkeys(change.keys):
            where = next(self._named([key]))
            stands = self._stands(where, [*change.values, *(c for c in change.expected if c not in change.values)])
            if stands is None:
                return conflict
            if all(same_value(stands[column], value) for column, value in change.values.items()):
                # So already: by us, or by somebody else. What was expected is what an undo goes back to.
                previous[key] = {column: change.expected.get(column, stands[column]) for column in change.values}
                continue
            if not all(same_value(stands[column], value) for column, value in change.expected.items()):
                return conflict
            previous[key] = {column: stands[column] for column in change.values}
            changed += self._set([where], self._values(change.values))[0]
        status = ActionStatus.DONE if changed else ActionStatus.NOTHING
        return Changed(change.id, status, len(previous), previous=previous)

    def _check_columns(self, columns: Mapping[str, Value]) -> None:
        open_fields = {f.name for f in self.table.info.fields if not f.secret} - set(self.table.key)
        for column in columns:
            if column not in open_fields:
                raise Permanent(f"kolom '{column}' van tabel '{self.table.info.name}' kan niet gewijzigd worden")

    def _stands(self, where: sa.ColumnElement[bool], columns: Sequence[str]) -> dict[str, Value] | None:
        for column in columns:
            if column not in self.table.columns:
                raise Permanent(f"kolom '{column}' is niet bekend")
        wanted: list[sa.ColumnElement[Any]] = [sa.column(name) for name in columns]
        rows = self.reader.rows(sa.select(*wanted).select_from(self.into).where(where).with_for_update())
        if not rows:
            return None
        pairs = zip(columns, rows[0], strict=True)
        return {column: plain_value(raw, self.shape.types[column]) for column, raw in pairs}

    def _set(
        self, wheres: Iterator[sa.ColumnElement[bool]] | list[sa.ColumnElement[bool]], values: dict[str, Any]
    ) -> tuple[int, int]:
        """Writes the values where they do not stand yet; gives how many rows changed, and how many there are."""
        into, changed, there = self.into, 0, 0
        already = [
            into.c[column].is_not(None) if _is_moment(value) else into.c[column].is_not_distinct_from(value)
            for column, value in values.items()
        ]
        written = {column: self._moment(column, value) for column, value in values.items()}
        for where in wheres:
            there += self.reader.rows(sa.select(sa.func.count()).select_from(into).where(where))[0][0]
            changed += self._do(sa.update(into).where(where, sa.not_(sa.and_(*already))).values(written))
        return changed, there

    def _do(self, statement: sa.Update | sa.Delete) -> int:
        self.reader.arm()
        return self.reader.connection.execute(statement).rowcount

    @property
    def _sqlite(self) -> bool:
        return self.reader.connection.dialect.name == "sqlite"

    def _named(self, keys: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
        return named(self.into, self.table, self.shape, keys, sqlite=self._sqlite)

    def _of(self, change: Change) -> Iterator[sa.ColumnElement[bool]]:
        if change.keys:
            yield from self._named(change.keys)
        elif (where := rows_of(self.reader, self.settings, self.table, change.identifiers)) is not None:
            yield where

    def _values(self, values: Mapping[str, object]) -> dict[str, Any]:
        return {c: v if _is_moment(v) else self._stored(c, None if v == Moment.NULL else v) for c, v in values.items()}

    def _moment(self, column: str, value: Any) -> Any:
        if not _is_moment(value):
            return value
        local = self.now.astimezone(AMSTERDAM).replace(microsecond=0)
        if value == Moment.TODAY:
            return self._stored(column, local.date())
        zoned = getattr(self.shape.types[column], "timezone", False)
        return self._stored(column, local if zoned else local.replace(tzinfo=None))

    def _stored(self, column: str, value: object) -> Any:
        return stored_value(value, self.shape.types[column], sqlite=self._sqlite)

    def _emptied(self, columns: Sequence[str]) -> dict[str, Any]:
        """What stands in the fields of a record that points to nobody any more."""
        fields = [f.name for f in self.table.info.fields if (f.name in columns if columns else f.identifies)]
        if unknown := sorted({*columns} - {*fields}):
            raise Permanent(f"kolom '{unknown[0]}' is geen veld van tabel '{self.table.info.name}'")
        return {name: self._empty(name) for name in fields}

    def _empty(self, column: str) -> Any:
        to = self.table.ways.anonymise_to.get(column)
        if isinstance(to, str) and "{key}" in to and len(self.table.key) == 1:
            before, _, after = to.partition("{key}")  # for a column where every value must be another
            return sa.literal(before).concat(sa.cast(self.into.c[self.table.key[0]], sa.Text)).concat(after)
        if to is not None:
            return self._stored(column, None if to == Moment.NULL else to)
        if column not in self.shape.required:
            return None
        kind = self.shape.types[column]
        if isinstance(kind, sa.types.Date | sa.types.DateTime):
            raise Permanent(f"kolom '{column}' mag niet leeg zijn: stel 'anonymise_to' in")
        return "" if isinstance(kind, sa.types.String) else self._stored(column, 0)


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and value in (Moment.TODAY, Moment.NOW)


def _changed(change: Change, changed: int, as_asked: int) -> Changed:
    return Changed(change.id, ActionStatus.DONE if changed else ActionStatus.NOTHING, as_asked)
