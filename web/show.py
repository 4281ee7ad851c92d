"""How values look on a page: dates, sizes, marks for lateness. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from cases.calendar import working_days_before
from cases.context import AMSTERDAM

_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_LONG = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip


class Nearness(StrEnum):
    """How close a date is; the mark beside it."""

    LATE = "late"
    TODAY = "today"
    NEAR = "near"  # five working days or less
    FAR = "far"


def nearness(day: date | None, now: datetime) -> Nearness:
    if day is None:
        return Nearness.FAR
    today = now.astimezone(AMSTERDAM).date()
    if day < today:
        return Nearness.LATE
    if day == today:
        return Nearness.TODAY
    return Nearness.NEAR if today >= working_days_before(day, 5) else Nearness.FAR


def distance(day: date | None, now: datetime) -> str:
    """`over 9 dagen`, `vandaag`, `3 dagen te laat`."""
    if day is None:
        return ""
    days = (day - now.astimezone(AMSTERDAM).date()).days
    if days == 0:
        return "vandaag"
    if days == 1:
        return "morgen"
    if days > 0:
        return f"over {days} dagen"
    return "1 dag te laat" if days == -1 else f"{-days} dagen te laat"


def day(value: date | datetime | None) -> str:
    """`vr 30 jan 2026`"""
    if value is None:
        return "–"
    local = value.astimezone(AMSTERDAM).date() if isinstance(value, datetime) else value
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def long_day(value: date | datetime | None) -> str:
    """`30 januari 2026`, for pages of requesters"""
    if value is None:
        return ""
    local = value.astimezone(AMSTERDAM).date() if isinstance(value, datetime) else value
    return f"{local.day} {_LONG[local.month - 1]} {local.year}"


def moment(value: datetime | None) -> str:
    """`vr 30 jan 2026 14:05`"""
    return "–" if value is None else f"{day(value)} {value.astimezone(AMSTERDAM):%H:%M}"


def clock(value: datetime) -> str:
    """`14:05:30`"""
    return f"{value.astimezone(AMSTERDAM):%H:%M:%S}"


def iso(value: date | datetime | None) -> str:
    return "" if value is None else value.isoformat()


def size(value: int) -> str:
    if value < 1024:
        return f"{value} bytes"
    if value < 1024 * 1024:
        return f"{value / 1024:.0f} kB"
    return f"{value / 1024 / 1024:.1f} MB".replace(".", ",")


def percent(value: float) -> str:
    return f"{round(value * 100)}%"


def sentence(value: str) -> str:
    """First letter as a capital, the rest as it is (names keep theirs)."""
    return value[:1].upper() + value[1:]


FILTERS: dict[str, Callable[..., Any]] = {
    "day": day,
    "long_day": long_day,
    "moment": moment,
    "clock": clock,
    "iso": iso,
    "size": size,
    "percent": percent,
    "sentence": sentence,
    "nearness": nearness,
    "distance": distance,
}
