"""Messages as values: what a channel hands in, and what the reader is given.

The raw bytes are the truth; everything here is derived from them and can be derived again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from cases.errors import InputError
from cases.types import ChannelKind, Custody, MachineKind, Origin


@dataclass(frozen=True, slots=True)
class RawInbound:
    """One message as a channel receives it, before anybody has looked inside."""

    organisation: str  # organisation key, e.g. "whatnext"
    channel: ChannelKind
    account: str  # mailbox address, bot name, web chat key
    raw: bytes
    received_at: datetime  # aware; the earliest moment one of our systems had it
    custody: Custody
    external_id: str | None = None  # update_id, webhook id; mail is keyed by Message-ID and digest
    message_id: str | None = None  # RFC 5322 Message-ID, as written, blanks trimmed
    envelope_from: str | None = None  # RFC 5321 reverse-path; "" is the null sender
    envelope_to: tuple[str, ...] = ()
    peer_ip: str = ""  # who delivered to our own door, "" elsewhere
    helo: str = ""
    folder: str | None = None  # IMAP only
    uidvalidity: int | None = None
    uid: int | None = None
    origin: Origin = Origin.INBOX


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str  # made safe; never used as a path
    media_type: str
    size: int  # bytes, decoded


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail inside a mail, as somebody passed it on. Who wrote it is what the text says: unverified."""

    from_name: str
    from_address: str  # lower-cased, "" when the text names none
    date_text: str  # as written there, in the zone and language of whoever forwarded
    subject: str
    own_words: str  # of the original writer; never empty when anything was forwarded


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message taken apart. Every field may be empty: nothing here is checked, From is a claim."""

    subject: str
    from_name: str
    from_address: str  # lower-cased, "" when there is none
    reply_to: str  # "" when there is none
    to: tuple[str, ...]  # every recipient address seen in headers and envelope
    message_id: str  # with angle brackets; "" when there is none
    references: tuple[str, ...]  # newest first: In-Reply-To, then References from the end
    date_header: datetime | None
    text: str  # the full visible text
    own_words: str  # without quotes, signature, disclaimer; never empty when `text` is not
    quoted: str  # what was cut from the end or between
    attachments: tuple[Attachment, ...]
    machine: MachineKind | None  # judged by intake/guards
    auto_suppressed: bool  # the sender asks for no automatic answers
    content_digest: bytes  # over From, Date, Message-ID, subject, decoded text: joins copies by two paths
    # "forward", "encrypted", "smime", "pgp", "signed", "winmail", "calendar", "out_of_office", "attachment_only",
    # "empty", "html_only", "truncated", "several_from"
    flags: frozenset[str] = frozenset()
    headers: dict[str, str] = field(default_factory=dict)  # a few, decoded, for staff
    bounced_ids: tuple[str, ...] = ()  # bounce: Message-IDs of ours named inside
    bounce_permanent: bool = False  # bounce: 5.x.x "failed"
    forwarded: Forwarded | None = None


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A file that came in a chat; its bytes stay with the channel until somebody asks for them."""

    name: str
    media_type: str
    size: int
    file_id: str = ""  # how the channel names it


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One chat message in the one shape all chat channels hand in; `RawInbound.raw` is this as JSON."""

    sender: str  # the channel's own name of the person or chat: chat id, contact id, conversation key
    text: str
    message_id: str  # unique in its chat
    name: str = ""  # as the channel shows it: a claim
    choice: str = ""  # the value of the quick reply that was pressed
    edits: str = ""  # message_id of the earlier message that this one replaces
    language: str = ""  # of the page or app, "nl" or "en"
    files: tuple[ChatFile, ...] = ()
    vouched: tuple[tuple[str, str], ...] = ()  # (identifier kind, value) that the organisation's own portal signed

    def to_raw(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def chat_message(raw: bytes) -> ChatMessage:
    """The chat message in stored bytes; InputError `unreadable` when it is none."""
    try:
        table = json.loads(raw)
        files = tuple(ChatFile(**one) for one in table.pop("files", ()))
        vouched = tuple((str(kind), str(value)) for kind, value in table.pop("vouched", ()))
        return ChatMessage(**table, files=files, vouched=vouched)
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError("unreadable") from error


def as_kept(parsed: ParsedMessage) -> dict[str, Any]:
    """A message as the conversation keeps and shows it; what the reader made of it is added where it was read."""
    return {
        "subject": parsed.subject, "text": parsed.own_words, "quoted": parsed.quoted, "from_name": parsed.from_name,
        "from_address": parsed.from_address, "evidence": {}, "flags": [], "facts": [], "changes": [],
        "attachments": [{"name": a.name, "type": a.media_type, "size": a.size} for a in parsed.attachments],
    }  # fmt: skip


def taken_apart(normalise: Callable[[RawInbound], ParsedMessage], message: RawInbound) -> ParsedMessage | str:
    """Its parts, or the code of what makes it unusable."""
    try:
        return normalise(message)
    except InputError as error:
        return error.code
