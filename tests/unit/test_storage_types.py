"""Column types on their own: what reaches the driver is the same for both databases, or is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, make_url

from cases.errors import RuleError
from cases.types import Label
from storage.types import CleanText, JsonText, UtcDateTime, clean_text

DIALECTS: list[Dialect] = [make_url(f"{name}://").get_dialect()() for name in ("sqlite", "postgresql+psycopg")]
ANY_TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates included


@given(ANY_TEXT)
def test_clean_text_can_always_be_stored(text: str) -> None:
    clean = clean_text(text)
    assert "\x00" not in clean
    clean.encode()
    assert clean_text(clean) == clean


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_good_text_is_left_alone(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [("a\x00b", "ab"), ("a\ud83d", "a?"), ("é\x00\udc00", "é?"), ("", ""), (Label.INZAGE, "inzage")],
)
def test_what_is_taken_out(given_text: str, stored: str) -> None:
    assert clean_text(given_text) == stored
    assert type(clean_text(given_text)) is str


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
class TestEachDialect:
    def test_a_naive_moment_is_refused(self, dialect: Dialect) -> None:
        with pytest.raises(RuleError):
            UtcDateTime().process_bind_param(datetime(2026, 1, 31, 10, 30), dialect)  # noqa: DTZ001  # the point

    @given(st.datetimes(timezones=st.timezones() | st.just(timezone(timedelta(hours=5, minutes=45)))))
    def test_a_moment_comes_back_the_same_and_in_utc(self, dialect: Dialect, moment: datetime) -> None:
        try:
            moment.astimezone(UTC)
        except OverflowError:  # the first and last day of the calendar
            return
        bound = UtcDateTime().process_bind_param(moment, dialect)
        back = UtcDateTime().process_result_value(bound, dialect)
        assert back is not None
        assert back == moment.astimezone(UTC)
        assert back.tzinfo is UTC

    def test_both_sides_of_the_autumn_hour_stay_apart(self, dialect: Dialect) -> None:
        amsterdam = ZoneInfo("Europe/Amsterdam")
        twice = [datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=amsterdam) for fold in (0, 1)]
        bound = [UtcDateTime().process_bind_param(moment, dialect) for moment in twice]
        assert bound[0] is not None
        assert bound[1] is not None
        assert bound[1] - bound[0] == timedelta(hours=1)

    @pytest.mark.parametrize("kind", [UtcDateTime, CleanText, JsonText])
    def test_nothing_stays_nothing(self, dialect: Dialect, kind: type[Any]) -> None:
        assert kind().process_bind_param(None, dialect) is None
        if kind is not CleanText:  # it is read as it stands
            assert kind().process_result_value(None, dialect) is None

    @given(st.dictionaries(st.text(), st.integers() | st.lists(st.text()) | st.booleans()))
    def test_equal_json_has_equal_bytes(self, dialect: Dialect, value: dict[str, Any]) -> None:
        turned = dict(reversed(value.items()))
        bound = JsonText().process_bind_param(value, dialect)
        assert bound == JsonText().process_bind_param(turned, dialect)
        assert bound is not None
        assert bound.isascii()
        assert JsonText().process_result_value(bound, dialect) == value
