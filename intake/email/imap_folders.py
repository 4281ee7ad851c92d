"""The folders of a shared mailbox: which one is Junk, Sent or ours, and in what state it is.

Found by special use (RFC 6154), then by the names that programs give them in Dutch and English. Folder names are
modified UTF-7 on the wire (RFC 3501 5.1.3) and text here. Nothing in here looks into a message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from imaplib import IMAP4
from typing import Any

from imapclient import IMAPClient, imap_utf7

from cases.types import Origin
from intake.email.imap_connect import broken
from intake.email.settings import ImapSettings, Marking

log = logging.getLogger(__name__)

JUNK_NAMES = (
    "junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "ongewenste e-mail", "ongewenste mail",
    "ongewenste berichten", "ongewenst", "reclame",
)  # fmt: skip
SENT_NAMES = (
    "sent", "sent items", "sent mail", "sent messages", "verzonden items", "verzonden", "verzonden berichten",
    "verzonden e-mail", "verzonden e-mails", "verstuurd",
)  # fmt: skip
NOT_WATCHED = "-"  # in the settings: this folder is none of our business


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of LIST."""

    name: str
    flags: frozenset[bytes]  # lower-cased
    delimiter: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder that is read, and what to tell staff when it can not be."""

    name: str
    origin: Origin
    code: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The folders of one mailbox; "" where there is none."""

    inbox: str
    junk: str
    sent: str
    requests: str

    def watched(self) -> list[Watched]:
        """INBOX first; the codes of what is missing are in `missing`."""
        every = [Watched(self.inbox, Origin.INBOX), *(Watched(name, *kind) for name, kind in self._others())]
        first = {folder.name: folder for folder in reversed(every) if folder.name}
        return [folder for folder in every if first.get(folder.name) is folder]

    def missing(self) -> frozenset[str]:
        return frozenset(code for name, (_, code) in self._others() if not name)

    def _others(self) -> list[tuple[str, tuple[Origin, str]]]:
        return [
            (self.requests, (Origin.DRAGGED, "no_request_folder")),
            (self.junk, (Origin.JUNK, "junk_not_watched")),
            (self.sent, (Origin.SENT, "sent_not_watched")),
        ]


@dataclass(frozen=True, slots=True)
class State:
    """What SELECT and STATUS tell of a folder. None where the server keeps silent."""

    uidvalidity: int
    uidnext: int | None
    messages: int | None
    flags: frozenset[bytes] = frozenset()  # PERMANENTFLAGS, lower-cased; only after SELECT

    def same(self, other: State | None) -> bool:
        """Surely nothing happened in between: every number is there and equal."""
        return self == other and None not in (self.uidnext, self.messages)


def find(client: IMAPClient, settings: ImapSettings) -> Found:
    """Looks the folders up; makes the request folder when the desk may mark messages and it is not there."""
    listed = listed_folders(client)
    requests = _named(listed, settings.request_folder)
    if not requests and settings.request_folder not in ("", NOT_WATCHED) and settings.marking is not Marking.NONE:
        requests = _create(client, settings.request_folder, listed)
    return Found(
        inbox=settings.folder,
        junk=special(listed, settings.junk_folder, b"\\junk", JUNK_NAMES),
        sent=special(listed, settings.sent_folder, b"\\sent", SENT_NAMES),
        requests=requests,
    )


def state_of(answer: Mapping[bytes, Any]) -> State:
    """From SELECT, EXAMINE or STATUS. A UIDVALIDITY that is missing counts as 0, which some servers send."""
    messages = answer.get(b"EXISTS", answer.get(b"MESSAGES"))
    uidnext = answer.get(b"UIDNEXT")
    return State(
        int(answer.get(b"UIDVALIDITY") or 0),
        int(uidnext) if uidnext else None,
        int(messages) if messages is not None else None,
        frozenset(bytes(flag).lower() for flag in answer.get(b"PERMANENTFLAGS") or () if isinstance(flag, bytes)),
    )


def examine(client: IMAPClient, folder: str) -> State:
    """Opens a folder for reading only."""
    return state_of(client.select_folder(folder, readonly=True))


def status(client: IMAPClient, folder: str) -> State:
    """One line, without opening the folder."""
    return state_of(client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT", "MESSAGES"]))


def keeps_keyword(state: State, keyword: str) -> bool:
    """RFC 3501 7.1: only what PERMANENTFLAGS names, or anything when it holds a backslash and a star."""
    return b"\\*" in state.flags or keyword.lower().encode() in state.flags


def listed_folders(client: IMAPClient) -> list[Listed]:
    client.folder_encode = False  # decoded here: one name that can not be read must not hide all others
    try:
        lines: Sequence[tuple[Sequence[bytes], bytes | None, bytes | str]] = client.list_folders()
    finally:
        client.folder_encode = True
    return [folder for flags, delimiter, name in lines if (folder := _listed(flags, delimiter, name)) is not None]


def _listed(flags: Sequence[bytes], delimiter: bytes | None, name: bytes | str) -> Listed | None:
    try:
        text = imap_utf7.decode(name)
    except ValueError:
        log.info("imap: a folder name can not be read")
        return None
    known = frozenset(bytes(flag).lower() for flag in flags)
    if known & {b"\\noselect", b"\\nonexistent"}:
        return None
    return Listed(text, known, (delimiter or b"").decode("ascii", "replace"))


def special(listed: Sequence[Listed], setting: str, flag: bytes, names: Sequence[str]) -> str:
    if setting:
        return "" if setting == NOT_WATCHED else _named(listed, setting)
    for folder in listed:
        if flag in folder.flags:
            return folder.name
    return next((found for name in names if (found := _named(listed, name))), "")


def _named(listed: Sequence[Listed], name: str) -> str:
    """The folder of this name, at the top or below INBOX (where some servers keep every folder)."""
    wanted = name.casefold()
    for folder in listed:
        if wanted in (folder.name.casefold(), _short(folder)):
            return folder.name
    return ""


def _short(folder: Listed) -> str:
    head, _, rest = folder.name.partition(folder.delimiter) if folder.delimiter else (folder.name, "", "")
    return rest.casefold() if head.upper() == "INBOX" else ""


def _create(client: IMAPClient, name: str, listed: Sequence[Listed]) -> str:
    delimiter = next((folder.delimiter for folder in listed if folder.delimiter), "")
    for full in (name, f"INBOX{delimiter}{name}") if delimiter else (name,):
        if _done(client.create_folder, full):
            _done(client.subscribe_folder, full)  # else many programs would not show it to colleagues
            return full
    return ""


def _done(command: Callable[[str], object], folder: str) -> bool:
    try:
        command(folder)
    except IMAP4.error as error:
        if broken(error):
            raise
        return False
    return True
