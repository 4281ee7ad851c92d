"""The one door for all channels: store once, commit, then let the channel acknowledge.

What waits while a commit runs is taken together in the next one: under load one synced commit serves up to 32
messages, a single message still has its own at once. A message that breaks a group is stored alone, so that it can
not keep others out; but of a mailbox folder nothing that came after it is stored, for the ledger (last UID) would pass
the message that is not there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from cases.errors import LoketError, Stale, Temporary
from cases.messages import RawInbound
from storage.queries.inbound import Stored, store
from storage.unit import Store

GROUP = 32
_Waiting = tuple[RawInbound, asyncio.Future[Stored]]


class Acceptance:
    """`await accept(message)` returns after the commit; raises Temporary when nothing could be stored."""

    def __init__(self, storage: Store, *, woken: Callable[[], None]) -> None:
        self._store, self._woken = storage, woken
        self._waiting: deque[_Waiting] = deque()
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

    async def _store_group(self, group: Sequence[_Waiting]) -> None:
        messages = [message for message, _ in group]
        try:
            answers = await self._store.write(lambda unit: store(unit, messages))
        except Exception as error:
            if len(group) > 1:
                await self._store_singly(deque(group))
                return
            _fail(group[0][1], error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():  # the sender may have hung up; the message is stored all the same
                future.set_result(answer)

    async def _store_singly(self, group: deque[_Waiting]) -> None:
        while group:
            message, future = group.popleft()
            await self._store_group([(message, future)])
            if message.uid is not None and future.done() and (future.cancelled() or future.exception() is not None):
                for queue in (group, self._waiting):
                    _hold_back(queue, message.account, message.folder)


def _hold_back(queue: deque[_Waiting], account: str, folder: str | None) -> None:
    """Whoever watches the folder handed these over in one go and comes again with all of them."""
    rest = list(queue)
    queue.clear()
    for message, future in rest:
        if message.uid is not None and (message.account, message.folder) == (account, folder):
            _fail(future, Temporary("an earlier message of this folder was not stored"))
        else:
            queue.append((message, future))


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
