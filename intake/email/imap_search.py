"""Looks for somebody's correspondence in a shared mailbox, and takes away what staff chose (art. 15 and 17).

IMAP finds parts of addresses, so what was found is compared again, whole. Looking opens folders to read only. A mail is
named by folder, UIDVALIDITY, UID and Message-ID: when a folder was numbered anew, or a colleague moved the mail within
it, the Message-ID finds it. Acts of the desk on its own messages are in `imap_acts`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from email.header import decode_header, make_header
from imaplib import IMAP4
from threading import Lock
from typing import Any

from imapclient import IMAPClient

from cases.errors import Permanent, RuleError
from cases.protocols import ActOutcome, FoundMail
from intake.email import imap_folders
from intake.email.imap_acts import search_message_id
from intake.email.imap_connect import Tokens, broken, session
from intake.email.settings import ImapSettings

_MOST = 2_000  # mails of one person
_AT_ONCE = 200
_TRASH_NAMES = ("trash", "deleted items", "deleted messages", "prullenbak", "verwijderde items", "bin")


class ImapSearch:
    """`cases.protocols.MailSearch` for one mailbox, over a connection of its own."""

    def __init__(self, settings: ImapSettings, tokens: Tokens | None = None) -> None:
        self._settings, self._tokens, self._one = settings, tokens, Lock()

    async def search(self, addresses: Sequence[str]) -> list[FoundMail]:
        return await asyncio.to_thread(self._search, addresses) if addresses else []

    async def erase(self, keys: Sequence[str], *, at_once: bool) -> list[ActOutcome]:
        return await asyncio.to_thread(self._erase, keys, at_once) if keys else []

    def _search(self, addresses: Sequence[str]) -> list[FoundMail]:
        wanted = {address.lower() for address in addresses}
        found: list[FoundMail] = []
        with self._one, session(self._settings, self._tokens) as client:
            folders, trash = _folders(client)
            for folder in folders:
                if folder == trash:
                    continue
                uidvalidity = imap_folders.examine(client, folder).uidvalidity
                for uids in _candidates(client, wanted):
                    found += [mail for mail in _read(client, folder, uidvalidity or 0, uids) if _of(mail) & wanted]
                    if len(found) > _MOST:
                        raise Permanent(f"meer dan {_MOST} berichten gevonden")
        return found

    def _erase(self, keys: Sequence[str], at_once: bool) -> list[ActOutcome]:
        with self._one, session(self._settings, self._tokens) as client:
            _, trash = _folders(client)
            return [_tried(client, key, "" if at_once else trash, at_once=at_once) for key in keys]


def _folders(client: IMAPClient) -> tuple[list[str], str]:
    """Every folder that can be opened, and the bin."""
    listed = imap_folders.listed_folders(client)
    return [folder.name for folder in listed], imap_folders.special(listed, "", b"\\trash", _TRASH_NAMES)


def _candidates(client: IMAPClient, addresses: set[str]) -> Iterator[list[int]]:
    uids: set[int] = set()
    for address in sorted(addresses):
        charset = None if address.isascii() else "UTF-8"
        for header in ("FROM", "TO", "CC"):
            uids |= set(client.search([header, address], charset))
    ordered = sorted(uids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _read(client: IMAPClient, folder: str, uidvalidity: int, uids: Sequence[int]) -> Iterator[FoundMail]:
    for uid, data in client.fetch(uids, ["ENVELOPE", "INTERNALDATE"]).items():
        envelope = data.get(b"ENVELOPE")
        if envelope is None:
            continue
        message_id = (envelope.message_id or b"").decode("ascii", "replace")
        received = data.get(b"INTERNALDATE")
        yield FoundMail(
            json.dumps([folder, uidvalidity, uid, message_id], ensure_ascii=False), folder,
            received.date() if received else None, next(_addresses(envelope.from_), ""),
            (*_addresses(envelope.to), *_addresses(envelope.cc)), _words(envelope.subject),
        )  # fmt: skip


def _addresses(found: Any) -> Iterator[str]:
    for one in found or ():
        if one.mailbox and one.host:
            yield f"{one.mailbox.decode('utf-8', 'replace')}@{one.host.decode('utf-8', 'replace')}".lower()


def _of(mail: FoundMail) -> set[str]:
    return {mail.sender, *mail.recipients}


def _words(raw: bytes | None) -> str:
    text = (raw or b"").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text


def _tried(client: IMAPClient, key: str, trash: str, *, at_once: bool) -> ActOutcome:
    try:
        return _erase_one(client, key, trash, at_once=at_once)
    except IMAP4.error as error:
        if broken(error):
            raise
        return ActOutcome.UNSUPPORTED  # a bin that takes nothing, a folder that may only be read


def _erase_one(client: IMAPClient, key: str, trash: str, *, at_once: bool) -> ActOutcome:
    try:
        folder, uidvalidity, uid, message_id = json.loads(key)
    except ValueError:
        raise RuleError("this is no name of a mail") from None
    if not at_once and not trash:
        return ActOutcome.UNSUPPORTED
    try:
        state = imap_folders.state_of(client.select_folder(folder))
    except IMAP4.error as error:
        if broken(error):
            raise
        return ActOutcome.GONE  # the folder is
    uids = client.search(["UID", str(uid)]) if state.uidvalidity == uidvalidity else []
    uids = uids or search_message_id(client, message_id)
    if not uids:
        return ActOutcome.GONE
    if not at_once and client.has_capability("MOVE"):
        client.move(uids, trash)
        return ActOutcome.DONE
    if not client.has_capability("UIDPLUS"):  # else EXPUNGE would take what colleagues marked as deleted
        return ActOutcome.UNSUPPORTED
    if not at_once:
        client.copy(uids, trash)
    client.add_flags(uids, [b"\\Deleted"], silent=True)
    client.uid_expunge(uids)
    return ActOutcome.DONE
