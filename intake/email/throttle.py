"""How fast one account may send: what the provider allows in an hour, as a token bucket. Time comes from the caller.

The bucket holds a tenth of the hour and fills with the rest, so that no hour ever sees more than the limit, and a
restart (which forgets) costs at most that tenth.
"""

from __future__ import annotations

HOUR = 3600.0


class Bucket:
    def __init__(self, per_hour: int) -> None:
        self._size = max(1, per_hour // 10)
        self._per_second = max(1, per_hour - self._size) / HOUR
        self._level, self._at = float(self._size), 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next message may leave; 0 when it may now."""
        self._level = min(float(self._size), self._level + max(0.0, now - self._at) * self._per_second)
        self._at = now
        return max(0.0, (1 - self._level) / self._per_second)

    def take(self) -> None:
        self._level -= 1
