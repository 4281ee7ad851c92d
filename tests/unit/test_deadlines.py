"""The terms: worked examples from outside the code, and an oracle that counts in another way."""

from __future__ import annotations

import csv
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.deadlines import Question, Rule, compute, promise, service
from cases.errors import InputError
from tests.support.counted_days import (
    ALL_DAYS,
    MOMENTS,
    WORKING,
    WORKING_STRICT,
    ams_date,
    asking,
    at,
    next_working,
    plus_months,
)

ROOT = Path(__file__).parents[2]
EXAMPLES = list(
    csv.DictReader((ROOT / "tests/support/deadlines-examples.csv").read_text(encoding="utf-8").splitlines())
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


@pytest.mark.parametrize("row", EXAMPLES, ids=[row["id"] for row in EXAMPLES])
def test_worked_examples(row: dict[str, str]) -> None:
    received = at(row["received_at"])
    assert received is not None
    term = compute(row["rule"], received=received, questions=asking(at(row["asked_at"]), at(row["answered_at"])))
    assert term.due.isoformat() == row["expected_due"]
    assert term.target.isoformat() in row["accept"].split("|")


def test_every_receipt_day_from_2023_to_2035() -> None:
    for day in ALL_DAYS[: (date(2035, 12, 31) - ALL_DAYS[0]).days + 1]:
        for rule, months in (("month1", 1), ("refusal", 1), ("extension_notice", 1), ("month3", 3)):
            term = compute(rule, received=noon(day))
            assert term.due == next_working(plus_months(day, months), WORKING), (day, rule)
            assert term.target == next_working(plus_months(day, months), WORKING_STRICT), (day, rule)
            assert term.unsuspended == term.due
        assert compute("house14d", received=noon(day)).due == date.fromordinal(day.toordinal() + 14)


@given(MOMENTS)
def test_the_local_date_counts_whatever_the_zone(received: datetime) -> None:
    assert compute("month1", received=received).due == next_working(plus_months(ams_date(received), 1), WORKING)


@given(MOMENTS, st.integers(0, 9), st.integers(0, 90))
def test_suspension(received: datetime, ask_after: int, answer_after: int) -> None:
    asked = received + timedelta(days=ask_after)
    answered = asked + timedelta(days=answer_after)
    start, question, answer = ams_date(received), ams_date(asked), ams_date(answered)
    base = plus_months(start, 1)
    term = compute("suspend", received=received, questions=asking(asked, answered))
    for working, result in ((WORKING, term.due), (WORKING_STRICT, term.target)):
        after = bisect_right(working, start)
        in_time = question <= working[after + 1]
        expected = base + (answer - question if in_time else timedelta(0))
        assert result == next_working(expected, working)
    assert term.unsuspended == next_working(base, WORKING)
    assert isinstance(term.due, date)
    assert term.unsuspended <= term.due


PERIODS = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 90))), max_size=4)


@given(MOMENTS, PERIODS)
def test_several_questions_add_up_and_no_day_counts_twice(
    received: datetime, periods: list[tuple[int, int | None]]
) -> None:
    questions = [
        Question(
            received + timedelta(days=after),
            received + timedelta(days=after + answer) if answer is not None else None,
        )
        for after, answer in periods
    ]
    start = ams_date(received)
    base = plus_months(start, 1)
    term = compute("suspend", received=received, questions=questions)
    for working, result in ((WORKING, term.due), (WORKING_STRICT, term.target)):
        latest = working[bisect_right(working, start) + 1]
        stood: set[int] = set()
        for one in questions:
            if one.answered is not None and ams_date(one.asked) <= latest:
                stood |= set(range(ams_date(one.asked).toordinal(), ams_date(one.answered).toordinal()))
        assert result == next_working(base + timedelta(days=len(stood)), working)
    assert term == compute("suspend", received=received, questions=questions[::-1])
    assert term.unsuspended == next_working(base, WORKING)


def test_two_questions_say_what_each_of_them_gave() -> None:
    received = datetime.fromisoformat("2026-03-02T09:00:00+01:00")
    first = Question(received, received + timedelta(days=6))
    second = Question(received + timedelta(days=2), received + timedelta(days=10))
    term = compute("suspend", received=received, questions=[first, second])
    assert term.due == date(2026, 4, 13)  # 2 April + 10 is a Sunday; 6 + 8 days, of which four ran side by side
    assert "6 dagen erbij" in term.reasoning
    assert "8 dagen erbij" in term.reasoning
    assert "samen 10 dagen erbij" in term.reasoning


@given(MOMENTS)
def test_breach_is_exactly_72_hours(received: datetime) -> None:
    term = compute(Rule.BREACH72H, received=received)
    assert isinstance(term.due, datetime)
    assert (term.due - received).total_seconds() == 72 * 3600
    assert term.due.utcoffset() in {timedelta(hours=1), timedelta(hours=2)}
    assert term.due == term.target == term.unsuspended


