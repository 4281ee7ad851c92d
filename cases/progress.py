"""How far a request is, as its requester is told (art. 12(3) AVG): values only.

Read by `storage/queries/progress`, said by `handlers/standing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cases.types import OPEN_STATES, Awaiting, Label, RequestState, Verb


@dataclass(frozen=True, slots=True)
class Deed:
    """One change that was carried out in one of the organisation's systems."""

    verb: Verb
    source: str
    on: date


@dataclass(frozen=True, slots=True)
class Progress:
    """One request: its dates, whom it waits for, and what has been done for it."""

    label: Label
    state: RequestState
    awaiting: Awaiting
    received_at: datetime
    told_on: date
    extended_on: date | None = None
    suspended_since: date | None = None  # the clock stands still since then …
    suspended_for: str = ""  # … for one of `workflow.terms.SUSPENSIONS`
    begins_on: date | None = None  # an approved change waits until then and can be called off
    deeds: tuple[Deed, ...] = ()

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def stoppable(self) -> bool:
        """Nothing of it is on its way: what has begun can not be called off."""
        return self.open and (self.state is not RequestState.EXECUTING or self.begins_on is not None)

    def late(self, today: date) -> bool:
        """Past the date told, while our own clock runs."""
        return self.open and self.suspended_since is None and self.told_on < today
