"""What a row tells beside its fields: the name of its record, the day its term counts from, whether its
person is a customer, what is still to be paid.

The name of a record is JSON, a list of its key values: `["F2026-0001"]`. It means something in its own system only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import sqlalchemy as sa

from cases.errors import Permanent
from sources.identifiers import SHARED_KINDS
from sources.sql_reader import Reader, Shape
from sources.sql_settings import SqlSourceSettings, SqlTable
from sources.sql_values import stored_value

_AT_ONCE = 500  # keys in one statement
_NOT_RUNNING = (None, False, 0, "", "0", "false", "nee", "no")


@dataclass(frozen=True, slots=True)
class Extra:
    """Of one row."""

    key: str = ""
    day: date | None = None
    until: date | None = None
    running: bool = False
    unpaid: Decimal | None = None  # None: paid, or no invoice


def selectable(table: SqlTable, schema: str | None) -> sa.TableClause:
    """One object per table, so that a subquery can refer to the row around it."""
    return _selectable(table.info.name, schema, tuple(sorted(table.columns)))


@cache
def _selectable(name: str, schema: str | None, columns: tuple[str, ...]) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns), schema=schema)


def key_of(values: Sequence[object]) -> str:
    """Always as text: a sheet and a database write a number differently, the record is the same."""
    texts = [v if v is None else v.isoformat() if isinstance(v, date) else str(v) for v in values]
    return json.dumps(texts, ensure_ascii=False)


def key_values(key: str, table: SqlTable) -> list[Any]:
    try:
        values = json.loads(key)
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != len(table.key):
        raise Permanent(f"dit is geen sleutel van tabel '{table.info.name}'")
    return values


def typed(reader: Reader, settings: SqlSourceSettings, table: SqlTable, shape: Shape) -> sa.TableClause:
    """PostgreSQL wants to know the kind of each column that a value is held against, SQLite has none."""
    sqlite = reader.connection.dialect.name == "sqlite"
    types = dict.fromkeys(table.columns, sa.types.NULLTYPE) if sqlite else shape.types
    columns = (sa.column(name, types[name]) for name in sorted(table.columns))
    return sa.table(table.info.name, *columns, schema=settings.schema)


def named(
    into: sa.TableClause, table: SqlTable, shape: Shape, keys: Sequence[str], *, sqlite: bool
) -> Iterator[sa.ColumnElement[bool]]:
    """The records with these names, some hundreds at a time."""
    names = [key_values(key, table) for key in dict.fromkeys(keys)]
    for start in range(0, len(names), _AT_ONCE):
        each = (
            sa.and_(
                *(
                    into.c[column] == stored_value(value, shape.types[column], sqlite=sqlite)
                    for column, value in zip(table.key, name, strict=True)
                )
            )
            for name in names[start : start + _AT_ONCE]
        )
        yield sa.or_(*each)


def extra_columns(table: SqlTable, settings: SqlSourceSettings) -> list[sa.ColumnElement[Any]]:
    """In the order in which `extra_of` takes their values."""
    columns: list[sa.ColumnElement[Any]] = [sa.column(name) for name in table.key]
    if table.date:
        columns.append(day_column(table, settings))
    if table.customer:
        columns += [sa.column(name) for name in (table.customer.until, table.customer.running_when) if name]
    if table.open:
        columns += [sa.column(table.open.amount), _unpaid(table, settings)]
    return [column.label(f"extra_{number}") for number, column in enumerate(columns)]


def extra_of(table: SqlTable, values: Sequence[Any]) -> Extra:
    left = list(values)
    key = key_of([left.pop(0) for _ in table.key]) if table.key else ""
    day = day_of(left.pop(0)) if table.date else None
    until, running, unpaid = None, False, None
    if table.customer:
        until = day_of(left.pop(0)) if table.customer.until else None
        flag = left.pop(0) if table.customer.running_when else until is None
        running = (flag.lower() if isinstance(flag, str) else flag) not in _NOT_RUNNING
    if table.open:
        amount, open_still = left
        unpaid = _amount(amount) if open_still else None
    return Extra(key, day, until, running, unpaid)


def facts_of(found: Mapping[str, Sequence[Extra]], tables: Sequence[SqlTable], today: date) -> dict[str, str]:
    """`Found.facts`. In doubt a customer is a running one: erasing would end what still runs."""
    facts: dict[str, str] = {}
    people = [extra for table in tables if table.customer for extra in found.get(table.info.name, ())]
    if people:
        running = any(extra.running or (extra.until or date.min) > today for extra in people)
        facts["customer"] = "running" if running else "former"
        ends = [extra.until for extra in people if extra.until]
        if ends and (not running or all(extra.until for extra in people)):
            facts["customer_until"] = max(ends).isoformat()
    unpaid = [e.unpaid for table in tables for e in found.get(table.info.name, ()) if table.open and e.unpaid]
    if unpaid:
        facts["open_invoices"] = f"€ {sum(unpaid):.2f}".replace(".", ",")
    return facts


def day_of(raw: object) -> date | None:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        with suppress(ValueError):
            return date.fromisoformat(raw[:10])
        with suppress(ValueError):
            return datetime.strptime(raw[:10], "%d-%m-%Y").date()  # noqa: DTZ007 - a day has no zone
    return None


def day_column(table: SqlTable, settings: SqlSourceSettings) -> sa.ColumnElement[Any]:
    assert table.date is not None
    if not table.date.table:
        return sa.column(table.date.column)
    other = sa.table(
        table.date.table, sa.column(table.date.column), sa.column(table.date.its), schema=settings.schema
    ).alias("belongs_to")
    mine = selectable(table, settings.schema)
    query = sa.select(sa.func.max(other.c[table.date.column])).where(other.c[table.date.its] == mine.c[table.date.own])
    return query.correlate(mine).scalar_subquery()


def _unpaid(table: SqlTable, settings: SqlSourceSettings) -> sa.ColumnElement[bool]:
    assert table.open is not None
    if table.open.when_empty:
        return sa.column(table.open.when_empty).is_(None)
    if not table.open.settled_in:
        return sa.literal(1) == 1
    payments = next(t for t in settings.tables if t.info.name == table.open.settled_in)
    kind = next(kind for kind in payments.find_by if kind in table.gives and kind not in SHARED_KINDS)
    theirs = sa.table(payments.info.name, sa.column(payments.find_by[kind][0]), schema=settings.schema).alias("paid")
    mine = selectable(table, settings.schema)
    settled = theirs.c[payments.find_by[kind][0]] == mine.c[table.gives[kind][0]]
    return ~sa.select(sa.literal(1)).select_from(theirs).where(settled).correlate(mine).exists()


def _amount(raw: object) -> Decimal:
    with suppress(InvalidOperation):
        return Decimal(str(raw).replace(",", "."))
    return Decimal(0)
