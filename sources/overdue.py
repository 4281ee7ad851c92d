"""Records that are kept past the term the policy names (art. 5(1)(e) AVG): counted, never shown, never changed.

A term counts from the day of the record. Where it counts from the end of a contract, only a table that says when that
was can be judged; the others are named, so that nobody takes silence for "in order".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cases.policy import Policy, RetentionStart, kept_until, retention_for
from sources.sql_reader import Reader
from sources.sql_records import day_column, day_of, selectable
from sources.sql_settings import SqlSourceSettings, SqlTable


@dataclass(frozen=True, slots=True)
class Overdue:
    """One kind of data in one table. Without `records` nobody can tell: no day is known for it."""

    table: str
    category: str
    records: int | None
    since: date | None = None  # the earliest day on which a term was over


def fixed_terms(policy: Policy, category: str) -> bool:
    return any(rule.years or rule.days for rule in retention_for(policy, category))


def term_over(policy: Policy, category: str, day: date) -> date | None:
    """The last day that any rule allows; None while a rule names no fixed term."""
    ends = [kept_until(rule, day) for rule in retention_for(policy, category)]
    return max(end for end in ends if end) if ends and None not in ends else None


def counted(policy: Policy, table: str, category: str, days: Iterable[tuple[date, int]], today: date) -> Overdue:
    """From how many records there are of each day."""
    past = [(end, n) for day, n in days if (end := term_over(policy, category, day)) and end < today]
    return Overdue(table, category, sum(n for _, n in past), min((end for end, _ in past), default=None))


def find_overdue(reader: Reader, settings: SqlSourceSettings, policy: Policy, today: date) -> list[Overdue]:
    reader.declared(settings.searched)
    found = []
    for table in settings.searched:
        for category in dict.fromkeys(field.category for field in table.info.fields):
            if not fixed_terms(policy, category):
                continue
            if not _dated(table, settings, policy, category):
                found.append(Overdue(table.info.name, category, None))
            else:
                found.append(
                    counted(policy, table.info.name, category, _days(reader, settings, table, category), today)
                )
    return [one for one in found if one.records != 0]


def _dated(table: SqlTable, settings: SqlSourceSettings, policy: Policy, category: str) -> bool:
    """Whether the day of these records is the one that the term counts from."""
    if table.date is None:
        return False
    if all(rule.start is not RetentionStart.CONTRACT_END for rule in retention_for(policy, category)):
        return True
    tells = next((t for t in settings.tables if t.info.name == table.date.table), table)
    return tells.customer is not None and tells.customer.until == table.date.column


def _days(reader: Reader, settings: SqlSourceSettings, table: SqlTable, category: str) -> Sequence[tuple[date, int]]:
    """How many records there are of each day that still hold something of this category."""
    columns: list[sa.ColumnElement[Any]] = [
        sa.column(field.name) for field in table.info.fields if field.category == category
    ]
    filled = sa.or_(*(sa.and_(column.is_not(None), sa.cast(column, sa.Text) != "") for column in columns))
    day: sa.ColumnElement[Any] = day_column(table, settings).label("day")
    rows = sa.select(day).select_from(selectable(table, settings.schema)).where(filled).subquery()
    wanted: list[sa.ColumnElement[Any]] = [rows.c.day, sa.func.count()]
    grouped = [tuple(row) for row in reader.rows(sa.select(*wanted).group_by(rows.c.day))]
    return [(known, number) for raw, number in grouped if (known := day_of(raw))]
