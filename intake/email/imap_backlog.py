"""What was in the mailbox before we came: read once, so that staff can take over running requests at their real dates.

Read-only, and beside the watcher: no ledger moves, and what is handed over carries no folder and no numbers, so that
storing it can not move one either. What becomes of a message is decided by who asked.
"""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from imapclient import IMAPClient

from cases.messages import RawInbound
from cases.types import Origin
from intake.email import imap_fetch, imap_folders
from intake.email.imap_connect import Tokens, session
from intake.email.settings import ImapSettings, Marking

Take = Callable[[RawInbound], Awaitable[None]]
Progress = Callable[[int, int], None]  # read, of how many; called in the main loop


async def scan_backlog(
    settings: ImapSettings, tokens: Tokens | None, since: datetime, until: datetime, take: Take, progress: Progress
) -> int:
    """Hands over every message of INBOX, the request folder and Junk that the server got in [since, until); how many.

    One at a time, the lowest number first, with origin BACKLOG and its real time of receipt; folder and numbers are
    None. Nothing in the mailbox is made or changed. Raises Temporary when the server breaks off, or what `take` raises.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def hand_over(message: RawInbound) -> None:
        async def taken() -> None:
            await take(message)

        try:
            asyncio.run_coroutine_threadsafe(taken(), loop).result()
        except Exception as error:  # not to be taken for a failure of the server
            raise _NotTakenError from error

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(progress, done, total)

    scan = _Scan(replace(settings, marking=Marking.NONE), since, until, hand_over, tell, stop)
    work = asyncio.ensure_future(asyncio.to_thread(scan.run, tokens))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        raise
    except _NotTakenError as error:
        assert error.__cause__ is not None
        raise error.__cause__ from None


class _NotTakenError(Exception):
    """Carries what `take` raised through the thread."""


@dataclass(frozen=True, slots=True)
class _Scan:
    settings: ImapSettings  # marks nothing, so that no folder is made
    since: datetime
    until: datetime
    hand_over: Callable[[RawInbound], None]
    tell: Callable[[int, int], None]
    stop: threading.Event

    def run(self, tokens: Tokens | None) -> int:
        with session(self.settings, tokens) as client:
            found = imap_folders.find(client, self.settings)
            names = dict.fromkeys(name for name in (found.inbox, found.requests, found.junk) if name)
            every = {name: self._numbers(client, name) for name in names}
            total = sum(len(uids) for uids in every.values())
            done = 0
            for name, uids in every.items():
                imap_folders.examine(client, name)
                for message in self._messages(client, uids):
                    if self.stop.is_set():
                        return done
                    self.hand_over(message)
                    done += 1
                    self.tell(done, total)
            return done

    def _numbers(self, client: IMAPClient, folder: str) -> array[int]:
        """Which messages; the server counts whole days in its own zone, so the moment is looked at as well."""
        state = imap_folders.examine(client, folder)
        days = ["SINCE", (self.since - timedelta(days=1)).date(), "BEFORE", (self.until + timedelta(days=2)).date()]
        numbers = array("Q")
        for uids in imap_fetch.uids_after(client, 0, state, days):
            later = set(imap_fetch.since(client, uids, self.until))
            numbers.extend(uid for uid in imap_fetch.since(client, uids, self.since) if uid not in later)
        return numbers

    def _messages(self, client: IMAPClient, uids: array[int]) -> Iterator[RawInbound]:
        for batch in imap_fetch.batches(client, uids, self.settings):
            limit = self.settings.max_message_bytes
            wanted = [message.uid for message in batch if message.size is not None and message.size <= limit]
            fetched = imap_fetch.fetch_many(client, wanted)
            for message in batch:
                data = fetched.pop(message.uid, None) or imap_fetch.fetch_or_empty(client, message, self.settings)
                if data is not None:
                    inbound = imap_fetch.as_inbound(
                        self.settings, "", 0, message.uid, data, origin=Origin.BACKLOG, now=self.until
                    )
                    yield replace(inbound, folder=None, uidvalidity=None, uid=None)
