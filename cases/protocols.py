"""The contracts between rooms that may not import each other; `bot/wiring` hands the implementations over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from cases.messages import ParsedMessage, RawInbound
from cases.reading import Asked, Fact, Reading, Reply
from cases.types import ActionStatus, Verb


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
    def read_reply(self, text: str, asked: Asked | None = None) -> Reply: ...
    def read_replies(self, texts: Sequence[str]) -> list[Reply]: ...
    def facts(self, text: str) -> tuple[Fact, ...]:
        """The facts of any text by themselves."""
        ...


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
    choices: tuple[tuple[str, str], ...] = ()  # chat: quick replies, (value, words)


@dataclass(frozen=True, slots=True)
class SentProof:
    """What the receiving server said; no personal data in `reply`."""

    reply: str
    raw: bytes | None = field(default=None, repr=False)  # the message as it left, for the copy in Sent


class Sender(Protocol):
    """Gives one message to a channel.

    Raises Temporary (retry), Permanent (a person looks) or Uncertain (broke after the data was sent).
    """

    async def send(self, message: Outgoing) -> SentProof: ...
    async def close(self) -> None: ...


class ActKind(StrEnum):
    """What the desk does in a mailbox that people share; everything else is left as found."""

    MARK = "mark"  # a recognised request: keyword, or the folder Privacyloket, as the settings say
    RETURN = "return"  # "geen privacyverzoek": back in INBOX, unread, without our keyword
    KEEP_SENT = "keep_sent"  # a copy of what we sent into the Sent folder


class ActOutcome(StrEnum):
    DONE = "done"
    GONE = "gone"  # the message is no longer there: a colleague moved or deleted it
    UNSUPPORTED = "unsupported"  # the server keeps no keywords, or has no such folder


@dataclass(frozen=True, slots=True)
class MailboxAct:
    """One act in one mailbox. Idempotent: done again it changes nothing (`message_id` finds a moved message)."""

    id: str
    kind: ActKind
    folder: str = ""  # where the message was seen, with its numbers
    uidvalidity: int = 0
    uid: int = 0
    message_id: str = ""
    raw: bytes | None = None  # KEEP_SENT: what was sent
    stays: bool = False  # MARK: a keyword only; colleagues still have to answer a part of it


@dataclass(frozen=True, slots=True)
class Acted:
    outcome: ActOutcome
    folder: str = ""  # where the message is now


class MailboxActs(Protocol):
    """Acts in one organisation's shared mailbox, over a connection of its own.

    `perform` answers in the order asked. Raises Temporary when the server can not be reached.
    """

    async def perform(self, acts: Sequence[MailboxAct]) -> list[Acted]: ...


@dataclass(frozen=True, slots=True)
class FoundMail:
    """One mail in a mailbox that people share, without its text."""

    key: str  # names it in its mailbox
    folder: str
    day: date | None
    sender: str
    recipients: tuple[str, ...]
    subject: str


class MailSearch(Protocol):
    """Looks for somebody's correspondence in one organisation's mailbox. Raises Temporary when it can not look."""

    async def search(self, addresses: Sequence[str]) -> list[FoundMail]:
        """Mail from or to exactly one of these addresses, in every folder but the bin; nothing is marked as read."""
        ...

    async def erase(self, keys: Sequence[str], *, at_once: bool) -> list[ActOutcome]:
        """Into the bin, or `at_once` for good. Answers in the order asked; done again it is GONE."""
        ...


class SenderLevel(StrEnum):
    """What is known of the sender address. Even `aligned` proves a mailbox at most, never a person."""

    UNCHECKED = "unchecked"  # nobody we trust has looked
    FAILED = "failed"  # checked, and not confirmed: DMARC fails, or nothing aligned passed
    ALIGNED = "aligned"  # SPF or DKIM passed for the domain in From


@dataclass(frozen=True, slots=True)
class SenderEvidence:
    """Shown to staff; raises no assurance and opens no data."""

    level: SenderLevel
    by: str = ""  # "receiver" (its Authentication-Results), "arc" (a named forwarder's seal) or "own" (our own check)
    spf: str = ""  # RFC 8601 results: pass, fail, softfail, neutral, none, temperror, permerror, "" not looked at
    dkim: str = ""
    dmarc: str = ""
    lookalike_of: str = ""  # a domain the organisation knows that this one looks like


class Authenticate(Protocol):
    """Judges a sender address. Never raises; time-limited; may ask DNS."""

    async def __call__(self, message: RawInbound, parsed: ParsedMessage) -> SenderEvidence: ...


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
    identifies: bool = True  # goes when the record is anonymised; False: an amount, a product, a state
    corrects: str = ""  # the fact this column holds (cases.reading.FactKind): how a correction finds its column
    opinion: bool = False  # an impression or conclusion: art. 16 gives a statement beside it, no change
    about: str = ""  # "person" whom the record is of, "other": somebody else, "colleague" who did the work; or not said


@dataclass(frozen=True, slots=True)
class TableInfo:
    name: str
    label: str
    role: SourceRole
    fields: tuple[FieldInfo, ...]
    can: frozenset[Verb] = frozenset()  # what the source can do to its records; empty: only look
    issued: bool = False  # documents that were sent (invoices): never rewritten, put right by a new one
    login: bool = False  # these columns open an account: a change is proven on the old address


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who looks after a system that is kept by hand, and what that person does there, step by step."""

    address: str  # e-mail; "" when staff do it themselves
    deputy: str = ""  # asked when nothing came by the due date
    days: int = 5  # calendar days to answer in
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # "find" or a Verb → steps, in Dutch


