"""The mailbox watcher (guest custody): new mail is read, stored and left exactly as it was.

One thread per mailbox alone touches its client. The folder is opened read-only and bodies come by BODY.PEEK, so nothing
is marked seen, moved or deleted. IDLE only wakes the watcher up; the poll is the truth. Messages are accepted one by
one in UID order, because the ledger (last UID, moved by accept in its own transaction) must never pass a message that
was not stored. A message that can not be fetched or stored becomes a placeholder for the quarantine: a person looks.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from imaplib import IMAP4
from typing import Any, Protocol, TypeVar

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, LoginError, ProtocolError

from cases.errors import LoketError, Temporary
from cases.messages import RawInbound
from cases.protocols import Accept
from cases.types import ChannelKind, Custody
from intake.email.headers import peek_message_id
from intake.email.receipt import receipt_time
from intake.email.settings import ImapSettings, Tls, client_context

log = logging.getLogger(__name__)

_SLICE_SECONDS = 1.0  # how long one look at IDLE lasts; bounds the time `stop` takes
_IDLE_SECONDS = 540.0  # renewed well before servers hang up
_STORE_SECONDS = 120.0
_TRIES = 3  # for one message, before it becomes a placeholder
_BACKOFF = (1.0, 300.0)

T = TypeVar("T")
OnHealth = Callable[[str, bool, str], None]  # account, ok, reason for staff; called in the main loop


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
    """Watches one folder of one mailbox until stopped."""

    def __init__(
        self,
        settings: ImapSettings,
        accept: Accept,
        ledger: Ledger,
        *,
        on_health: OnHealth,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._accept, self._ledger = settings, accept, ledger
        self._on_health, self._clock = on_health, clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failed: dict[int, int] = {}  # UID → how often

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=f"imap-{self._settings.organisation}", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 30)
            self._thread = None

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
                self._health(ok=False, reason=_reason(error))
            if failures:
                self._stop.wait(backoff_seconds(failures, secrets.randbelow(1000) / 1000))

    def _session(self) -> None:
        client = self._connect()
        polled = False
        try:
            while not self._stop.is_set():
                self._poll(client)
                polled = True
                self._health(ok=True)
                self._sleep(client)
        except Exception as error:
            if polled:
                raise _Polled(_reason(error)) from error
            raise
        finally:
            _leave(client)

    def _connect(self) -> IMAPClient:
        settings = self._settings
        context = client_context(settings.ca_file) if settings.tls is not Tls.NONE else None
        client = IMAPClient(
            settings.host,
            port=settings.port,
            ssl=settings.tls is Tls.TLS,
            ssl_context=context,
            timeout=SocketTimeout(settings.timeout_seconds, settings.timeout_seconds),
        )
        try:
            client.normalise_times = False  # its "local time" uses today's offset for every date
            if settings.tls is Tls.STARTTLS:
                client.starttls(context)  # refused or not offered is an error: no plain password
            client.login(settings.username, settings.password)
        except BaseException:
            _leave(client)
            raise
        return client

    def _poll(self, client: IMAPClient) -> None:
        settings = self._settings
        state = client.select_folder(settings.folder, readonly=True)
        uidvalidity = int(state.get(b"UIDVALIDITY", 0))
        last = self._await(self._ledger.last(settings.account, settings.folder))
        if last is None:
            self._begin(uidvalidity, _highest(client, state))
            return
        if last[0] == uidvalidity:
            uids = [uid for uid in client.search(["UID", f"{last[1] + 1}:*"]) if uid > last[1]]
        else:
            uids = self._renumbered(client, state, uidvalidity)
        for batch in self._batches(client, sorted(uids)):
            self._take(client, batch, uidvalidity)
            if self._stop.is_set():
                return

    def _renumbered(self, client: IMAPClient, state: dict[bytes, Any], uidvalidity: int) -> list[int]:
        """UIDVALIDITY changed: everything since the first connect is read again, accept joins what it knows."""
        log.info("imap: numbers of a folder changed, reading again (%s)", self._settings.organisation)
        self._failed.clear()
        since = self._await(self._ledger.connected_at(self._settings.account, self._settings.folder)) or self._clock()
        found = client.search(["SINCE", (since - timedelta(days=1)).date()])
        dates = client.fetch(found, ["INTERNALDATE"]) if found else {}
        uids = [
            uid for uid, data in dates.items() if (data.get(b"INTERNALDATE") or since) >= since.replace(microsecond=0)
        ]
        if not uids:
            self._begin(uidvalidity, _highest(client, state))
        return uids

    def _begin(self, uidvalidity: int, last_uid: int) -> None:
        settings = self._settings
        self._await(self._ledger.begin(settings.organisation, settings.account, settings.folder, uidvalidity, last_uid))

    def _batches(self, client: IMAPClient, uids: list[int]) -> list[list[tuple[int, int]]]:
        """(UID, size) in batches bounded in number and in bytes."""
        batches: list[list[tuple[int, int]]] = []
        total = 0
        for start in range(0, len(uids), 500):
            sizes = client.fetch(uids[start : start + 500], ["RFC822.SIZE"])
            for uid in uids[start : start + 500]:
                size = int(sizes.get(uid, {}).get(b"RFC822.SIZE", 0))
                full = not batches or len(batches[-1]) >= self._settings.batch_messages
                if full or total + size > self._settings.batch_bytes:
                    batches.append([])
                    total = 0
                batches[-1].append((uid, size))
                total += size
        return batches

    def _take(self, client: IMAPClient, batch: list[tuple[int, int]], uidvalidity: int) -> None:
        bodies = [uid for uid, size in batch if size <= self._settings.max_message_bytes and not self._failed.get(uid)]
        try:
            fetched = client.fetch(bodies, ["INTERNALDATE", "BODY.PEEK[]"]) if bodies else {}
        except (IMAP4.error, ProtocolError, ValueError) as error:
            if isinstance(error, IMAP4.abort):
                for uid in bodies:
                    self._failed[uid] = 1  # from now on one at a time
                raise
            fetched = {}
        for uid, size in batch:
            if self._stop.is_set():
                return
            self._take_one(client, uid, size, uidvalidity, fetched.get(uid))

    def _take_one(
        self, client: IMAPClient, uid: int, size: int, uidvalidity: int, data: dict[bytes, Any] | None
    ) -> None:
        if self._failed.get(uid, 0) >= _TRIES:
            self._store(_placeholder(uid, uidvalidity), None, uid, uidvalidity)
            self._failed.pop(uid)
            return
        try:
            if data is None or b"BODY[]" not in data:
                data = self._fetch_one(client, uid, size)
            if data is None:
                return  # gone from the folder meanwhile
            self._store(data[b"BODY[]"] or _placeholder(uid, uidvalidity), data.get(b"INTERNALDATE"), uid, uidvalidity)
            self._failed.pop(uid, None)
        except Temporary:
            raise  # the store is down, the message is well: wait, however long it takes
        except Exception as error:
            self._failed[uid] = self._failed.get(uid, 0) + 1
            raise Temporary(f"message {uid}: {_reason(error)}") from error

    def _fetch_one(self, client: IMAPClient, uid: int, size: int) -> dict[bytes, Any] | None:
        if size <= self._settings.max_message_bytes:
            answer: dict[bytes, Any] | None = client.fetch([uid], ["INTERNALDATE", "BODY.PEEK[]"]).get(uid)
            return answer
        answer = client.fetch([uid], ["INTERNALDATE", "BODY.PEEK[HEADER]"]).get(uid)
        if answer is None:
            return None
        return {**answer, b"BODY[]": _OVERSIZE + answer.get(b"BODY[HEADER]", b"").rstrip() + b"\r\n\r\n" + _TOO_LARGE}

    def _store(self, raw: bytes, internal_date: datetime | None, uid: int, uidvalidity: int) -> None:
        settings = self._settings
        message = RawInbound(
            organisation=settings.organisation,
            channel=ChannelKind.EMAIL,
            account=settings.account,
            raw=raw,
            received_at=receipt_time(raw, internal_date, settings.received_by, self._clock()),
            custody=Custody.GUEST,
            message_id=peek_message_id(raw),
            folder=settings.folder,
            uidvalidity=uidvalidity,
            uid=uid,
        )
        self._await(_call(self._accept, message))

    def _sleep(self, client: IMAPClient) -> None:
        """Until something moves in the folder, the poll is due, or we stop."""
        seconds = self._settings.poll_seconds
        if not self._settings.idle or not client.has_capability("IDLE"):
            self._stop.wait(seconds)
            return
        client.idle()
        try:
            waited = 0.0
            while waited < min(seconds, _IDLE_SECONDS) and not self._stop.is_set():
                if any(
                    len(line) > 1 and line[1] in (b"EXISTS", b"RECENT") for line in client.idle_check(_SLICE_SECONDS)
                ):
                    break
                waited += _SLICE_SECONDS
        finally:
            client.idle_done()

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(_STORE_SECONDS)
        except TimeoutError:
            future.cancel()
            raise Temporary("the store did not answer in time") from None

    def _health(self, *, ok: bool, reason: str = "") -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_health, self._settings.account, ok, reason)


class _Polled(Exception):
    """The session broke after it had worked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_OVERSIZE = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"  # the first one counts
_TOO_LARGE = b"[Dit bericht is te groot om op te halen. De tekst staat in het postvak.]\r\n"


def _placeholder(uid: int, uidvalidity: int) -> bytes:
    """Stands for a message that could not be fetched; no message at all, so the quarantine shows it to a person."""
    return b"\x00 message %d of %d could not be fetched" % (uid, uidvalidity)


def _highest(client: IMAPClient, state: dict[bytes, Any]) -> int:
    if b"UIDNEXT" in state:
        return int(state[b"UIDNEXT"]) - 1
    return max(client.search(["ALL"]), default=0)


async def _call(accept: Accept, message: RawInbound) -> None:
    await accept(message)


def _leave(client: IMAPClient) -> None:
    try:
        client.logout()
    except Exception:
        log.debug("imap: the line was gone before logout")
        with suppress(Exception):
            client.shutdown()  # closes the socket all the same


def _reason(error: Exception) -> str:
    """For staff: what kind of failure, never what the server said (it may quote an address)."""
    if isinstance(error, LoginError):
        return "login refused"
    if isinstance(error, CapabilityError):
        return "the server does not offer what the settings ask for"
    if isinstance(error, LoketError):
        return str(error)
    return type(error).__name__
