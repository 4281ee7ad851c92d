"""A system that a person keeps: a binder, a till, a program without a door (`kind = "manual"`).

Looking and changing are tasks for its keeper. Here: what is asked (fields, steps, who and within how many days) and how
an answered task becomes an answer like any other. Not here: the task itself, its page and its reminders (`workflow`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cases.errors import RuleError
from cases.guard import outside_unit
from cases.protocols import (
    Change,
    Changed,
    FindStatus,
    Found,
    FoundTable,
    Identifier,
    Keeper,
    SourceInfo,
    SourceRole,
    TableInfo,
    Value,
)
from cases.types import ActionStatus, Verb
from sources.sql_records import day_of
from sources.tables import Place, SourceShape, TableShape, check_fields, check_source, check_unique, table_info

FIND = "find"  # the steps for looking; those for a change stand under its verb
_EVERYTHING = frozenset(Verb)


@dataclass(frozen=True, slots=True)
class ManualSettings:
    info: SourceInfo

    @property
    def name(self) -> str:
        return self.info.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape(SourceShape):
    table: tuple[TableShape, ...]
    keeper: str = ""  # e-mail; empty: staff
    deputy: str = ""
    days: int = 5
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_manual(place: Place, entry: object) -> ManualSettings:
    source = place.document.part(_Shape, entry, place.key)
    check_source(place, source)
    check_unique(place, "table", [table.name for table in source.table])
    for index, table in enumerate(source.table, 1):
        here = place.at(f"table[{index}]")
        check_fields(here, table)
        if table.role is SourceRole.CONTROLLER and not table.fields:
            raise here.error("fields", "ontbreekt of is leeg: zo weet niemand waarnaar te zoeken")
    for name in source.steps:
        if name not in {FIND, *Verb}:
            raise place.error(f"steps.{name}", f"kies uit: {', '.join((FIND, *Verb))}")
    for name in ("keeper", "deputy"):
        if (address := getattr(source, name)) and "@" not in address:
            raise place.error(name, "hier hoort een e-mailadres")
    if source.days < 1:
        raise place.error("days", "moet minstens 1 zijn")
    keeper = Keeper(source.keeper, source.deputy, source.days, source.steps)
    info = SourceInfo(
        source.name, source.label, tuple(_can(table_info(table), table) for table in source.table), by_hand=True,
        keeper=keeper, recipient=source.recipient,
    )  # fmt: skip
    return ManualSettings(info)


def _can(info: TableInfo, table: TableShape) -> TableInfo:
    """A person can do everything, unless the settings say what."""
    can = frozenset(table.can) or (_EVERYTHING if table.role is SourceRole.CONTROLLER else frozenset())
    return TableInfo(
        info.name, info.label, info.role, info.fields, can - ({Verb.CORRECT} if table.issued else set()), table.issued,
        table.login,
    )  # fmt: skip


class ManualSource:
    """Has no answer of its own: until its keeper has looked it is a source that was not reached."""

    def __init__(self, settings: ManualSettings) -> None:
        self._info = settings.info

    @property
    def name(self) -> str:
        return self._info.name

    def describe(self) -> SourceInfo:
        return self._info

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("sources.manual")
        return Found(self.name, FindStatus.FAILED, error=f"wacht op {self._info.label}")

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        outside_unit("sources.manual")
        return ()  # nobody looks while a code waits to be sent

    def answered(self, answer: Mapping[str, Any]) -> Found:
        return found_by_hand(self._info, answer)

    async def change(self, change: Change) -> Changed:
        outside_unit("sources.manual")
        can = {verb for table in self._info.tables if change.table in (table.name, "") for verb in table.can}
        if change.verb not in can or (not change.table and change.verb is not Verb.OPT_OUT):
            return Changed(change.id, ActionStatus.FAILED, error=f"'{change.verb}' kan hier niet")
        return Changed(change.id, ActionStatus.BY_HAND)

    async def check(self) -> list[str]:
        if self._info.keeper and self._info.keeper.address:
            return []
        return [f"bron '{self.name}': niemand is als beheerder genoemd (keeper); medewerkers krijgen de taken zelf"]

    async def close(self) -> None:
        return None


def found_by_hand(info: SourceInfo, answer: Mapping[str, Any]) -> Found:
    """An answered task: `{"tables": {table: [{column: value, "_key": …, "_day": …}]}, "facts": {…}}`.

    No tables, or only empty ones, is "niets gevonden". Columns that are not declared are a mistake of the page.
    """
    tables: list[FoundTable] = []
    given = answer.get("tables") or {}
    known = {table.name: table for table in info.tables if table.role is SourceRole.CONTROLLER}
    if unknown := sorted(set(given) - set(known)):
        raise RuleError(f"a task was answered with an unknown table: {unknown[0]}")
    for name, rows in given.items():
        if rows:
            tables.append(_table(known[name], rows))
    status = FindStatus.FOUND if tables else FindStatus.NOTHING
    facts = {str(key): str(value) for key, value in (answer.get("facts") or {}).items() if value}
    return Found(info.name, status, tuple(tables), facts=facts if tables else {})


def _table(info: TableInfo, rows: Sequence[Mapping[str, Any]]) -> FoundTable:
    columns = tuple(field.name for field in info.fields)
    secret = {field.name for field in info.fields if field.secret}
    for row in rows:
        if unknown := sorted(set(row) - set(columns) - {"_key", "_day"}):
            raise RuleError(f"a task was answered with an unknown column: {unknown[0]}")

    def value(row: Mapping[str, Any], column: str) -> Value:
        return bool(row.get(column)) if column in secret else row.get(column)

    return FoundTable(
        info.name,
        columns,
        tuple(tuple(value(row, column) for column in columns) for row in rows),
        # A person finds a record by what stands in it; the number only tells one from another.
        keys=tuple(str(row.get("_key") or number) for number, row in enumerate(rows, 1)),
        days=tuple(day_of(row.get("_day")) for row in rows) if any(row.get("_day") for row in rows) else (),
    )
