"""The contracts between rooms that may not import each other; `bot/wiring` hands the implementations over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from cases.messages import ParsedMessage, RawInbound
from cases.reading import Reading, Reply


class Accepted(Protocol):
    """What the one door answers: the stored row, or the row that was there already."""

    @property
    def inbound_id(self) -> str: ...
    @property
    def duplicate(self) -> bool: ...


class Accept(Protocol):
    """Stores raw messages durably; returns only after the commit.

    Raises Temporary when the store is down or the disk is full: the channel must then not acknowledge.
    """

    async def __call__(self, message: RawInbound) -> Accepted: ...


class Normalise(Protocol):
    """Takes a raw message apart. Never raises for bad input except InputError("unreadable")."""

    def __call__(self, message: RawInbound) -> ParsedMessage: ...


class Reader(Protocol):
    """Reads Dutch. CPU work: called in a worker thread, never inside a write unit."""

    @property
    def version(self) -> str: ...
    def read(self, subject: str, own_words: str) -> Reading: ...
    def read_many(self, texts: Sequence[tuple[str, str]]) -> list[Reading]: ...
    def read_reply(self, text: str) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one recipient, ready to be given to a channel."""

    outbox_id: str
    organisation: str
    account: str  # the mailbox that sends
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str  # made before sending, the same on every try
    in_reply_to: str
    references: tuple[str, ...]
    automatic: bool  # Auto-Submitted and X-Auto-Response-Suppress are set
    reply_to: str = ""
    raw: bytes | None = None  # forwarded mail leaves unchanged
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentProof:
    """What the receiving server said; no personal data."""

    reply: str


class Sender(Protocol):
    """Gives one message to a channel.

    Raises Temporary (retry), Permanent (a person looks) or Uncertain (broke after the data was sent).
    """

    async def send(self, message: Outgoing) -> SentProof: ...
    async def close(self) -> None: ...


class SourceRole(StrEnum):
    CONTROLLER = "controller"
    PROCESSOR = "processor"  # somebody else's data: handlers can not ask these


class FindStatus(StrEnum):
    FOUND = "found"
    NOTHING = "nothing"
    FAILED = "failed"  # never the same as nothing


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One column, tied to the policy by its category."""

    name: str
    label: str  # Dutch, for the person
    category: str  # key of a policy category
    secret: bool = False  # shown as "aanwezig, niet getoond"; a source hands over True or False: is there one?
    mask: str = ""  # "iban": last four characters


@dataclass(frozen=True, slots=True)
class TableInfo:
    name: str
    label: str
    role: SourceRole
    fields: tuple[FieldInfo, ...]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    name: str
    label: str
    tables: tuple[TableInfo, ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """A proven or given handle to find a person by. `proven` says whether it may open data."""

    kind: str  # "email", "customer_number", "domain", "phone", "invoice_number"
    value: str
    proven: bool


Value = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class FoundTable:
    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What one source answered."""

    source: str
    status: FindStatus
    tables: tuple[FoundTable, ...] = ()
    used: tuple[Identifier, ...] = ()  # identifiers searched with, those found on the way included
    error: str = ""  # for staff; no personal data
    facts: Mapping[str, str] = field(default_factory=dict)


class DataSource(Protocol):
    """One of the organisation's own systems. Time-limited; reports failure instead of raising."""

    @property
    def name(self) -> str: ...
    def describe(self) -> SourceInfo: ...
    async def find(self, identifiers: Sequence[Identifier]) -> Found: ...
    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        """E-mail addresses on file for an identifier somebody named; raises OutsideError when it can not look."""
        ...

    async def close(self) -> None: ...


class Threads(Protocol):
    """Secrets by which a reply finds its conversation. A match is never a proof of identity."""

    def reply_address(self, organisation: str, mailbox: str, conversation_id: str) -> str: ...
    def conversation_of(self, organisation: str, addresses: Sequence[str]) -> str | None: ...
    def message_id(self, organisation: str, mailbox: str, outbox_id: str) -> str: ...
