"""What the misbehaving IMAP server (`bad_imap`) holds: folders, messages, and the faults it was told to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto

from imapclient import imap_utf7


class Do(Enum):
    NO = auto()
    BYE = auto()  # says so and hangs up
    DROP = auto()  # hangs up in the middle of a line
    HANG = auto()  # says nothing more, ever
    GARBAGE = auto()  # a line that no grammar knows, before the true answer
    BAD_LITERAL = auto()  # promises more bytes than come, then hangs up
    UNREADABLE = auto()  # an answer to FETCH that can not be parsed
    EXPUNGE = auto()  # the messages asked for vanish while the answer is under way
    FLAGS_FIRST = auto()  # unasked FETCH answers about flags, without a UID, in between
    EXISTS_FIRST = auto()  # an untagged line before the answer
    ARRIVE = auto()  # a message comes in at this very moment: IDLE tells in one packet with its consent
    AFTER = auto()  # does the work, then hangs up before it says so


@dataclass
class Fault:
    words: str  # "UID FETCH", "LOGIN", …
    do: Do
    times: int = 1
    having: str = ""  # only a line that holds this


@dataclass
class Message:
    raw: bytes | Callable[[], bytes]
    at: datetime
    flags: set[str] = field(default_factory=set)

    def bytes(self) -> bytes:
        return self.raw if isinstance(self.raw, bytes) else self.raw()


@dataclass
class Folder:
    uidvalidity: int = 7
    flags: str = ""  # in LIST: \\Junk, \\Sent
    permanent: str = "\\Seen \\Deleted \\*"
    uidnext_told: bool = True
    uidnext: int = 1
    messages: dict[int, Message] = field(default_factory=dict)

    def add(self, *raws: bytes | Callable[[], bytes], at: datetime | None = None, seen: bool = False) -> int:
        for raw in raws:
            self.messages[self.uidnext] = Message(raw, at or datetime.now(UTC), {"\\Seen"} if seen else set())
            self.uidnext += 1
        return self.uidnext - 1

    def place(self, uid: int) -> int:
        """The sequence number; not looked up in a large folder, where nobody asks for it."""
        return sorted(self.messages).index(uid) + 1 if len(self.messages) < 1000 else 1

    def renumber(self, uidvalidity: int, first: int = 1) -> None:
        """New numbers for the same messages."""
        self.uidvalidity = uidvalidity
        self.messages = {first + place: message for place, message in enumerate(self.messages.values())}
        self.uidnext = first + len(self.messages)


def name_of(text: str) -> str:
    name: str = imap_utf7.decode(text.strip().strip('"').encode())
    return name


def numbers(ids: str, folder: Folder | None) -> list[int]:
    assert folder is not None
    highest = max(folder.messages, default=0) if "*" in ids else 0
    found: set[int] = set()
    for part in ids.split(","):
        low, _, high = part.replace("*", str(highest)).partition(":")
        first, last = sorted((int(low), int(high or low)))
        if last - first > len(folder.messages):
            found.update(uid for uid in folder.messages if first <= uid <= last)
        else:
            found.update(uid for uid in range(first, last + 1) if uid in folder.messages)
    return sorted(found)


def parts_of(message: Message, items: str, *, bad_date: bool) -> bytes:
    parts = b""
    if "INTERNALDATE" in items:
        date = "nooit" if bad_date else message.at.strftime("%d-%b-%Y %H:%M:%S +0000")
        parts += f' INTERNALDATE "{date}"'.encode()
    if "FLAGS" in items:
        parts += f" FLAGS ({' '.join(sorted(message.flags))})".encode()
    if "RFC822.SIZE" in items:
        parts += b" RFC822.SIZE %d" % len(message.bytes())
    if "HEADER" in items:
        head = message.bytes().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        parts += b" BODY[HEADER] {%d}\r\n" % len(head) + head
    elif "BODY" in items:
        raw = message.bytes()
        parts += b" BODY[] {%d}\r\n" % len(raw) + raw
    return parts
