"""What stands behind the mailbox watcher in tests: a door that stores in memory, and a ledger row per folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cases.messages import RawInbound
from cases.types import Origin
from intake.email.imap import MailboxWatcher
from intake.email.imap_connect import Tokens
from intake.email.settings import ImapSettings, Tls
from intake.normalise import normalise

ACCOUNT = "info@whatnext.example"


@dataclass(frozen=True, slots=True)
class Row:
    duplicate: bool
    inbound_id: str = "1"


@dataclass
class Post:
    """Accept and ledger in one: a message and its place are stored together, as the real store does."""

    rows: list[RawInbound] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    connected: dict[str, datetime] = field(default_factory=dict)
    health: list[tuple[bool, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fail: Callable[[RawInbound], Exception | None] = lambda message: None
    seen: int = 0  # messages handed over, duplicates too
    keep: bool = True
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _told: set[asyncio.Future[None]] = field(default_factory=set)

    async def __call__(self, message: RawInbound) -> Row:
        if error := self.fail(message):
            raise error
        assert message.uid is not None and message.uidvalidity is not None and message.folder is not None
        last = self.places.get(message.folder)
        if last is None or last[0] != message.uidvalidity or last[1] < message.uid:
            self.places[message.folder] = (message.uidvalidity, message.uid)
        self.seen += 1
        duplicate = self.keep and any(row.raw == message.raw for row in self.rows)
        if self.keep and not duplicate:
            self.rows.append(message)
        await self._tell()
        return Row(duplicate)

    @property
    def place(self) -> tuple[int, int] | None:
        return self.places.get("INBOX")

    async def last(self, account: str, folder: str) -> tuple[int, int] | None:
        assert account == ACCOUNT
        return self.places.get(folder)

    async def connected_at(self, account: str, folder: str) -> datetime | None:
        return self.connected.get(folder)

    async def begin(self, organisation: str, account: str, folder: str, uidvalidity: int, last_uid: int) -> None:
        assert organisation == "whatnext"
        self.connected.setdefault(folder, datetime.now(UTC))
        last = self.places.get(folder)
        if last is None or last[0] != uidvalidity or last[1] < last_uid:
            self.places[folder] = (uidvalidity, last_uid)
        await self._tell()

    def on_health(self, account: str, ok: bool, reason: str) -> None:
        assert account == ACCOUNT and ACCOUNT not in reason
        self.health.append((ok, reason))
        self._tell_soon()

    def on_note(self, account: str, code: str) -> None:
        assert account == ACCOUNT
        self.notes.append(code)
        self._tell_soon()

    def _tell_soon(self) -> None:
        told = asyncio.ensure_future(self._tell())
        self._told.add(told)
        told.add_done_callback(self._told.discard)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(true)

    async def well(self) -> None:
        """Until the next round that succeeded."""
        before = len(self.health)
        await self.until(lambda: any(ok for ok, _ in self.health[before:]))

    def texts(self, origin: Origin | None = None) -> list[str]:
        rows = [row for row in self.rows if origin in (None, row.origin)]
        return [normalise(row).own_words.strip() for row in rows]


def settings(host: str, port: int, user: str, password: str, **changed: object) -> ImapSettings:
    values: dict[str, object] = {
        "organisation": "whatnext", "account": ACCOUNT, "host": host, "port": port, "tls": Tls.NONE,
        "username": user, "password": password, "timeout_seconds": 10,
    }  # fmt: skip
    return ImapSettings(**(values | changed))  # type: ignore[arg-type]


def watch(
    configured: ImapSettings, post: Post, *, tokens: Tokens | None = None, together: bool = False
) -> MailboxWatcher:
    return MailboxWatcher(
        configured, post, post, on_health=post.on_health, on_note=post.on_note, tokens=tokens, together=together,
        clock=lambda: datetime.now(UTC),
    )  # fmt: skip


@asynccontextmanager
async def watching(
    configured: ImapSettings, post: Post, *, tokens: Tokens | None = None, together: bool = False
) -> AsyncIterator[MailboxWatcher]:
    """Watches until the end of the block, which begins after the first round."""
    watcher = watch(configured, post, tokens=tokens, together=together)
    await watcher.start()
    try:
        await post.until(lambda: any(ok for ok, _ in post.health))
        yield watcher
    finally:
        await watcher.stop()
