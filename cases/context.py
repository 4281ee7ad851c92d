"""Time and ids come from here, so that every run can be repeated and no rule reads a clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case


def random_id() -> str:
    """26 characters, time-ordered (48 bits of milliseconds, 80 random bits), so that indexes grow at one end."""
    number = (int(datetime.now(UTC).timestamp() * 1000) << 80) | int.from_bytes(os.urandom(10))
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


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
