"""The few acts of the desk in a mailbox that people share: mark a request, put it back, keep a copy of what we sent.

Over a connection of its own, opened for a batch and closed after it. Only flags and places of messages that an act
names are changed, and an unread message stays unread. Every act may be done again: what is done already is left alone.
The watcher (`imap`) never writes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from imaplib import IMAP4
from threading import Lock

from imapclient import IMAPClient

from cases.protocols import Acted, ActKind, ActOutcome, MailboxAct
from intake.email import imap_folders
from intake.email.imap_connect import Tokens, broken, later, session
from intake.email.imap_folders import Found
from intake.email.settings import ImapSettings, Marking, SentCopy

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,990}>")

_SEEN, _DELETED = b"\\Seen", b"\\Deleted"


class ImapActs:
    """`cases.protocols.MailboxActs` for one mailbox."""

    def __init__(self, settings: ImapSettings, tokens: Tokens | None = None) -> None:
        self._settings, self._tokens, self._one = settings, tokens, Lock()

    async def perform(self, acts: Sequence[MailboxAct]) -> list[Acted]:
        return await asyncio.to_thread(self._perform, acts) if acts else []

    def _perform(self, acts: Sequence[MailboxAct]) -> list[Acted]:
        with self._one, session(self._settings, self._tokens) as client:
            folders = imap_folders.find(client, self._settings)
            line = _Line(client, self._settings, folders)
            return [_try(line, act) for act in acts]


@dataclass(frozen=True, slots=True)
class _Line:
    client: IMAPClient
    settings: ImapSettings
    folders: Found


@dataclass(frozen=True, slots=True)
class _Place:
    """A message, in the folder that is open for writing now."""

    folder: str
    uid: int
    keyword: bool  # the folder keeps our keyword


def _try(line: _Line, act: MailboxAct) -> Acted:
    try:
        return _ACTS[act.kind](line, act)
    except IMAP4.error as error:
        if broken(error) or later(error):
            raise
        return Acted(ActOutcome.UNSUPPORTED)


def _mark(line: _Line, act: MailboxAct) -> Acted:
    if line.settings.marking is Marking.NONE:
        return Acted(ActOutcome.DONE, act.folder)
    place = _find(line, act, [act.folder, line.folders.inbox, line.folders.requests])
    if place is None:
        return Acted(ActOutcome.GONE)
    if line.settings.marking is Marking.FOLDER and not act.stays:
        return _move(line, act, place, line.folders.requests)
    if not place.keyword:
        return Acted(ActOutcome.UNSUPPORTED, place.folder)
    line.client.add_flags([place.uid], [line.settings.keyword.encode()], silent=True)
    return Acted(ActOutcome.DONE, place.folder)


def _return(line: _Line, act: MailboxAct) -> Acted:
    # Our folder first: a copy in INBOX may stem from an earlier try that did not come to its end.
    place = _find(line, act, [line.folders.requests, act.folder, line.folders.inbox])
    if place is None:
        return Acted(ActOutcome.GONE)
    ours = [_SEEN, line.settings.keyword.encode()] if place.keyword else [_SEEN]
    line.client.remove_flags([place.uid], ours, silent=True)
    if place.folder != line.folders.requests:
        return Acted(ActOutcome.DONE, place.folder)  # it never left
    return _move(line, act, place, line.folders.inbox)


def _keep_sent(line: _Line, act: MailboxAct) -> Acted:
    """Looked for first, also where we always append: the act may be done a second time."""
    sent = line.folders.sent
    if line.settings.sent_copy is SentCopy.NEVER:
        return Acted(ActOutcome.DONE)
    if not sent or act.raw is None:
        return Acted(ActOutcome.UNSUPPORTED)
    line.client.select_folder(sent, readonly=True)
    if not search_message_id(line.client, act.message_id):
        line.client.append(sent, act.raw, flags=[_SEEN])
    return Acted(ActOutcome.DONE, sent)


_ACTS: dict[ActKind, Callable[[_Line, MailboxAct], Acted]] = {
    ActKind.MARK: _mark,
    ActKind.RETURN: _return,
    ActKind.KEEP_SENT: _keep_sent,
}


def _find(line: _Line, act: MailboxAct, folders: Sequence[str]) -> _Place | None:
    """By its number where it was seen; by its Message-ID when it was moved or the numbers are new."""
    for folder in dict.fromkeys(name for name in folders if name):
        state = _open(line.client, folder)
        if state is None:
            continue
        uids: list[int] = []
        if folder == act.folder and act.uid and act.uidvalidity and state.uidvalidity == act.uidvalidity:
            uids = line.client.search(["UID", str(act.uid)])
        if uids := uids or search_message_id(line.client, act.message_id):
            return _Place(folder, uids[-1], imap_folders.keeps_keyword(state, line.settings.keyword))
    return None


def _open(client: IMAPClient, folder: str) -> imap_folders.State | None:
    try:
        return imap_folders.state_of(client.select_folder(folder))
    except IMAP4.error as error:
        if broken(error) or later(error):
            raise
        return None  # the folder is gone


def search_message_id(client: IMAPClient, message_id: str) -> list[int]:
    """The whole identifier with its brackets: a part of one would find other messages."""
    if not _MESSAGE_ID.fullmatch(message_id):
        return []
    return sorted(client.search(["HEADER", "Message-ID", message_id]))


def _move(line: _Line, act: MailboxAct, place: _Place, target: str) -> Acted:
    client = line.client
    if not target:
        return Acted(ActOutcome.UNSUPPORTED, place.folder)
    if place.folder == target:
        return Acted(ActOutcome.DONE, target)
    if client.has_capability("MOVE"):
        client.move([place.uid], target)
    elif client.has_capability("UIDPLUS"):  # else EXPUNGE would remove what colleagues marked as deleted too
        if not _copied(client, act, place, target):
            client.copy([place.uid], target)
        client.add_flags([place.uid], [_DELETED], silent=True)
        client.uid_expunge([place.uid])
    else:
        return Acted(ActOutcome.UNSUPPORTED, place.folder)
    return Acted(ActOutcome.DONE, target)


def _copied(client: IMAPClient, act: MailboxAct, place: _Place, target: str) -> bool:
    """Did an earlier try come as far as the copy? Leaves the place open again."""
    client.select_folder(target, readonly=True)
    there = bool(search_message_id(client, act.message_id))
    client.select_folder(place.folder)
    return there