def test_breach_across_the_autumn_change_of_the_clock() -> None:
    term = compute("breach72h", received=datetime.fromisoformat("2026-10-23T15:00:00+02:00"))
    assert term.due.isoformat() == "2026-10-26T14:00:00+01:00"


def test_a_month_is_not_thirty_days() -> None:
    assert compute("month1", received=noon(date(2027, 2, 1))).due == date(2027, 3, 1)


def test_three_months_are_not_counted_from_the_clamped_or_rolled_first_month() -> None:
    assert compute("month3", received=noon(date(2026, 1, 31))).due == date(2026, 4, 30)
    assert compute("month3", received=noon(date(2025, 11, 30))).due == date(2026, 3, 2)


def test_liberation_day_is_a_holiday_for_all_in_lustrum_years_only() -> None:
    lustrum = compute("month1", received=noon(date(2030, 4, 5)))
    assert (lustrum.due, lustrum.target) == (date(2030, 5, 6), date(2030, 5, 6))
    other = compute("month1", received=noon(date(2026, 4, 5)))
    assert (other.due, other.target) == (date(2026, 5, 6), date(2026, 5, 5))
    assert "streefdatum di 05-05-2026" in other.reasoning


def test_reasoning_in_words() -> None:
    assert compute("month1", received=noon(date(2027, 1, 30))).reasoning == (
        "ontvangen za 30-01-2027 → 28-02 is een zondag → ma 01-03-2027"
    )
    assert compute("month1", received=noon(date(2025, 1, 31))).reasoning == (
        "ontvangen vr 31-01-2025 → 28-02 is de laatste dag van die maand → vr 28-02-2025"
    )


@pytest.mark.parametrize(
    ("asked", "answered", "why"),
    [
        (None, None, "er is niets gevraagd"),
        ("2026-03-03T10:00:00+01:00", None, "nog geen antwoord"),
        (
            "2026-03-05T10:00:00+01:00",
            "2026-03-12T10:00:00+01:00",
            "later dan 2 werkdagen na ontvangst (wo 04-03-2026)",
        ),
    ],
)
def test_a_question_that_does_not_stop_the_clock_says_why(asked: str | None, answered: str | None, why: str) -> None:
    received = datetime.fromisoformat("2026-03-02T09:00:00+01:00")
    term = compute("suspend", received=received, questions=asking(at(asked or ""), at(answered or "")))
    assert term.due == term.unsuspended == date(2026, 4, 2)
    assert why in term.reasoning


def test_weekend_days_do_not_use_up_the_two_days_to_ask() -> None:
    term = compute(
        "suspend",
        received=datetime.fromisoformat("2026-03-06T09:00:00+01:00"),  # a Friday
        questions=asking(
            datetime.fromisoformat("2026-03-10T17:00:00+01:00"),  # the Tuesday after
            datetime.fromisoformat("2026-03-11T09:00:00+01:00"),
        ),
    )
    assert (term.due, term.unsuspended) == (
        date(2026, 4, 7),
        date(2026, 4, 7),
    )  # 6 April is Easter Monday, 7 April is +1
    assert "1 dag erbij" in term.reasoning


def test_an_answer_before_its_question_is_refused() -> None:
    received = noon(date(2026, 3, 2))
    later = received + timedelta(days=1)
    with pytest.raises(InputError) as caught:
        compute("suspend", received=received, questions=asking(later, received))
    assert caught.value.code == "answered_before_question"
    with pytest.raises(InputError):
        compute("suspend", received=later, questions=asking(received))
    with pytest.raises(InputError):  # also when another question is in order
        compute("suspend", received=received, questions=[Question(later, later), Question(later, received)])


@pytest.mark.parametrize("rule", list(Rule))
def test_moments_without_zone_are_refused(rule: Rule) -> None:
    with pytest.raises(InputError) as caught:
        compute(rule, received=datetime(2026, 3, 2, 9))  # noqa: DTZ001
    assert caught.value.code == "naive_datetime"


def test_a_question_without_zone_is_refused() -> None:
    with pytest.raises(InputError):
        compute("suspend", received=noon(date(2026, 3, 2)), questions=asking(datetime(2026, 3, 2, 9)))  # noqa: DTZ001


def test_promise_is_never_rolled_and_service_counts_working_days() -> None:
    assert promise(noon(date(2026, 3, 7)), 14)[0] == date(2026, 3, 21)  # a Saturday
    assert service(noon(date(2026, 3, 7)), 1)[0] == date(2026, 3, 9)
    assert service(noon(date(2026, 12, 23)), 5) == (
        date(2026, 12, 31),
        "ontvangen wo 23-12-2026 → 5 werkdagen → do 31-12-2026",
    )
