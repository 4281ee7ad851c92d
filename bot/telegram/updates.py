"""One update of Telegram, from wherever it came: to the router that knows its kind. Albums are put together first.

`Temporary` means: not taken, come again. Everything else is over with, so that it holds up nobody else: kinds that we
did not ask for are passed over, and what somebody wrote to us but can not be read (a new kind of message, a fault of
ours) is stored as it came, for a person to look at.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiogram import Dispatcher
from aiogram.types import Message, Update
from pydantic import ValidationError

from bot.telegram import groups, requester, staff
from bot.telegram.face import Face
from cases.errors import OutsideError, place_of
from cases.messages import RawInbound
from cases.types import ChannelKind, Custody

log = logging.getLogger(__name__)
WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
# In this order: what a colleague does, then groups, then everybody else.
ROUTERS = (staff.router, groups.router, requester.router)
ALBUM_SECONDS = 1.0  # how long the parts of an album are waited for; they come within a few tenths
Raw = Mapping[str, Any]


class Updates:
    """Takes updates for one bot: one by one from a webhook (`take`), or an album at once (`take_together`)."""

    def __init__(self, face: Face, *, album_seconds: float = ALBUM_SECONDS) -> None:
        self._face, self._album_seconds = face, album_seconds
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher.include_routers(*(router() for router in ROUTERS))
        self._albums: dict[str, list[Raw]] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}

    async def take(self, raw: Raw) -> None:
        """Returns when it is stored, the parts of one album together. Raises Temporary when it was not."""
        album = album_of(raw)
        if not album:
            await self.take_together([raw])
            return
        self._albums.setdefault(album, []).append(raw)
        if album not in self._waiting:
            self._waiting[album] = asyncio.create_task(self._collect(album), name="telegram.album")
        await asyncio.shield(self._waiting[album])

    async def _collect(self, album: str) -> None:
        await asyncio.sleep(self._album_seconds)
        del self._waiting[album]
        await self.take_together(self._albums.pop(album))

    async def take_together(self, raws: Sequence[Raw]) -> None:
        """One update, or the updates of one album."""
        known = []
        for raw in raws:
            try:
                known.append(Update.model_validate(dict(raw), context={"bot": self._face.bot}))
            except (ValidationError, TypeError, ValueError):
                await self._set_aside(raw)
        if not known:
            return
        first = min(known, key=lambda update: update.update_id)
        parts = sorted((part for update in known if (part := update.message)), key=_number)
        try:
            await self._dispatcher.feed_update(self._face.bot, first, face=self._face, parts=parts)
        except OutsideError:
            raise
        except Exception as error:
            log.error("an update failed: %s", place_of(error), extra={"update": first.update_id})
            for raw in raws:
                await self._set_aside(raw)

    async def _set_aside(self, raw: Raw) -> None:
        """Somebody's message goes into quarantine as it came; anything else is passed over."""
        own, now = self._face.settings, self._face.desk.now()
        log.warning("an update can not be read", extra={"account": own.account})
        message = raw.get("message") or raw.get("edited_message")
        if not isinstance(message, Mapping) or not isinstance(message.get("chat"), Mapping):
            return
        chat = message["chat"]
        if chat.get("type") != "private" or not self._face.pace.takes(str(chat.get("id")), self._face.clock()):
            return
        await self._face.accept(
            RawInbound(
                organisation=own.organisation, channel=ChannelKind.TELEGRAM, account=own.account,
                raw=json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"), received_at=now,
                custody=Custody.HOST, external_id=str(raw.get("update_id")),
            )
        )  # fmt: skip


def album_of(raw: Raw) -> str:
    """Which album a raw update is a part of; "" for none."""
    message = raw.get("message")
    if not isinstance(message, Mapping) or not isinstance(message.get("chat"), Mapping):
        return ""
    group = message.get("media_group_id")
    return f"{message['chat'].get('id')}:{group}" if group else ""


def _number(message: Message) -> int:
    return message.message_id
