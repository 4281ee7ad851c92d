"""Holidays and working days against a table of our own: published Easter dates, and the fixed days of Atw art. 3."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cases.calendar import (
    add_working_days,
    at_hour,
    day_off,
    day_words,
    is_debatable,
    local_date,
    long_date,
    roll,
    working_days_before,
)
from cases.errors import InputError
from tests.support.dutch_days import EASTER, debatable, undisputed


@pytest.mark.parametrize("year", EASTER)
def test_every_day_of_the_year_is_judged_as_the_table_says(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        weekend = day.isoweekday() > 5
        assert bool(day_off(day, generous=False)) == (weekend or day in undisputed(year)), day
        assert bool(day_off(day)) == (weekend or day in undisputed(year) | debatable(year)), day
        assert is_debatable(day) == (not weekend and day in debatable(year)), day
        day += timedelta(days=1)


def test_decree_days_never_count() -> None:
    assert not day_off(date(2022, 5, 27))  # the Friday after Hemelvaart, equated by royal decree


def test_names_are_the_words_a_person_reads() -> None:
    assert day_off(date(2026, 4, 27)) == "Koningsdag"
    assert day_off(date(2026, 2, 28)) == "een zaterdag"
    assert day_off(date(2026, 3, 1)) == "een zondag"
    assert day_off(date(2026, 3, 2)) == ""


def test_rolling_goes_over_weekend_and_holidays_in_one_go() -> None:
    assert roll(date(2026, 12, 25)) == date(2026, 12, 28)
    assert roll(date(2026, 4, 3)) == date(2026, 4, 7)  # Goede Vrijdag to the Tuesday after Easter
    assert roll(date(2026, 4, 3), generous=False) == date(2026, 4, 3)


def test_counting_forward_takes_debatable_days_as_working_days() -> None:
    assert add_working_days(date(2026, 4, 30), 3) == date(2026, 5, 5)
    assert add_working_days(date(2026, 4, 30), 3, generous=True) == date(2026, 5, 6)
    assert add_working_days(date(2026, 1, 30), 1) == date(2026, 2, 2)


def test_counting_back_takes_debatable_days_as_closed() -> None:
    assert working_days_before(date(2026, 5, 6), 1) == date(2026, 5, 4)
    assert working_days_before(date(2026, 3, 2), 5) == date(2026, 2, 23)


def test_the_date_in_the_netherlands_decides() -> None:
    assert local_date(datetime(2026, 3, 31, 22, 30, tzinfo=UTC)) == date(2026, 4, 1)
    assert local_date(datetime(2026, 1, 31, 22, 30, tzinfo=UTC)) == date(2026, 1, 31)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        local_date(datetime(2026, 3, 31, 22, 30))  # noqa: DTZ001
    assert caught.value.code == "naive_datetime"


def test_hours_are_local_in_summer_and_winter() -> None:
    assert at_hour(date(2026, 7, 1), 8).astimezone(UTC).hour == 6
    assert at_hour(date(2026, 1, 5), 8).astimezone(UTC).hour == 7


def test_dates_in_words() -> None:
    assert day_words(date(2026, 1, 31)) == "za 31-01-2026"
    assert long_date(date(2026, 3, 2)) == "2 maart 2026"
