"""Time and ids come from here, so that every run can be repeated and no rule reads a clock."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class _GrowingIds:
    def __init__(self) -> None:
        self._last = 0
        self._one_at_a_time = Lock()

    def __call__(self) -> str:
        fresh = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
        step = 1 + secrets.randbits(64)
        with self._one_at_a_time:
            self._last = max(fresh, self._last + step)
            return f"{self._last:032x}"


random_id: Callable[[], str] = _GrowingIds()
"""32 hex digits: 48 bits of milliseconds, 80 random bits. Each is larger than the one before it in this process, also
within a millisecond and when the clock is set back (RFC 9562, 6.2, method 2): indexes grow at one end, and rows that
were written at the same moment are read in the order in which they were written."""


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """What makes a run repeatable: hand in another clock or id maker and the same things happen."""

    clock: Callable[[], datetime] = system_clock
    new_id: Callable[[], str] = random_id


def local_date_words(moment: datetime) -> str:
    """`za 31-01-2026`, in Amsterdam: the way dates are written in reasoning and on staff pages."""
    local = moment.astimezone(AMSTERDAM)
    day = ("ma", "di", "wo", "do", "vr", "za", "zo")[local.weekday()]
    return f"{day} {local:%d-%m-%Y}"
