"""How often something came within the last hour, by keyed digest; for forms that anybody may send.

In memory and per process: what gets past it meets the limits on automatic mail, which stand in rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
KEYS = 10_000  # that are remembered at once


@dataclass(slots=True)
class Counter:
    seen: dict[str, deque[datetime]] = field(default_factory=dict)

    def allows(self, limits: Mapping[str, int], now: datetime) -> bool:
        """Counts one more for each key, unless one of them is full."""
        if len(self.seen) > KEYS:
            self.seen = {key: times for key, times in self.seen.items() if times and times[-1] > now - HOUR}
        for key in limits:
            times = self.seen.setdefault(key, deque())
            while times and times[0] <= now - HOUR:
                times.popleft()
        if any(len(self.seen[key]) >= limit for key, limit in limits.items()):
            return False
        for key in limits:
            self.seen[key].append(now)
        return True
