"""How fast one person may write. What comes faster is not taken: said once, logged without content."""

from __future__ import annotations

from dataclasses import dataclass, field

_KEPT = 10_000  # people remembered at once


@dataclass(slots=True)
class Pace:
    """A bucket per person: a minute's worth at once, refilled evenly. Forgotten at a restart, which costs nothing."""

    per_minute: int
    _levels: dict[str, tuple[float, float, bool]] = field(default_factory=dict)  # level, at, told

    def takes(self, person: str, now: float) -> bool:
        level, at, told = self._levels.get(person, (float(self.per_minute), now, False))
        level = min(float(self.per_minute), level + (now - at) * self.per_minute / 60)
        taken = level >= 1
        self._levels[person] = (level - 1 if taken else level, now, told and not taken)
        if len(self._levels) > _KEPT:
            self._levels.pop(next(iter(self._levels)))
        return taken

    def tells(self, person: str) -> bool:
        """Whether this person has to be told now: once until something is taken again."""
        level, at, told = self._levels[person]
        self._levels[person] = (level, at, True)
        return not told
