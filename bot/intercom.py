"""Intercom in the running program: a receiver per workspace, its look for what was dropped, its health, its notes."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from bot.config import Settings
from cases.errors import OutsideError
from cases.protocols import Accept
from intake.intercom.client import IntercomClient
from intake.intercom.receiver import IntercomReceiver
from storage.queries import cursors
from storage.unit import Store
from workflow import channels
from workflow.desk import Desk

log = logging.getLogger(__name__)


class CursorInStore:
    """How far a channel was read (`intake.intercom.receiver.Cursor`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, account: str) -> str | None:
        row = await self._store.read(lambda reads: cursors.position(reads, account))
        return str(row.position) if row is not None else None

    async def move(self, organisation: str, account: str, position: str) -> None:
        await self._store.write(lambda unit: cursors.move(unit, organisation, account, position))


async def receivers(settings: Settings, desk: Desk, accept: Accept) -> Mapping[str, IntercomReceiver]:
    """By organisation, ready to be told things."""
    found = {}
    for organisation in settings.organisations:
        if organisation.intercom is None:
            continue
        receiver = IntercomReceiver(
            organisation.intercom, IntercomClient(organisation.intercom), accept, CursorInStore(desk.store), desk.now
        )
        await receiver.start()
        found[organisation.key] = receiver
    return found


async def look(desk: Desk, receiver: IntercomReceiver) -> None:
    """A tick: what Intercom did not tell is fetched; the staff page shows whether that works."""
    settings, reason = receiver.settings, ""
    try:
        await receiver.look()
    except OutsideError as error:
        reason = str(error)
        log.warning("intercom: %s", reason, extra={"organisation": settings.organisation})
    await desk.store.write(
        lambda unit: channels.report(
            unit, settings.organisation, f"lezen:{settings.account}", ok=not reason, reason=reason
        )
    )
