"""The watched mailboxes of the running program: started and stopped, and staff are told when one falls silent.

How one is watched is in `intake/email/imap`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.config import Organisation
from bot.tokens import SealedTokens
from bot.wiring import make_tokens
from cases.errors import OutsideError
from cases.protocols import Accept
from intake.email.faults import needs_a_person
from intake.email.imap import MailboxWatcher
from intake.email.oauth import expires_soon
from storage.queries import ledger
from storage.unit import Store, Unit
from workflow import channels, golive
from workflow.desk import Desk

log = logging.getLogger(__name__)
SILENT = timedelta(minutes=15)  # then a mailbox counts as down


class LedgerInStore:
    """Where the folders were left (`intake.email.imap.Ledger`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def last(self, account: str, folder: str) -> tuple[int, int] | None:
        return await self._store.read(lambda reads: ledger.last(reads, account, folder))

    async def connected_at(self, account: str, folder: str) -> datetime | None:
        return await self._store.read(lambda reads: ledger.connected_at(reads, account, folder))

    async def begin(self, organisation: str, account: str, folder: str, uidvalidity: int, last_uid: int) -> None:
        await self._store.write(
            lambda unit: ledger.begin(unit, organisation, account, folder, uidvalidity=uidvalidity, last_uid=last_uid)
        )


@dataclass(slots=True)
class Mailboxes:
    organisations: Sequence[Organisation]
    desk: Desk
    accept: Accept
    watchers: dict[str, MailboxWatcher] = field(default_factory=dict)  # by organisation
    _last: dict[str, str] = field(default_factory=dict)  # the same → what went wrong last
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        store = self.desk.store
        for organisation in self.organisations:
            if organisation.imap is None:
                continue
            watcher = MailboxWatcher(
                organisation.imap, self.accept, LedgerInStore(store),
                on_health=partial(self._on_health, organisation.key), clock=store.context.clock,
                tokens=make_tokens(organisation, store), together=True,
            )  # fmt: skip
            await watcher.start()
            self.watchers[organisation.key] = watcher

    async def stop(self) -> None:
        for watcher in self.watchers.values():
            await watcher.stop()
        await asyncio.gather(*self._telling)

    def _on_health(self, organisation: str, account: str, ok: bool, reason: str) -> None:
        """Lines break and are mended: that is no news until it lasts. What asks for a person is told at once."""
        if not ok:
            log.info("imap: %s (%s)", reason, organisation)
            self._last[organisation] = reason
            if not needs_a_person(reason):
                return
        task = asyncio.create_task(self._tell(organisation, account, ok=ok, reason=reason), name="channel-health")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, organisation: str, account: str, *, ok: bool, reason: str) -> None:
        try:
            await self.desk.store.write(partial(_report, organisation, account, ok, reason))
        except OutsideError as error:
            log.warning("the state of a mailbox could not be written down: %s", error)  # the next round tells it again

    async def silent(self) -> None:
        """A mailbox from which nothing was heard for a quarter of an hour is down, also when its thread hangs."""
        now = self.desk.now()

        def report(unit: Unit) -> None:
            for organisation, watcher in self.watchers.items():
                if watcher.quiet_since is not None and now - watcher.quiet_since > SILENT:
                    why = f"een kwartier niets van het postvak gehoord: {self._last.get(organisation, 'geen antwoord')}"
                    _report(organisation, self.desk.organisation(organisation).mailbox, False, why, unit)
                golive.note(unit, organisation, watcher.notes)

        await self.desk.store.write(report)

    async def sign_ins(self) -> None:
        """A sign-in that is about to end is said two weeks before, not found out by silence."""
        for organisation in self.organisations:
            if organisation.oauth is None:
                continue
            kept = SealedTokens(self.desk.store, organisation.key, organisation.mailbox)
            ends = await asyncio.to_thread(kept.expires_at)
            soon = expires_soon(organisation.oauth, ends, self.desk.now())
            report = partial(
                channels.report, organisation=organisation.key, name=f"aanmelding:{organisation.mailbox}",
                ok=soon is None, reason="de aanmelding bij de provider loopt af" if soon else "",
            )  # fmt: skip
            await self.desk.store.write(report)


def _report(organisation: str, mailbox: str, ok: bool, reason: str, unit: Unit) -> None:
    channels.report(unit, organisation, f"imap:{mailbox}", ok=ok, reason=reason)
