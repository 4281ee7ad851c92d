"""Time and ids come from here, so that every run can be repeated and no rule reads a clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def random_id() -> str:
    """32 hex digits, time-ordered (48 bits of milliseconds, 80 random bits), so that indexes grow at one end."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


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
