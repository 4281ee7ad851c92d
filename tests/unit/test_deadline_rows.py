"""The rows of a request: which dates it gets, which one is told, and what moves them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.deadlines import DeadlineRow, Question, date_told, derive
from cases.errors import InputError, RuleError
from cases.policy import Policy, load_policy
from cases.types import STATUTORY, DeadlineKind, Label
from tests.support.counted_days import MOMENTS, WORKING_STRICT, ams_date, asking, next_working, plus_months

ROOT = Path(__file__).parents[2]


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
