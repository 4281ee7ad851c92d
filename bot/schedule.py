"""The ticks. The only file that knows APScheduler; it never decides anything, it calls.

Missed ticks are caught up once, not in a burst; what is due stands in the database, so nothing is lost with a tick.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from cases.errors import place_of

log = logging.getLogger(__name__)
Job = Callable[[], Awaitable[object]]


class Ticks:
    """Named jobs, each at its own interval, never two of one at a time."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def every(self, seconds: float, name: str, job: Job) -> None:
        async def run() -> None:
            try:
                await job()
            except Exception as error:  # the next one tries again
                log.error("the tick %s failed: %s", name, place_of(error))

        self._scheduler.add_job(run, "interval", seconds=seconds, id=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
