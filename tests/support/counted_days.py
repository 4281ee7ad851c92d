"""Dates counted in another way than the program does, by walking through lists of days: its terms are held to these."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import strategies as st

from cases.deadlines import Question
from tests.support.dutch_days import EASTER, debatable, undisputed

ALL_DAYS = [date(2023, 1, 1) + timedelta(days=n) for n in range((date(2036, 12, 31) - date(2023, 1, 1)).days + 1)]
OFF = {day for year in EASTER for day in undisputed(year)}
OFF_GENEROUS = OFF | {day for year in EASTER for day in debatable(year)}
WORKING = [day for day in ALL_DAYS if day.isoweekday() < 6 and day not in OFF_GENEROUS]
WORKING_STRICT = [day for day in ALL_DAYS if day.isoweekday() < 6 and day not in OFF]
YEARS = st.datetimes(datetime(2023, 1, 2), datetime(2035, 12, 30))  # noqa: DTZ001  (the zone is added below)
ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-8)), timezone(timedelta(hours=9))]
)
MOMENTS = st.builds(lambda moment, zone: moment.replace(tzinfo=zone), YEARS, ZONES)


def at(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def asking(asked: datetime | None, answered: datetime | None = None) -> list[Question]:
    """One question, or none."""
    return [Question(asked, answered)] if asked else []


def ams_date(moment: datetime) -> date:
    """The date in Amsterdam by the summer-time rule itself (last Sundays of March and October, 01:00 UTC)."""
    utc = moment.astimezone(UTC)
    turns = []
    for month in (3, 10):
        last = datetime(utc.year, month, 31, 1, tzinfo=UTC)
        turns.append(last - timedelta(days=last.isoweekday() % 7))
    return (utc + timedelta(hours=2 if turns[0] <= utc < turns[1] else 1)).date()


def plus_months(day: date, months: int) -> date:
    """Walk the days of the month meant and take the last one whose number is not above that of `day`."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    days = [first + timedelta(days=n) for n in range(31)]
    return max(d for d in days if d.month == first.month and d.day <= day.day)


def next_working(day: date, working: list[date]) -> date:
    return working[bisect_left(working, day)]
