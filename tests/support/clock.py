"""A clock that stands still until a test moves it, and ids that come out the same in every run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # a Monday


class SetClock:
    """Pass `clock.now` where a `Callable[[], datetime]` is wanted."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        assert moment.tzinfo is not None, "a clock has a time zone"
        self._now = moment

    def advance(self, by: timedelta | None = None, /, **parts: float) -> datetime:
        """`advance(timedelta(...))` or `advance(days=1, minutes=30)`."""
        self._now += by if by is not None else timedelta(**parts)
        return self._now


def counted_ids(prefix: str = "id") -> Callable[[], str]:
    """26 characters, rising; give two makers on one database different prefixes. Safe in threads."""
    numbers = itertools.count(1)
    return lambda: prefix + str(next(numbers)).rjust(26 - len(prefix), "0")
