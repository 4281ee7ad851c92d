"""Looks at the records of a declared database one by one, or at all of them; finds nobody and changes nothing.

After an erasure two questions remain that no person asks: is this record still about the one it was about (a ledger
names it by its key alone), and has somebody who was erased, or wants no advertising, come back (art. 17, 21(3) AVG)?
Not here: searching for one person (`sql_search`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cases.errors import Permanent
from cases.policy import AdChannel
from cases.protocols import Listed, Value
from cases.types import Verb
from sources.identifiers import canonical
from sources.sql_reader import Reader, Shape
from sources.sql_records import key_of, named, selectable, typed
from sources.sql_settings import SqlSourceSettings, SqlTable
from sources.sql_values import plain_value, same_value
from sources.tables import Moment

_AT_ONCE = 1_000  # rows fetched at a time


def records(
    reader: Reader, settings: SqlSourceSettings, name: str, keys: Sequence[str]
) -> Mapping[str, Mapping[str, Value]]:
    """The records with these names that stand; what anonymising left in a field says nothing, so it is None."""
    table = next((one for one in settings.searched if one.info.name == name and one.key), None)
    if table is None:
        raise Permanent(f"in tabel '{name}' kan geen record worden aangewezen")
    shape = reader.declared([table])[name]
    into, sqlite = typed(reader, settings, table, shape), reader.connection.dialect.name == "sqlite"
    columns = [*table.key, *(field.name for field in table.info.fields if not field.secret)]
    wanted: list[sa.ColumnElement[Any]] = [
        sa.column(column).label(f"c{number}") for number, column in enumerate(columns)
    ]
    found = {}
    for where in named(into, table, shape, keys, sqlite=sqlite):
        for row in reader.rows(sa.select(*wanted).select_from(into).where(where)):
            key, values = row[: len(table.key)], row[len(table.key) :]
            fields = zip(columns[len(table.key) :], values, strict=True)
            found[key_of(key)] = {
                column: None if _emptied(table, shape, column, raw, key) else plain_value(raw, shape.types[column])
                for column, raw in fields
            }
    return found


def listed(reader: Reader, settings: SqlSourceSettings, wanted: Callable[[str], bool]) -> list[Listed]:
    """Every record with an address that is wanted, table by table."""
    shapes = reader.declared(settings.searched)
    return [
        one
        for table in settings.searched
        for one in _in_table(reader, settings, table, shapes[table.info.name], wanted)
    ]


def _in_table(
    reader: Reader, settings: SqlSourceSettings, table: SqlTable, shape: Shape, wanted: Callable[[str], bool]
) -> Iterator[Listed]:
    holding = _address_columns(table)
    if not holding:
        return
    flags = sorted(table.ways.opt_out.columns) if Verb.OPT_OUT in table.info.can else []
    columns: list[sa.ColumnElement[Any]] = [
        sa.column(name).label(f"c{number}") for number, name in enumerate((*table.key, *holding, *flags))
    ]
    filled = sa.or_(*(sa.column(name).is_not(None) for name in holding))
    query = sa.select(*columns).select_from(selectable(table, settings.schema)).where(filled)
    reader.arm()
    for row in reader.connection.execute(query.execution_options(yield_per=_AT_ONCE)):
        values = list(row)
        key, values = values[: len(table.key)], values[len(table.key) :]
        for raw in values[: len(holding)]:
            address = canonical("email", str(raw or ""))
            if address and wanted(address):
                stands = dict(zip(flags, values[len(holding) :], strict=True))
                yield Listed(table.info.name, key_of(key) if key else "", address, _open_for(table, shape, stands))
                break


def _address_columns(table: SqlTable) -> tuple[str, ...]:
    """Where an address stands that mail would go to; a former one is not written to."""
    ways = (*table.find_by.get("email", ()), *table.gives.get("email", ()), *table.addresses)
    fields = (field.name for field in table.info.fields if field.corrects == "email" and not field.secret)
    return tuple(dict.fromkeys((*ways, *fields)))


def _open_for(table: SqlTable, shape: Shape, stands: Mapping[str, Any]) -> frozenset[str]:
    """The channels whose opt-out this table knows and that are not stopped for this record."""
    if not stands:
        return frozenset()
    ways = {channel.value: table.ways.opt_out.of((channel.value,)) for channel in AdChannel}
    return frozenset(
        channel
        for channel, values in ways.items()
        if values and not all(_stands(shape, column, stands[column], value) for column, value in values.items())
    )


def _stands(shape: Shape, column: str, raw: Any, value: object) -> bool:
    if value in (Moment.TODAY, Moment.NOW):
        return raw is not None
    there = plain_value(raw, shape.types[column])
    wanted = None if value == Moment.NULL else value
    if isinstance(wanted, bool) and isinstance(there, int):
        return bool(there) is wanted  # SQLite without a declared BOOLEAN
    return same_value(there, wanted)  # type: ignore[arg-type]


def _emptied(table: SqlTable, shape: Shape, column: str, raw: Any, key: Sequence[Any]) -> bool:
    """Whether this is what anonymising writes here (`sql_changes`)."""
    to = table.ways.anonymise_to.get(column)
    if to is None:
        return raw == "" or (Verb.ANONYMISE in table.info.can and column in shape.required and raw == 0)
    return str(raw) == str(to).replace("{key}", str(key[0]))
