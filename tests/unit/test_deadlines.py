"""The terms: worked examples from outside the code, an oracle that counts in another way, and the rows of a request."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.deadlines import DeadlineRow, Question, Rule, compute, date_told, derive, promise, service
from cases.errors import InputError, RuleError
from cases.policy import Policy, load_policy
from cases.types import STATUTORY, DeadlineKind, Label
from tests.support.dutch_days import EASTER, debatable, undisputed

ROOT = Path(__file__).parents[2]
EXAMPLES = list(
    csv.DictReader((ROOT / "tests/support/deadlines-examples.csv").read_text(encoding="utf-8").splitlines())
)
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


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


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


# The rows of a request ------------------------------------------------------------------------------------------------


def policy_of(key: str) -> Policy:
    path = ROOT / "policies" / f"{key}.toml"
    return load_policy(path.read_text(encoding="utf-8"), file=path.name)


POLICIES = {key: policy_of(key) for key in ("whatnext", "weservit", "nexxt", "webanizr", "winkeltjes")}
RECEIVED = datetime.fromisoformat("2026-03-05T10:00:00+01:00")  # a Thursday
LABELS = sorted(set(Label) - {Label.OVERIG})


def kinds(rows: tuple[DeadlineRow, ...]) -> dict[DeadlineKind, date]:
    return {row.kind: row.due_on for row in rows}


def test_a_promise_to_former_customers_is_told_while_nobody_knows() -> None:
    rows = derive(Label.VERWIJDERING, RECEIVED, POLICIES["whatnext"])
    assert date_told(rows) == date(2026, 3, 19)
    assert kinds(rows) == {
        DeadlineKind.LEGAL: date(2026, 4, 7),  # 5 April is Easter Sunday
        DeadlineKind.PROMISE: date(2026, 3, 19),
        DeadlineKind.WARN_DAY_14: date(2026, 3, 19),
        DeadlineKind.WARN_5_DAYS: date(2026, 3, 12),
        DeadlineKind.WARN_2_DAYS: date(2026, 3, 17),
        DeadlineKind.OVERDUE: date(2026, 3, 20),
    }
    assert [row.kind for row in rows if row.told] == [DeadlineKind.PROMISE]
    assert "staat nog niet vast" in next(row.reasoning for row in rows if row.told)


def test_a_promise_to_former_customers_falls_away_for_a_customer() -> None:
    rows = derive(Label.VERWIJDERING, RECEIVED, POLICIES["whatnext"], former_customer=False)
    assert DeadlineKind.PROMISE not in kinds(rows)
    assert date_told(rows) == date(2026, 4, 7)
    assert rows[0].inputs["former_customer"] == "no"
    former = derive(Label.VERWIJDERING, RECEIVED, POLICIES["whatnext"], former_customer=True)
    assert date_told(former) == date(2026, 3, 19)


def test_a_legal_request_gets_all_warnings() -> None:
    rows = derive(Label.INZAGE, RECEIVED, POLICIES["weservit"])
    assert kinds(rows) == {
        DeadlineKind.LEGAL: date(2026, 4, 7),
        DeadlineKind.WARN_DAY_14: date(2026, 3, 19),
        DeadlineKind.WARN_DAY_21: date(2026, 3, 26),
        DeadlineKind.WARN_5_DAYS: date(2026, 3, 27),  # Goede Vrijdag and Easter Monday do not count
        DeadlineKind.WARN_2_DAYS: date(2026, 4, 1),
        DeadlineKind.OVERDUE: date(2026, 4, 8),
    }
    assert next(r.due_at for r in rows if r.kind is DeadlineKind.OVERDUE).isoformat() == "2026-04-08T00:00:00+02:00"


def test_the_date_told_is_the_careful_one() -> None:
    rows = derive(Label.INZAGE, datetime.fromisoformat("2026-04-05T10:00:00+02:00"), POLICIES["weservit"])
    legal = next(row for row in rows if row.kind is DeadlineKind.LEGAL)
    assert (legal.due_on, legal.target_on, date_told(rows)) == (date(2026, 5, 6), date(2026, 5, 5), date(2026, 5, 5))
    assert legal.due_at.isoformat() == "2026-05-07T00:00:00+02:00"


def test_a_question_gets_a_service_date_and_no_warning_before_receipt() -> None:
    rows = derive(Label.VRAAG, RECEIVED, POLICIES["nexxt"])
    assert kinds(rows) == {
        DeadlineKind.SERVICE: date(2026, 3, 12),
        DeadlineKind.WARN_2_DAYS: date(2026, 3, 10),
        DeadlineKind.OVERDUE: date(2026, 3, 13),
    }  # five working days before is the day of receipt at 08:00: two hours before the mail came
    assert date_told(rows) == date(2026, 3, 12)


def test_an_opt_out_is_told_the_law_and_worked_on_at_once() -> None:
    rows = derive(Label.AFMELDEN, RECEIVED, POLICIES["winkeltjes"])
    assert kinds(rows)[DeadlineKind.SERVICE] == date(2026, 3, 6)
    assert date_told(rows) == date(2026, 4, 7)


def test_extension_in_time_and_too_late() -> None:
    in_time = derive(
        Label.INZAGE, RECEIVED, POLICIES["nexxt"], extended=datetime.fromisoformat("2026-04-07T23:00:00+02:00")
    )
    assert date_told(in_time) == date(2026, 6, 5)
    assert "verlengd op di 07-04-2026" in in_time[0].reasoning
    late = derive(
        Label.INZAGE, RECEIVED, POLICIES["nexxt"], extended=datetime.fromisoformat("2026-04-08T00:30:00+02:00")
    )
    assert date_told(late) == date(2026, 4, 7)
    assert "niet geldig" in late[0].reasoning
    with pytest.raises(InputError):
        derive(Label.INZAGE, RECEIVED, POLICIES["nexxt"], extended=RECEIVED - timedelta(hours=1))


def test_suspension_moves_the_legal_date_and_not_the_date_told() -> None:
    rows = derive(
        Label.INZAGE,
        RECEIVED,
        POLICIES["nexxt"],
        questions=asking(RECEIVED + timedelta(days=1), RECEIVED + timedelta(days=11)),
    )
    assert rows[0].due_on == date(2026, 4, 15)
    assert date_told(rows) == rows[0].target_on == date(2026, 4, 7)


def test_a_suspended_legal_term_still_comes_before_a_later_promise() -> None:
    text = (ROOT / "policies/whatnext.toml").read_text(encoding="utf-8").replace("days = 14", "days = 40", 1)
    rows = derive(
        Label.VERWIJDERING,
        RECEIVED,
        load_policy(text, file="whatnext.toml"),
        questions=asking(RECEIVED, RECEIVED + timedelta(days=20)),
    )
    assert kinds(rows)[DeadlineKind.PROMISE] == date(2026, 4, 14)
    assert kinds(rows)[DeadlineKind.LEGAL] == date(2026, 4, 28)  # 5 April + 20 is a Saturday, Monday is Koningsdag
    assert date_told(rows) == date(2026, 4, 7)


def test_suspension_and_extension_count_from_the_same_receipt() -> None:
    rows = derive(
        Label.INZAGE,
        datetime.fromisoformat("2026-01-31T09:00:00+01:00"),
        POLICIES["nexxt"],
        extended=datetime.fromisoformat("2026-02-20T09:00:00+01:00"),
        questions=asking(
            datetime.fromisoformat("2026-02-02T09:00:00+01:00"), datetime.fromisoformat("2026-02-12T09:00:00+01:00")
        ),
    )
    assert (rows[0].due_on, rows[0].target_on) == (date(2026, 5, 11), date(2026, 4, 30))  # 30 April + 10 is a Sunday


def test_who_comes_back_after_silence_hears_the_date_with_the_standstill() -> None:
    back = RECEIVED + timedelta(days=60)
    asked = [Question(RECEIVED + timedelta(hours=1), back)]
    rows = derive(Label.INZAGE, RECEIVED, POLICIES["nexxt"], questions=asked, resumed=back)
    legal = next(row for row in rows if row.kind is DeadlineKind.LEGAL)
    assert legal.due_on == legal.target_on == date_told(rows) == date(2026, 6, 4)  # 5 April + 60 days
    assert all(row.due_at >= back for row in rows)
    assert legal.inputs["resumed"] == back.isoformat()


def test_a_promise_counts_from_the_day_somebody_came_back() -> None:
    back = RECEIVED + timedelta(days=60)
    asked = [Question(RECEIVED + timedelta(hours=1), back)]
    rows = derive(Label.VERWIJDERING, RECEIVED, POLICIES["whatnext"], questions=asked, resumed=back)
    assert kinds(rows)[DeadlineKind.PROMISE] == date_told(rows) == ams_date(back) + timedelta(days=14)


def test_a_label_without_any_term_is_a_mistake_of_the_program() -> None:
    with pytest.raises(RuleError):
        derive(Label.OVERIG, RECEIVED, POLICIES["nexxt"])


@given(MOMENTS, st.sampled_from(LABELS), st.sampled_from(sorted(POLICIES)), st.sampled_from([None, True, False]))
def test_rows_of_any_request(received: datetime, label: Label, organisation: str, former: bool | None) -> None:
    policy = POLICIES[organisation]
    rows = derive(label, received, policy, former_customer=former)
    assert rows == derive(label, received, policy, former_customer=former)
    assert sum(row.told for row in rows) == 1
    assert len({row.kind for row in rows}) == len(rows)
    told = date_told(rows)
    assert (DeadlineKind.LEGAL in kinds(rows)) == (label in STATUTORY)
    if label in STATUTORY:
        assert told <= next_working(plus_months(ams_date(received), 1), WORKING_STRICT)
    for row in rows:
        assert row.due_at.utcoffset() is not None
        assert row.reasoning
        assert row.inputs["label"] == label
        if row.kind.startswith("warn"):
            assert received <= row.due_at
            assert row.due_on <= told
            assert (row.due_at.hour, ams_date(row.due_at)) == (8, row.due_on)
    overdue = next(row for row in rows if row.kind is DeadlineKind.OVERDUE)
    assert ams_date(overdue.due_at) == told + timedelta(days=1)
    assert ams_date(overdue.due_at - timedelta(seconds=1)) == told
