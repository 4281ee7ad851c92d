"""How updates come: we ask for them (the default), or Telegram brings them to our web face.

Asking: get → store each (commit) → move the cursor → say so to Telegram with the next question. A crash in between
means that Telegram hands the same updates over once more, and the one door knows them. The position is told once and
then left out: after a week of silence Telegram begins counting anywhere, and a stale position would confirm messages
that nobody has read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import groupby
from typing import Any

from aiogram import Bot
from aiogram.methods import GetUpdates

from bot.telegram.face import Face
from bot.telegram.sender import CALL_SECONDS, translated
from bot.telegram.updates import WANTED, Raw, Updates, album_of
from cases.errors import OutsideError, Temporary, Throttled, place_of
from storage.queries import cursors
from workflow import channels

log = logging.getLogger(__name__)
WAIT = 25  # seconds that Telegram holds a question open
BATCH = 100
ALBUM_SECONDS = 0.7  # the parts of an album come within a few tenths
RESTS = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds after a failure
LOOK = timedelta(minutes=5)  # a webhook is looked after so often
STALE = timedelta(days=6)


class RawUpdates(GetUpdates):
    """Updates as they come: one that can not be read must not hide the others."""

    __returning__ = list[dict[str, Any]]


class Receiver:
    """Runs until `stop`. `hook` is the address of our web face where Telegram brings updates; "" asks for them."""

    def __init__(
        self, face: Face, updates: Updates, *, hook: str = "", wait: int = WAIT, rests: Sequence[float] = RESTS
    ) -> None:
        self._face, self._updates, self._hook, self._wait, self._rests = face, updates, hook, wait, rests
        self._offset: int | None = None  # to be told with the next question
        self._begun = self._positioned = False
        self._healthy: bool | None = None

    async def run(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            try:
                await self.once(stop)
                failures = 0
                await self._report(ok=True)
                if self._hook:
                    await _until(stop, LOOK.total_seconds())
                    self._begun = False  # said once more: somebody may have changed it
            except Exception as error:
                await self._rest(error, failures, stop)
                failures += 1
                self._begun = self._begun and failures < 3

    async def _rest(self, error: Exception, failures: int, stop: asyncio.Event) -> None:
        rest = self._rests[min(failures, len(self._rests) - 1)]
        if isinstance(error, Throttled):
            rest = max(rest, error.retry_after.total_seconds())
        if not isinstance(error, OutsideError):
            log.error("asking Telegram failed: %s", place_of(error))
        await self._report(ok=False, reason=str(error) if isinstance(error, OutsideError) else type(error).__name__)
        await _until(stop, rest)

    async def once(self, stop: asyncio.Event) -> int:
        """One question, or the webhook said to Telegram; gives the number of updates that were taken."""
        if not self._positioned:
            self._offset = await self._position()
            self._positioned = True
        if not self._begun:
            await self._begin()
            self._begun = True
        return 0 if self._hook else await self._round(stop)

    async def _begin(self) -> None:
        """Webhook and asking exclude each other. What waits at Telegram is kept."""
        own, bot = self._face.settings, self._face.bot
        with translated():
            me = await bot.get_me(request_timeout=CALL_SECONDS)
            if (me.username or "").lower() != own.username.lower():
                raise Temporary("telegram: the token is of another bot than the settings name")
            if self._hook:
                await bot.set_webhook(
                    self._hook, secret_token=own.secret, allowed_updates=list(WANTED), request_timeout=CALL_SECONDS
                )
                info = await bot.get_webhook_info(request_timeout=CALL_SECONDS)
                failed_at = info.last_error_date
                if info.pending_update_count and failed_at and self._face.desk.now() - failed_at < 2 * LOOK:
                    raise Temporary("telegram: it can not bring updates to our address")
            else:
                await bot.delete_webhook(request_timeout=CALL_SECONDS)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _round(self, stop: asyncio.Event) -> int:
        batch = await self._whole_album(await self._ask(self._wait, stop), stop)
        if stop.is_set() and not batch:
            return 0
        for _, together in groupby(batch, key=lambda raw: album_of(raw) or id(raw)):
            await self._updates.take_together(list(together))
        self._offset = None
        if batch:
            after = max(int(raw["update_id"]) for raw in batch) + 1
            own = self._face.settings
            await self._face.desk.store.write(
                lambda unit: cursors.move(unit, own.organisation, own.account, str(after))
            )  # fmt: skip
            self._offset = after
        return len(batch)

    async def _ask(self, wait: int, stop: asyncio.Event) -> list[Raw]:
        call = RawUpdates(offset=self._offset, limit=BATCH, timeout=wait, allowed_updates=list(WANTED))
        found = await _unless(stop, lambda: _call(self._face.bot, call, wait + CALL_SECONDS))
        return [raw for raw in found or () if isinstance(raw.get("update_id"), int)]

    async def _whole_album(self, batch: list[Raw], stop: asyncio.Event) -> list[Raw]:
        """When the last one is part of an album, more of it may be on its way: the same question again, shortly."""
        while batch and album_of(batch[-1]) and len(batch) < BATCH and not stop.is_set():
            await asyncio.sleep(ALBUM_SECONDS)
            more = await self._ask(0, stop)
            if len(more) <= len(batch):
                break
            batch = more
        return batch

    async def _position(self) -> int | None:
        own = self._face.settings
        found = await self._face.desk.store.read(lambda reads: cursors.position(reads, own.account))
        if found is None or self._face.desk.now() - found.updated_at > STALE:
            return None
        return int(found.position)

    # --- health -------------------------------------------------------------------------------------------------------

    async def _report(self, *, ok: bool, reason: str = "") -> None:
        if ok is self._healthy:
            return
        own = self._face.settings
        with suppress(OutsideError):  # the store rests too; it is said at the next change
            await self._face.desk.store.write(
                lambda unit: channels.report(unit, own.organisation, f"lezen:{own.account}", ok=ok, reason=reason)
            )
            self._healthy = ok
        log.log(logging.INFO if ok else logging.WARNING, "telegram %s", "answers" if ok else reason)


async def _call(bot: Bot, call: RawUpdates, seconds: int) -> list[dict[str, Any]]:
    with translated():
        found: Any = await bot(call, request_timeout=seconds)
    return list(found)


async def _unless(
    stop: asyncio.Event, work: Callable[[], Awaitable[list[dict[str, Any]]]]
) -> list[dict[str, Any]] | None:
    """What `work` gives; None when we stop first. A question that is let go of confirms nothing."""
    asking = asyncio.ensure_future(work())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        for task in (asking, stopping):
            task.cancel()
        await asyncio.gather(asking, stopping, return_exceptions=True)


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