@dataclass(frozen=True, slots=True)
class SourceInfo:
    name: str
    label: str
    tables: tuple[TableInfo, ...]
    by_hand: bool = False  # a person does what is asked: answers come later, through a task page
    keeper: Keeper | None = None  # of a system kept by hand
    recipient: str = ""  # the policy's recipient whose system this is (art. 19: told by the change itself)


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
    keys: tuple[str, ...] = ()  # one per row: names the record in its system; () when it has no names
    days: tuple[date | None, ...] = ()  # one per row: the day its term counts from


@dataclass(frozen=True, slots=True)
class Found:
    """What one source answered."""

    source: str
    status: FindStatus
    tables: tuple[FoundTable, ...] = ()
    used: tuple[Identifier, ...] = ()  # identifiers searched with, those found on the way included
    error: str = ""  # for staff; no personal data
    # "customer": "running" or "former"; "customer_until": ISO date; "open_invoices": their total, when there are any
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One change in one system, as staff approved it. Doing it again with the same `id` changes nothing more."""

    id: str
    verb: Verb
    table: str = ""
    keys: tuple[str, ...] = ()  # records (`FoundTable.keys`)
    values: Mapping[str, Value] = field(default_factory=dict)  # CORRECT: column → new value
    expected: Mapping[str, Value] = field(default_factory=dict)  # CORRECT: what stands there now, else CONFLICT
    columns: tuple[str, ...] = ()  # ANONYMISE: which fields go
    identifiers: tuple[Identifier, ...] = ()  # OPT_OUT: of whom
    channels: tuple[str, ...] = ()  # OPT_OUT: cases.policy.AdChannel; () is all of them


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a change. `records` counts what is now as asked; `previous` lets a correction be undone."""

    id: str
    status: ActionStatus
    records: int = 0
    error: str = ""  # for staff; no personal data
    previous: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # key → column → value before


class DataSource(Protocol):
    """One of the organisation's own systems. Time-limited; reports failure instead of raising."""

    @property
    def name(self) -> str: ...
    def describe(self) -> SourceInfo: ...
    async def find(self, identifiers: Sequence[Identifier]) -> Found: ...
    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        """E-mail addresses on file for an identifier somebody named; raises OutsideError when it can not look."""
        ...

    def answered(self, answer: Mapping[str, Any]) -> Found:
        """What a person found in a system kept by hand (a task page). RuleError for a source that answers itself."""
        ...

    async def change(self, change: Change) -> Changed:
        """Carries out one change, idempotent by its id. A change outside `TableInfo.can` is FAILED, never skipped."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """One record with an e-mail address, as a walk through a whole system finds it."""

    table: str
    key: str  # "" where its system gives records no names
    address: str
    open_for: frozenset[str] = frozenset()  # cases.policy.AdChannel: advertising that its opt-out does not stop yet


@runtime_checkable
class Readable(Protocol):
    """A `DataSource` whose records can be looked at by their keys."""

    async def records(self, table: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Value]]:
        """Key → column → value, of those that stand; what anonymising left in a field is None. Raises OutsideError."""
        ...


@runtime_checkable
class Walkable(Protocol):
    """A `DataSource` whose records can all be looked at, one after the other."""

    async def listed(self, wanted: Callable[[str], bool]) -> list[Listed]:
        """Those with an address that is wanted: asked in a thread, of every address there is. Raises OutsideError."""
        ...


@runtime_checkable
class KeepsCopies(Protocol):
    """A `DataSource` that lays aside what it changes or erases, for some days."""

    async def forget_copies(self) -> int:
        """Removes what has lain there long enough; gives how many. Raises OutsideError."""
        ...


class Threads(Protocol):
    """Secrets by which a reply finds its conversation. A match is never a proof of identity."""

    def reply_address(self, organisation: str, mailbox: str, conversation_id: str) -> str: ...
    def conversation_of(self, organisation: str, addresses: Sequence[str]) -> str | None: ...
    def message_id(self, organisation: str, mailbox: str, outbox_id: str) -> str: ...
    def bounced(self, organisation: str, addresses: Sequence[str]) -> str | None:
        """The outbox row that a bounce names by the address it was sent to (VERP)."""
        ...
