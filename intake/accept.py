"""The one door for all channels: store once, commit, then let the channel acknowledge.

What waits while a commit runs is taken together in the next one: under load one synced commit serves up to 32
messages, a single message still has its own at once. A message that breaks a group is stored alone, so that it can
not keep others out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from cases.errors import LoketError, Stale, Temporary
from cases.messages import RawInbound
from storage.queries.inbound import Stored, store
from storage.unit import Store

GROUP = 32


class Acceptance:
    """`await accept(message)` returns after the commit; raises Temporary when nothing could be stored."""

    def __init__(self, storage: Store, *, woken: Callable[[], None]) -> None:
        self._store, self._woken = storage, woken
        self._waiting: deque[tuple[RawInbound, asyncio.Future[Stored]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, message: RawInbound) -> Stored:
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, future))
        if self._running is None:
            self._running = asyncio.create_task(self._drain(), name="intake.accept")
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                await self._store_group(group)
                self._woken()
        finally:
            self._running = None

    async def _store_group(self, group: list[tuple[RawInbound, asyncio.Future[Stored]]]) -> None:
        messages = [message for message, _ in group]
        try:
            answers = await self._store.write(lambda unit: store(unit, messages))
        except Exception as error:
            if len(group) > 1:
                for single in group:
                    await self._store_group([single])
                return
            _fail(group[0][1], error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():  # the sender may have hung up; the message is stored all the same
                future.set_result(answer)


def _fail(future: asyncio.Future[Stored], error: Exception) -> None:
    """Whatever went wrong, the channel must hear "try again": nothing is acknowledged that is not stored."""
    if future.done():
        return
    if isinstance(error, Temporary):
        future.set_exception(error)
    elif isinstance(error, Stale):  # somebody stored the same message at the same moment; the retry finds it
        future.set_exception(Temporary("stored by another process meanwhile"))
    elif isinstance(error, LoketError):
        future.set_exception(Temporary(f"not stored: {error}"))
    else:
        future.set_exception(Temporary(f"not stored: {type(error).__name__}"))
