"""Reading a folder by UID in bounded pieces, and making of each message what the one door takes.

Bodies come by BODY.PEEK, so nothing is marked seen. UIDs are looked up in windows and bodies in batches that are
bounded in number and bytes: memory does not grow with the mailbox. Which messages are read, and when, is decided by
`imap_rounds` and `imap_backlog`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from imaplib import IMAP4
from typing import Any

from imapclient import IMAPClient

from cases.messages import RawInbound
from cases.types import ChannelKind, Custody, Origin
from intake.email.headers import peek_message_id
from intake.email.imap_connect import broken
from intake.email.imap_folders import State
from intake.email.receipt import receipt_time
from intake.email.settings import ImapSettings

_WINDOW = 2_000  # UIDs asked for at once; a window without any is followed by one of twice the width
_SIZES = 500  # messages whose size is asked at once
_GRACE = timedelta(days=1)  # the server's clock may differ from ours

Data = Mapping[bytes, Any]


@dataclass(frozen=True, slots=True)
class Numbered:
    """One message of a folder, before it is read. `size` None: the server would not tell."""

    uid: int
    size: int | None


def highest_uid(client: IMAPClient, state: State) -> int:
    """Everything up to here was there before us. The folder is selected."""
    if state.uidnext is not None:
        return state.uidnext - 1
    return max(client.search(["UID", "*"]), default=0) if state.messages != 0 else 0


def uids_after(client: IMAPClient, last: int, state: State, criteria: Sequence[object] = ()) -> Iterator[list[int]]:
    """UIDs above `last`, ascending, in windows. The last window is open: what UIDNEXT does not tell is found too."""
    low, width, highest = last + 1, _WINDOW, highest_uid(client, state)
    while low + width <= highest:
        found = sorted(client.search(["UID", f"{low}:{low + width - 1}", *criteria]))
        if found:
            yield found
        low, width = low + width, _WINDOW if found else width * 2
    yield sorted(uid for uid in client.search(["UID", f"{low}:*", *criteria]) if uid >= low)


def since(client: IMAPClient, uids: Sequence[int], moment: datetime) -> list[int]:
    """Those of the UIDs that the server has had since a moment (INTERNALDATE)."""
    dates = client.fetch(uids, ["INTERNALDATE"]) if uids else {}
    first = moment.replace(microsecond=0)
    return [uid for uid in uids if uid in dates and (dates[uid].get(b"INTERNALDATE") or moment) >= first]


def batches(client: IMAPClient, uids: Sequence[int], settings: ImapSettings) -> Iterator[list[Numbered]]:
    """In batches bounded in number and in bytes; a message of unknown size stands alone."""
    batch: list[Numbered] = []
    total = 0
    for start in range(0, len(uids), _SIZES):
        part = uids[start : start + _SIZES]
        sizes = _sizes(client, part)
        for uid in part:
            size = sizes.get(uid)
            weight = settings.batch_bytes if size is None else size
            if batch and (len(batch) >= settings.batch_messages or total + weight > settings.batch_bytes):
                yield batch
                batch, total = [], 0
            batch.append(Numbered(uid, size))
            total += weight
    if batch:
        yield batch


def _sizes(client: IMAPClient, uids: Sequence[int]) -> dict[int, int]:
    try:
        answer = client.fetch(uids, ["RFC822.SIZE"])
        return {uid: int(data[b"RFC822.SIZE"]) for uid, data in answer.items() if b"RFC822.SIZE" in data}
    except (IMAP4.error, ValueError) as error:
        if broken(error):
            raise
        return {}  # one line that can not be read: each message for itself, then


def fetch_many(client: IMAPClient, uids: Sequence[int]) -> dict[int, Data]:
    """The bodies of a batch; nothing when one answer of them can not be read, for then each is fetched alone."""
    try:
        answer: dict[int, Data] = client.fetch(uids, ["INTERNALDATE", "BODY.PEEK[]"]) if uids else {}
    except (IMAP4.error, ValueError) as error:
        if broken(error):
            raise
        return {}
    return answer


def fetch_one(client: IMAPClient, message: Numbered, settings: ImapSettings) -> Data | None:
    """One message; of a too large one the headers and a note. None: it is gone from the folder."""
    if message.size is not None and message.size > settings.max_message_bytes:
        answer = client.fetch([message.uid], ["INTERNALDATE", "BODY.PEEK[HEADER]"]).get(message.uid)
        if answer is None:
            return None
        head = answer.get(b"BODY[HEADER]") or b""
        return {**answer, b"BODY[]": _OVERSIZE + head.rstrip() + b"\r\n\r\n" + _TOO_LARGE}
    try:
        data: Data | None = client.fetch([message.uid], ["INTERNALDATE", "BODY.PEEK[]"]).get(message.uid)
    except ValueError:  # an INTERNALDATE nobody can read must not keep the message from us
        data = client.fetch([message.uid], ["BODY.PEEK[]"]).get(message.uid)
    return data


def fetch_or_empty(client: IMAPClient, message: Numbered, settings: ImapSettings) -> Data | None:
    """As `fetch_one`; of a message that the server refuses, or that nobody can read, nothing is known."""
    try:
        return fetch_one(client, message, settings)
    except (IMAP4.error, ValueError) as error:
        if broken(error):
            raise
        return {}


def date_of(client: IMAPClient, uid: int) -> Data | None:
    """When a message whose body is not to be had was received, if the server tells; None: it is gone."""
    try:
        data: Data | None = client.fetch([uid], ["INTERNALDATE"]).get(uid)
    except (IMAP4.error, ValueError) as error:
        if broken(error):
            raise
        return {}
    return data


def placeholder(uid: int, uidvalidity: int) -> bytes:
    """Stands for a message that could not be fetched; no message at all, so the quarantine shows it to a person."""
    return b"\x00 message %d of %d could not be fetched" % (uid, uidvalidity)


def as_inbound(
    settings: ImapSettings, folder: str, uidvalidity: int, uid: int, data: Data, *, origin: Origin, now: datetime
) -> RawInbound:
    """What the one door takes. An empty or missing body becomes a placeholder."""
    raw: bytes = data.get(b"BODY[]") or placeholder(uid, uidvalidity)
    return RawInbound(
        organisation=settings.organisation,
        channel=ChannelKind.EMAIL,
        account=settings.account,
        raw=raw,
        received_at=receipt_time(raw, data.get(b"INTERNALDATE"), settings.received_by, now),
        custody=Custody.GUEST,
        message_id=peek_message_id(raw),
        folder=folder,
        uidvalidity=uidvalidity,
        uid=uid,
        origin=origin,
    )


def origin_by_age(origin: Origin, data: Data, connected: datetime | None) -> Origin:
    """Old mail that is moved into the folder later was received before we came: nobody gets an answer to it."""
    moment: datetime | None = data.get(b"INTERNALDATE")
    if origin not in (Origin.INBOX, Origin.JUNK) or connected is None or moment is None:
        return origin
    return Origin.BACKLOG if moment < connected - _GRACE else origin


_OVERSIZE = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"  # the first one counts
_TOO_LARGE = b"[Dit bericht is te groot om op te halen. De tekst staat in het postvak.]\r\n"
