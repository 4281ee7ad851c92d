"""One round through the folders of a mailbox: what is new is read and handed over, in UID order, folder by folder.

A message that can not be fetched or stored becomes a placeholder for the quarantine: a person looks. Everything in here
runs in the watcher's thread (`imap`), which also decides when a round is due. The ledger row of a folder is moved by
accept, together with the message; here only where there is no message to carry it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from imaplib import IMAP4
from typing import Protocol

from imapclient import IMAPClient

from cases.errors import Temporary
from cases.messages import RawInbound
from intake.email import imap_fetch, imap_folders
from intake.email.imap_connect import broken, reason
from intake.email.imap_fetch import Data, Numbered
from intake.email.imap_folders import State, Watched
from intake.email.settings import ImapSettings, Marking

log = logging.getLogger(__name__)

_FOLDERS_SECONDS = 3600.0  # a folder that was made meanwhile is found after this long
_UNNUMBERED = timedelta(days=7)  # read again on each connection where UIDVALIDITY is 0 (RFC 3501 2.3.1.1)
# A message that fails collects points; with enough of them it becomes a placeholder. A failure counts less when the
# server had nothing to say of the message at all: then it may be the server, and the message is well.
_ENOUGH, _ITS_OWN_FAULT, _ANYBODYS_FAULT = 30, 10, 3


class Books(Protocol):
    """The store as this thread sees it: every call waits for the answer. Temporary when there is none."""

    def last(self, folder: str) -> tuple[int, int] | None: ...
    def connected_at(self, folder: str) -> datetime | None: ...
    def begin(self, folder: str, uidvalidity: int, last_uid: int) -> None: ...
    def accept(self, messages: Sequence[RawInbound]) -> None:
        """In this order. When one is not stored, no later one is, and `NotStored` names it."""
        ...


class NotStored(Exception):
    """The store is well, this one message is not."""

    def __init__(self, message: RawInbound) -> None:
        super().__init__("a message was not stored")
        self.message = message


@dataclass(slots=True)
class Rounds:
    """The rounds over one connection."""

    client: IMAPClient
    settings: ImapSettings
    books: Books
    clock: Callable[[], datetime]
    stop: threading.Event
    note: Callable[[str, bool], None]  # code, holds
    well: Callable[[], None]  # called whenever something was stored
    together: bool  # a batch in one go, see `imap.MailboxWatcher`
    failed: dict[tuple[str, int], int]  # folder and UID → points; outlives the connection
    _folders: list[Watched] = field(default_factory=list)
    _listed_at: float = 0.0
    _known: dict[str, State] = field(default_factory=dict)  # as it was when everything in it had been read
    _read_to: dict[str, int] = field(default_factory=dict)  # highest UID; only looked at where UIDVALIDITY is 0
    _connected: dict[str, datetime | None] = field(default_factory=dict)

    def one(self) -> None:
        """INBOX before folders with much in them, and last of all: IDLE tells nothing from before the last look."""
        inbox, *others = self._watched()
        changed = [folder for folder in others if not self.stop.is_set() and self._apart(folder, self._changed)]
        refused = self._poll_inbox(inbox)
        for folder in changed:
            self._apart(folder, self._poll)
        if changed and not self.stop.is_set():
            refused = self._poll_inbox(inbox)
        if refused is not None:
            raise refused

    def _watched(self) -> list[Watched]:
        if not self._folders or time.monotonic() - self._listed_at > _FOLDERS_SECONDS:
            found = imap_folders.find(self.client, self.settings)
            self._folders, self._listed_at = found.watched(), time.monotonic()
            for code in ("no_request_folder", "junk_not_watched", "sent_not_watched"):
                if code in found.missing():
                    self.note(code, True)
            self._look_for_keywords(found.requests or found.inbox)
        return self._folders

    def _look_for_keywords(self, folder: str) -> None:
        """PERMANENTFLAGS is told only to who opens a folder for writing: our own, so that none of INBOX is "recent"."""
        if self.settings.marking is Marking.NONE:
            return
        try:
            state = imap_folders.state_of(self.client.select_folder(folder))
        except IMAP4.error as error:
            if broken(error):
                raise
            return  # the round will tell
        self.note("no_keywords", not imap_folders.keeps_keyword(state, self.settings.keyword))

    def _poll_inbox(self, inbox: Watched) -> Exception | None:
        """Until nothing new is there. A refused INBOX must not keep the other folders waiting."""
        try:
            while self._poll(inbox) and not self.stop.is_set():
                pass
        except (IMAP4.error, ValueError) as error:
            if broken(error):
                raise
            return error
        return None

    def _changed(self, folder: Watched) -> bool:
        return not imap_folders.status(self.client, folder.name).same(self._known.get(folder.name))

    def _apart(self, folder: Watched, look: Callable[[Watched], int]) -> int:
        """What one folder refuses is a note; the others go on."""
        try:
            found = look(folder)
        except (IMAP4.error, ValueError) as error:
            if broken(error):
                raise
            log.info("imap: a folder can not be read: %s (%s)", folder.code, self.settings.organisation)
            self._known.pop(folder.name, None)
            self.note(folder.code, True)
            return 0
        self.note(folder.code, False)
        return found

    def _poll(self, folder: Watched) -> int:
        """Takes what is new in one folder; how many messages that were."""
        state = imap_folders.examine(self.client, folder.name)
        last = self.books.last(folder.name)
        highest = imap_fetch.highest_uid(self.client, state)
        taken = 0
        if last is None:
            self.books.begin(folder.name, state.uidvalidity, highest)
        elif state.uidvalidity and last[0] != state.uidvalidity:
            self._read_again(folder, state, self._connected_at(folder))
        elif not state.uidvalidity and folder.name not in self._read_to:
            self._read_again(folder, state, self._unnumbered_since(folder))
        else:
            after = last[1] if state.uidvalidity else self._read_to[folder.name]
            taken = self._take_all(folder, state, imap_fetch.uids_after(self.client, after, state))
        if not self.stop.is_set():
            self._known[folder.name] = State(state.uidvalidity, state.uidnext, state.messages)
            self._read_to[folder.name] = highest
        return taken

    def _unnumbered_since(self, folder: Watched) -> datetime:
        """A server that always says 0 promises no number beyond this connection: it begins with what is recent."""
        recent = self.clock() - _UNNUMBERED
        return max(recent, self._connected_at(folder) or recent)

    def _read_again(self, folder: Watched, state: State, start: datetime | None) -> None:
        """The numbers are new: everything since the first connect is read again, accept joins what it knows."""
        log.info("imap: numbers of a folder changed, reading again (%s)", self.settings.organisation)
        for key in [key for key in self.failed if key[0] == folder.name]:
            del self.failed[key]
        start = start or self.clock()
        day = ["SINCE", (start - timedelta(days=1)).date()]  # as the server counts days
        windows = imap_fetch.uids_after(self.client, 0, state, day)
        recent = (imap_fetch.since(self.client, uids, start) for uids in windows)
        if not self._take_all(folder, state, recent) and not self.stop.is_set():
            self.books.begin(folder.name, state.uidvalidity, imap_fetch.highest_uid(self.client, state))

    def _take_all(self, folder: Watched, state: State, windows: Iterator[list[int]]) -> int:
        taken = 0
        for uids in windows:
            for batch in imap_fetch.batches(self.client, uids, self.settings):
                if self.stop.is_set():
                    return taken
                taken += self._take(folder, batch, state.uidvalidity)
                self.well()
        return taken

    def _take(self, folder: Watched, batch: list[Numbered], uidvalidity: int) -> int:
        fetched = self._fetch(folder, batch)
        ready: list[RawInbound] = []
        taken = 0
        for message in batch:
            if self.stop.is_set():
                break
            try:
                found = self._read(folder, message, uidvalidity, fetched.pop(message.uid, None))
            except Exception:
                self._store(ready)
                raise
            if found is not None:
                ready.append(found)
                taken += 1
            if not self.together:
                self._store(ready)
        self._store(ready)
        return taken

    def _fetch(self, folder: Watched, batch: list[Numbered]) -> dict[int, Data]:
        limit = self.settings.max_message_bytes
        bodies = [
            message.uid for message in batch
            if message.size is not None and message.size <= limit and (folder.name, message.uid) not in self.failed
        ]  # fmt: skip
        try:
            return imap_fetch.fetch_many(self.client, bodies)
        except (IMAP4.abort, OSError):
            for uid in bodies:
                self.failed[folder.name, uid] = 1  # from now on one at a time
            raise

    def _read(self, folder: Watched, message: Numbered, uidvalidity: int, data: Data | None) -> RawInbound | None:
        """None when the message is gone from the folder meanwhile."""
        key = folder.name, message.uid
        try:
            if (points := self.failed.get(key, 0)) >= _ENOUGH:
                # The moment of receipt, unless asking for it breaks the line as well.
                data = imap_fetch.date_of(self.client, message.uid) if points < 2 * _ENOUGH else {}
            elif data is None or b"BODY[]" not in data:
                data = imap_fetch.fetch_one(self.client, message, self.settings)
            if data is None:
                self.failed.pop(key, None)
                return None
            origin = imap_fetch.origin_by_age(folder.origin, data, self._connected_at(folder))
            return imap_fetch.as_inbound(
                self.settings, folder.name, uidvalidity, message.uid, data, origin=origin, now=self.clock()
            )
        except Temporary:
            raise  # the store is down, the message is well: wait, however long it takes
        except Exception as error:
            self.failed[key] = self.failed.get(key, 0) + (_ANYBODYS_FAULT if message.size is None else _ITS_OWN_FAULT)
            raise Temporary(f"bericht {message.uid}: {reason(error)}") from error

    def _store(self, ready: list[RawInbound]) -> None:
        """Hands over and empties the list."""
        if not ready:
            return
        try:
            self.books.accept(ready)
        except NotStored as error:
            key = error.message.folder or "", error.message.uid or 0
            self.failed[key] = self.failed.get(key, 0) + _ITS_OWN_FAULT
            raise Temporary(f"bericht {key[1]}: {error}") from error
        for message in ready:
            self.failed.pop((message.folder or "", message.uid or 0), None)
        ready.clear()

    def _connected_at(self, folder: Watched) -> datetime | None:
        if folder.name not in self._connected:
            self._connected[folder.name] = self.books.connected_at(folder.name)
        return self._connected[folder.name]
