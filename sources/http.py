"""A `DataSource` over a service with a JSON interface (`kind = "http"`).

Searches as a database is searched: proven handles open rows, rows hand on keys, two people give nothing. Because a
service often searches widely, a row counts only when the field says exactly what was looked for. A change is one call
per record; where the record can be read, what is already so is not done again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from cases.context import system_clock
from cases.errors import OutsideError, Permanent, RuleError, Temporary, Uncertain
from cases.guard import outside_unit
from cases.protocols import Change, Changed, FindStatus, Found, FoundTable, Identifier, SourceInfo, Value
from cases.types import ActionStatus
from sources.http_calls import Caller, Session, conversation
from sources.http_changes import carry_out
from sources.http_settings import HttpSettings, HttpTable
from sources.http_values import at, day, plain
from sources.identifiers import SHARED_KINDS, canonical
from sources.sql_reader import TOO_SLOW
from sources.sql_search import TWO_PEOPLE

T = TypeVar("T")
Handle = tuple[str, str]
_SHARED_BY_PEOPLE = frozenset({"domain", "phone"})
_MOST_HANDLES = 500  # each is a call


class HttpSource:
    def __init__(self, settings: HttpSettings, clock: Callable[[], datetime] = system_clock) -> None:
        self._settings, self._clock = settings, clock
        self._session = Session(settings)

    @property
    def name(self) -> str:
        return self._settings.name

    def describe(self) -> SourceInfo:
        return self._settings.info

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("sources.http")
        kinds = {kind for table in self._settings.tables for kind in table.find} & SHARED_KINDS
        start = {
            (one.kind, value): one
            for one in identifiers
            if one.proven and one.kind in kinds and (value := canonical(one.kind, one.value))
        }
        try:
            rows = await self._timed(lambda caller: _gather(caller, self._settings, list(start)))
        except OutsideError as error:
            return Found(self.name, FindStatus.FAILED, error=str(error))
        if any(table.addresses and len(rows[table.name]) > 1 for table in self._settings.tables):
            return Found(self.name, FindStatus.FAILED, error=TWO_PEOPLE)
        tables = tuple(_table(table, rows[table.name]) for table in self._settings.tables if rows[table.name])
        met = {
            (kind, value): Identifier(kind, value, proven=True)
            for table in self._settings.tables
            for row in rows[table.name].values()
            for kind, value in _given(table, row)
            if kind in SHARED_KINDS - _SHARED_BY_PEOPLE
        }
        status = FindStatus.FOUND if tables else FindStatus.NOTHING
        return Found(self.name, status, tables, tuple((met | start).values()))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        outside_unit("sources.http")
        value = canonical(identifier.kind, identifier.value) if identifier.kind in SHARED_KINDS else ""
        if not value:
            return ()
        rows = await self._timed(lambda caller: _gather(caller, self._settings, [(identifier.kind, value)]))
        found = {
            canonical("email", str(at(row, path) or ""))
            for table in self._settings.tables
            for row in rows[table.name].values()
            for path in table.addresses
        }
        return tuple(sorted(found - {""}))

    def answered(self, answer: Mapping[str, Any]) -> Found:
        raise RuleError("this service is asked, not a person")

    async def change(self, change: Change) -> Changed:
        outside_unit("sources.http")
        now = self._clock()
        try:
            return await self._timed(lambda caller: carry_out(caller, self._settings, change, now))
        except OutsideError as error:
            unknown = isinstance(error, Uncertain) or str(error) == TOO_SLOW
            return Changed(change.id, ActionStatus.UNKNOWN if unknown else ActionStatus.FAILED, error=str(error))

    async def check(self) -> list[str]:
        """Asks for somebody who does not exist: shows whether the way in works."""
        outside_unit("sources.http")
        nobody = Identifier("email", "bestaat-niet@privacyloket.invalid", proven=True)
        answer = await self.find([nobody])
        return [f"bron '{self.name}': {answer.error}"] if answer.error else []

    async def close(self) -> None:
        return None  # a line lives as long as one question

    async def _timed(self, work: Callable[[Caller], Awaitable[T]]) -> T:
        seconds = self._settings.timeout_seconds
        try:
            async with asyncio.timeout(seconds), conversation(self._session, time.monotonic() + seconds) as caller:
                return await work(caller)
        except TimeoutError:
            raise Temporary(TOO_SLOW) from None


async def _gather(caller: Caller, settings: HttpSettings, start: Sequence[Handle]) -> dict[str, dict[str, Any]]:
    """Table -> key -> row, for the handles and for those that rows hand on."""
    rows: dict[str, dict[str, Any]] = {table.name: {} for table in settings.tables}
    known: set[Handle] = set(start)
    fresh = list(start)
    while fresh:
        following: list[Handle] = []
        for table in settings.tables:
            for kind, value in fresh:
                for row in await _rows(caller, table, kind, value):
                    rows[table.name][str(at(row, table.key))] = row
                    following += _given(table, row)
        fresh = [handle for handle in dict.fromkeys(following) if handle not in known]
        known |= set(fresh)
        if len(known) > _MOST_HANDLES or sum(map(len, rows.values())) > settings.max_rows:
            raise Permanent(f"meer dan {settings.max_rows} regels gevonden; verhoog 'max_rows' of zoek preciezer")
    return rows


async def _rows(caller: Caller, table: HttpTable, kind: str, value: str) -> list[Any]:
    call = table.find.get(kind)
    if call is None:
        return []
    found = [row async for row in caller.rows(table, call, value=value) if isinstance(row, Mapping)]
    if call.match:
        found = [row for row in found if _says(at(row, call.match), kind, value)]
    return [row for row in found if at(row, table.key) is not None]


def _says(raw: object, kind: str, value: str) -> bool:
    each = raw if isinstance(raw, list) else [raw]
    return any(canonical(kind, str(one)) == value for one in each if one is not None)


def _given(table: HttpTable, row: Any) -> list[Handle]:
    found = []
    for kind, path in table.gives.items():
        raw = at(row, path)
        value = canonical(kind, str(raw)) if kind in SHARED_KINDS and raw else raw
        if value not in (None, "") and kind not in _SHARED_BY_PEOPLE:
            found.append((kind, str(value)))
    return found


def _table(table: HttpTable, rows: Mapping[str, Any]) -> FoundTable:
    def value(row: Any, column: str) -> Value:
        raw = at(row, table.path_of(column))
        return bool(raw) if table.fields[column].secret else plain(raw)

    columns = tuple(table.fields)
    return FoundTable(
        table.name,
        columns,
        tuple(tuple(value(row, column) for column in columns) for row in rows.values()),
        keys=tuple(rows),
        days=tuple(day(at(row, table.date)) for row in rows.values()) if table.date else (),
    )
