"""How dates, sizes and facts look; which hosts are ours."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from web import show
from web.settings import WebSettings
from web.show import Nearness
from web.staff.post import scores
from web.words import facts, rows_for

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # Monday, 23:30 in Amsterdam


@pytest.mark.parametrize(
    ("day", "near", "words"),
    [
        (date(2026, 11, 22), Nearness.LATE, "1 dag te laat"),
        (date(2026, 11, 13), Nearness.LATE, "10 dagen te laat"),
        (date(2026, 11, 23), Nearness.TODAY, "vandaag"),
        (date(2026, 11, 24), Nearness.NEAR, "morgen"),
        (date(2026, 11, 30), Nearness.NEAR, "over 7 dagen"),  # five working days before is today
        (date(2026, 12, 1), Nearness.FAR, "over 8 dagen"),
        (None, Nearness.FAR, ""),
    ],
)
def test_how_near_a_date_is(day: date | None, near: Nearness, words: str) -> None:
    assert show.nearness(day, NOW) is near
    assert show.distance(day, NOW) == words


def test_the_day_is_the_one_in_amsterdam() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert show.day(late) == "di 24 nov 2026"
    assert show.long_day(late) == "24 november 2026"
    assert show.moment(late) == "di 24 nov 2026 00:30"
    assert show.distance(date(2026, 11, 24), late) == "vandaag"


def test_sizes_and_facts() -> None:
    assert [show.size(n) for n in (0, 1023, 1024, 1024 * 1024 * 3 // 2)] == ["0 bytes", "1023 bytes", "1 kB", "1,5 MB"]
    found = {"digest": "a" * 64, "labels": ["inzage", "klacht"], "before": "preparing", "outcome": {"crm": "failed"}}
    assert facts(found) == "soorten: Inzage, Klacht · van: wordt voorbereid · uitkomst: crm MISLUKT"
    assert facts({}) == ""


def test_scores_come_likeliest_first_and_unknown_names_are_left_out() -> None:
    stored = {"labels": {"vraag": 0.3, "inzage": 0.6, "klacht": 0.01, "iets": 0.9}, "certainty": "triage"}
    assert scores(stored) == [("inzage", 0.6), ("vraag", 0.3)]
    assert scores({}) == []


def test_a_text_field_fits_its_text() -> None:
    assert rows_for(()) == 3
    assert rows_for(("a\nb\nc", "d")) == 6
    assert rows_for(("x" * 5000,)) == 24


@pytest.mark.parametrize(
    ("base", "host", "ours"),
    [
        ("https://loket.example", "loket.example", True),
        ("https://loket.example", "LOKET.example:443", True),
        ("https://loket.example", "localhost", False),
        ("https://loket.example", "loket.example.kwaad.example", False),
        ("https://loket.example", "", False),
        ("http://127.0.0.1:8080", "localhost:8080", True),
        ("http://127.0.0.1:8080", "[::1]:8080", True),
        ("http://127.0.0.1:8080", "kwaad.example:8080", False),
    ],
)
def test_which_hosts_are_ours(base: str, host: str, ours: bool) -> None:
    assert WebSettings(base).answers_to(host) is ours
    assert WebSettings(base, hosts=(host,)).answers_to("ook.example") is False


def test_cookies_are_for_https_where_the_site_is() -> None:
    assert WebSettings("https://loket.example").secure
    assert not WebSettings("http://127.0.0.1:8080").secure
