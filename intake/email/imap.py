"""The mailbox watcher (guest custody): new mail is read, stored and left exactly as it was.

One thread per mailbox alone touches its client. INBOX is watched by IDLE, which only wakes the watcher up (RFC 2177):
the poll is the truth. Junk, Sent and the request folder are looked at in each round, by one STATUS line when nothing
changed. Folders are opened read-only. Each has its own ledger row (UIDVALIDITY, last UID), moved by accept in the
transaction that stores the message, so it never passes a message that was not stored. What happens in a round is in
`imap_rounds`, acts in the mailbox are in `imap_acts`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from imaplib import IMAP4
from typing import Any, Protocol, TypeVar

from imapclient import IMAPClient

from cases.errors import ConfigError, Temporary
from cases.messages import RawInbound
from cases.protocols import Accept
from intake.email.faults import Fault
from intake.email.imap_connect import Tokens, broken, connect, leave, reason
from intake.email.imap_rounds import NotStored, Rounds
from intake.email.settings import Auth, ImapSettings

_SLICE_SECONDS = 1.0  # how long one look at IDLE lasts; bounds the time `stop` takes
_IDLE_SECONDS = 540.0  # renewed well before servers hang up
_STORE_SECONDS = 120.0
_BACKOFF = (1.0, 300.0)
_IDLE_REFUSALS = 3  # in a row; from then on this mailbox is polled

T = TypeVar("T")
OnHealth = Callable[[str, bool, str], None]  # account, ok, reason for staff; called in the main loop
OnNote = Callable[[str, str], None]  # account, code of something that is not watched; called in the main loop


class Ledger(Protocol):
    """Where a folder was left. Moved by accept; written here only when there is no message to carry it."""

    async def last(self, account: str, folder: str) -> tuple[int, int] | None:
        """(UIDVALIDITY, last UID that was stored)."""
        ...

    async def connected_at(self, account: str, folder: str) -> datetime | None:
        """The moment of the first connect: nothing older is ever taken in by itself."""
        ...

    async def begin(self, organisation: str, account: str, folder: str, uidvalidity: int, last_uid: int) -> None:
        """First connect, or numbers that changed with nothing to read; keeps an older moment of connecting."""
        ...


def backoff_seconds(failures: int, share: float) -> float:
    """1, 2, 4 … 300 seconds; `share` (0 to 1) takes away up to half, so that watchers do not come back all at once."""
    low, high = _BACKOFF
    return min(high, low * 2.0 ** min(failures - 1, 20)) * (1 - share / 2)


class MailboxWatcher:
    """Watches the folders of one mailbox until stopped.

    `together` hands a fetched batch to accept at once instead of one by one. Only for an accept that, when it could not
    store a message, refuses the later ones of that folder with it: else the ledger would pass a message.
    """

    def __init__(
        self,
        settings: ImapSettings,
        accept: Accept,
        ledger: Ledger,
        *,
        on_health: OnHealth,
        clock: Callable[[], datetime],
        tokens: Tokens | None = None,
        on_note: OnNote | None = None,
        together: bool = False,
    ) -> None:
        if settings.auth is Auth.XOAUTH2 and tokens is None:
            raise ConfigError("xoauth2 vraagt een aanmelding: voer eerst `privacyloket init` uit", key="imap.auth")
        self._settings, self._accept, self._ledger, self._tokens = settings, accept, ledger, tokens
        self._on_health, self._on_note, self._clock, self._together = on_health, on_note, clock, together
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._quiet_since: datetime | None = None
        self._notes: set[str] = set()
        self._failed: dict[tuple[str, int], int] = {}  # folder, UID → how often
        self._idle_refused = 0

    @property
    def quiet_since(self) -> datetime | None:
        """The last moment something went well: a round, or a batch of one. None when it does not run.

        Stands still when the server does not answer, when the log-in is refused and when the thread hangs.
        """
        return self._quiet_since

    @property
    def notes(self) -> frozenset[str]:
        """What is not watched or kept at the moment: the codes that `on_note` was told."""
        return frozenset(self._notes)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._quiet_since = self._clock()
        self._thread = threading.Thread(target=self._run, name=f"imap-{self._settings.organisation}", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 30)
            self._thread = None
        self._quiet_since = None

    # Everything below runs in the watcher's own thread.

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._session()
                failures = 0
            except _Polled as error:  # it worked for a while, so the count starts again
                failures = 1
                self._health(ok=False, reason=error.reason)
            except Exception as error:
                failures += 1
                self._health(ok=False, reason=reason(error))
            if failures:
                self._stop.wait(backoff_seconds(failures, secrets.randbelow(1000) / 1000))

    def _session(self) -> None:
        client = connect(self._settings, self._tokens)
        polled = False
        try:
            rounds = self._rounds(client)
            while not self._stop.is_set():
                rounds.one()
                polled = True
                self._well()
                self._health(ok=True)
                if not self._sleep(client):
                    return
        except Exception as error:
            if polled:
                raise _Polled(reason(error)) from error
            raise
        finally:
            leave(client)

    def _sleep(self, client: IMAPClient) -> bool:
        """Until something moves in INBOX, the poll is due, or we stop. False: this line is of no more use."""
        seconds = min(self._settings.poll_seconds, _IDLE_SECONDS)
        usable = self._settings.idle and self._idle_refused < _IDLE_REFUSALS and client.has_capability("IDLE")
        if not usable:
            self._stop.wait(seconds)
            return True
        try:
            client.idle()
        except IMAP4.error as error:
            if broken(error):
                raise
            self._idle_refused += 1  # NO, or a line that came in between: the answers are out of step now
            self._stop.wait(_SLICE_SECONDS)
            return False
        self._idle_refused = 0
        until = time.monotonic() + seconds
        lines = client.idle_check(0)  # what came together with the server's consent
        while not _moved(lines) and not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            asked = time.monotonic()
            lines = client.idle_check(min(left, _SLICE_SECONDS))
            if not lines and time.monotonic() - asked < min(left, _SLICE_SECONDS) / 2:
                raise Temporary(Fault.BROKEN_OFF)  # readable, but there was nothing to read
        client.idle_done()
        return True

    def _rounds(self, client: IMAPClient) -> Rounds:
        assert self._loop is not None
        return Rounds(
            client=client,
            settings=self._settings,
            books=_Books(self._settings, self._accept, self._ledger, self._loop),
            clock=self._clock,
            stop=self._stop,
            note=self._note,
            well=self._well,
            together=self._together,
            failed=self._failed,
        )

    def _well(self) -> None:
        if not self._stop.is_set():
            self._quiet_since = self._clock()

    def _health(self, *, ok: bool, reason: str = "") -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_health, self._settings.account, ok, reason)

    def _note(self, code: str, holds: bool) -> None:
        """Tells a note once, and again only after it did not hold for a while."""
        if not holds:
            self._notes.discard(code)
        elif code not in self._notes:
            self._notes.add(code)
            if self._on_note is not None and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._on_note, self._settings.account, code)


@dataclass(frozen=True, slots=True)
class _Books:
    """`imap_rounds.Books`: the work is done in the main loop, this thread waits for it."""

    settings: ImapSettings
    take: Accept
    ledger: Ledger
    loop: asyncio.AbstractEventLoop

    def last(self, folder: str) -> tuple[int, int] | None:
        return self._await(self.ledger.last(self.settings.account, folder))

    def connected_at(self, folder: str) -> datetime | None:
        return self._await(self.ledger.connected_at(self.settings.account, folder))

    def begin(self, folder: str, uidvalidity: int, last_uid: int) -> None:
        settings = self.settings
        self._await(self.ledger.begin(settings.organisation, settings.account, folder, uidvalidity, last_uid))

    def accept(self, messages: Sequence[RawInbound]) -> None:
        answers = self._await(self._accept(messages))
        for message, answer in zip(messages, answers, strict=True):
            if isinstance(answer, Temporary):
                raise answer
            if isinstance(answer, Exception):
                raise NotStored(message) from answer

    async def _accept(self, messages: Sequence[RawInbound]) -> list[object]:
        """The tasks begin in this order, before anything that is asked of the store meanwhile."""
        return list(await asyncio.gather(*(self.take(message) for message in messages), return_exceptions=True))

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(_STORE_SECONDS)
        except TimeoutError:
            future.cancel()
            raise Temporary("de eigen database antwoordde niet op tijd") from None


def _moved(lines: Sequence[tuple[Any, ...]]) -> bool:
    return any(len(line) > 1 and line[1] in (b"EXISTS", b"RECENT") for line in lines)


class _Polled(Exception):
    """The session broke after it had worked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
