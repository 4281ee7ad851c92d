"""The shadow desk: the real steps on messages that came from elsewhere, with nothing that could leave or stay.

Accept and process run on a database in a temporary folder, under a root key that is never written down, without
senders, mailboxes, sources or DNS. Each message is handled at its own time of receipt, in the order it comes in, so
that conversations, second copies and the limits on automatic mail count as they would have.

Messages are read ahead in groups. Of a group those that nothing can come of go through the step together, every other
one goes alone: the outcome never depends on how messages were grouped. Not here: the command (`bot/replay`), where
messages come from (`bot/replay_sources`).
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.config import Settings
from bot.replay_sources import Found
from bot.wiring import build_desk, close, make_accept, prepare_organisations
from cases.context import Context, system_clock
from cases.messages import ParsedMessage, RawInbound
from cases.protocols import Normalise, Reader
from cases.reading import Asked, Certainty, Fact, Reading, Reply
from cases.types import (
    AUTOMATIC,
    ChannelKind,
    ChannelMode,
    Custody,
    InboundOutcome,
    InboundStatus,
    Label,
    OutboxStatus,
)
from intake.email.headers import peek_message_id
from storage import migrate
from storage.keys import Keyring
from storage.models import Inbound, Message, Outbox, Request, table
from storage.unit import Reads, Store, Unit
from workflow import process
from workflow.desk import Desk

BATCH = 32
_TRIES = 12  # more than the step itself makes before it sets a message aside
_AGAIN = timedelta(seconds=31)  # a message that failed is tried again after half a minute
_LATER = timedelta(days=1)  # in a source that is not in order of time: what was "sent" so much later does not count


@dataclass(frozen=True, slots=True)
class Became:
    """What would have become of one message. The last fields are empty when it could not be read."""

    found: Found
    outcome: InboundOutcome
    error: str  # a short code when it was set aside
    opened: tuple[Label, ...]  # requests of a new case
    mail: tuple[str, str] | None  # kind and recipient of the automatic answer
    parsed: ParsedMessage | None
    reading: Reading | None
    words: str


@dataclass(slots=True)
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def shadow_desk(settings: Settings, reader: Reader) -> AsyncIterator[Shadow]:
    """For the first organisation of the settings."""
    with tempfile.TemporaryDirectory(prefix="privacyloket-replay-") as name:
        folder, clock = Path(name), _Clock(system_clock())
        mine = replace(
            settings.organisations[0], starts=ChannelMode.ON, imap=None, oauth=None, sender_check=None, sources=(),
            forward_to="",
        )  # fmt: skip
        settings = replace(settings, folder=folder, door=None, tray=folder / "tray", organisations=(mine,))
        store = Store(f"sqlite:///{folder / 'replay.db'}", Keyring(secrets.token_bytes(32)), Context(clock=clock))
        migrate.upgrade(store)
        _hurry(store)
        store.write_here(lambda unit: prepare_organisations(unit, settings))
        desk = build_desk(settings, store, lambda: reader)
        try:
            yield Shadow(replace(desk, senders={}, mailboxes={}, authenticate=None), mine.key, clock, reader)
        finally:
            await close(desk)


def _hurry(store: Store) -> None:
    """Nothing here has to outlive a power cut. SQLite's one writing connection is used again and again."""
    with store.write_engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA synchronous=OFF")


# --- reading ahead ----------------------------------------------------------------------------------------------------


class _Ahead:
    """Normaliser and reader in one that remember what they read: a message is understood once."""

    def __init__(self, normalise: Normalise, reader: Reader) -> None:
        self._normalise, self._reader = normalise, reader
        self.version = reader.version
        self.last: tuple[str, Reading] | None = None  # the words that were read last, and what they say
        self._parsed: dict[bytes, ParsedMessage] = {}
        self._readings: dict[tuple[str, str], Reading] = {}

    def forget(self) -> None:
        self._parsed.clear()
        self._readings.clear()

    def normalise(self, message: RawInbound) -> ParsedMessage:
        if message.raw not in self._parsed:
            self._parsed[message.raw] = self._normalise(message)
        return self._parsed[message.raw]

    def read(self, subject: str, own_words: str) -> Reading:
        key = subject, own_words
        if key not in self._readings:
            self._readings[key] = self._reader.read(subject, own_words)
        self.last = own_words, self._readings[key]
        return self._readings[key]

    def read_many(self, texts: Sequence[tuple[str, str]]) -> list[Reading]:
        return [self.read(subject, own_words) for subject, own_words in texts]

    def read_reply(self, text: str, asked: Asked | None = None) -> Reply:
        return self._reader.read_reply(text, asked)

    def read_replies(self, texts: Sequence[str]) -> list[Reply]:
        return self._reader.read_replies(texts)

    def facts(self, text: str) -> tuple[Fact, ...]:
        return self._reader.facts(text)


@dataclass(frozen=True, slots=True)
class _Item:
    found: Found
    raw: RawInbound
    parsed: ParsedMessage | None  # None when it can not be read
    reading: Reading | None


def _in_groups(items: Sequence[_Item], spoken: set[str]) -> Iterator[list[_Item]]:
    """What surely gets no answer and opens nothing goes together, in order, second copies apart.

    `spoken`: addresses that may have a conversation here; their mail is never such.
    """
    group: list[_Item] = []
    for item in items:
        together = _quiet(item, spoken) and all(not _same(item, other) for other in group)
        if not together and group:
            yield group
            group = []
        if _quiet(item, spoken):
            group.append(item)
            continue
        spoken.update(_senders(item))
        yield [item]
    if group:
        yield group


def _quiet(item: _Item, spoken: set[str]) -> bool:
    if item.parsed is None or item.reading is None or item.parsed.forwarded is not None:
        return False
    nothing = item.reading.certainty is Certainty.CERTAIN and item.reading.labels == (Label.OVERIG,)
    return (nothing or item.parsed.machine is not None) and item.parsed.from_address not in spoken


def _same(one: _Item, other: _Item) -> bool:
    assert one.parsed is not None and other.parsed is not None
    return one.parsed.content_digest == other.parsed.content_digest


def _senders(item: _Item) -> Iterator[str]:
    if item.parsed is not None:
        yield item.parsed.from_address
        if item.parsed.forwarded is not None:
            yield item.parsed.forwarded.from_address


# --- one after the other ----------------------------------------------------------------------------------------------


class Shadow:
    """Takes messages through the desk; what it remembers of them is bounded."""

    def __init__(self, desk: Desk, organisation: str, clock: _Clock, reader: Reader) -> None:
        self._ahead = _Ahead(desk.normalise, reader)
        self._desk = replace(desk, normalise=self._ahead.normalise, reader=lambda: self._ahead)
        self._organisation, self._clock = organisation, clock
        self._accept = make_accept(self._desk)
        self._spoken: set[str] = set()
        self._latest_mail: datetime | None = None

    async def run(self, messages: Iterable[Found], *, batch: int = BATCH) -> AsyncIterator[Became]:
        """In order. What a message became comes out before the next group is taken in."""
        source = iter(messages)
        while taken := list(islice(source, batch)):
            for group in _in_groups(await self._desk.in_thread(self._understand, taken), self._spoken):
                for became in await self._step(group):
                    yield became
            self._ahead.forget()

    def _understand(self, taken: Sequence[Found]) -> list[_Item]:
        return [self._understood(found) for found in taken]

    def _understood(self, found: Found) -> _Item:
        mailbox = self._desk.organisation(self._organisation).mailbox
        raw = RawInbound(
            organisation=self._organisation, channel=ChannelKind.EMAIL, account=mailbox, raw=found.raw,
            received_at=found.received_at, custody=Custody.GUEST, message_id=peek_message_id(found.raw),
        )  # fmt: skip
        try:
            parsed = self._ahead.normalise(raw)
            return _Item(found, raw, parsed, self._ahead.read(parsed.subject, parsed.own_words))
        except Exception:  # whatever it is, the step meets it again and sets the message aside
            return _Item(found, raw, None, None)

    async def _step(self, group: Sequence[_Item]) -> list[Became]:
        await self._go_to(group[0].raw.received_at)
        self._ahead.last = None
        stored = [await self._accept(item.raw) for item in group]
        ids = [one.inbound_id for one in stored]
        for _ in range(_TRIES):
            await process.run_once(self._desk)
            if not await self._desk.store.read(lambda reads: _waiting(reads, ids)):
                break
            self._clock.now += _AGAIN
        outcomes, opened, mail = await self._desk.store.read(lambda reads: _look(reads, ids))
        if mail is not None:
            self._latest_mail = max(self._clock.now, self._latest_mail or self._clock.now)
            await self._desk.store.write(_left)
        made = []
        for item, one in zip(group, stored, strict=True):
            outcome, error = outcomes[one.inbound_id]
            if one.duplicate and outcome is not InboundOutcome.QUARANTINE:
                made.append(self._became(item, InboundOutcome.DUPLICATE, "", (), None))
            else:
                made.append(self._became(item, outcome, error, opened.get(one.inbound_id, ()), mail))
        return made

    def _became(
        self, item: _Item, outcome: InboundOutcome, error: str, opened: tuple[Label, ...], mail: tuple[str, str] | None
    ) -> Became:
        """Of what a colleague forwarded, the words inside are what was read."""
        words, reading = item.parsed.own_words if item.parsed is not None else "", item.reading
        if self._ahead.last is not None and item.parsed is not None and item.parsed.forwarded is not None:
            words, reading = self._ahead.last
        return Became(item.found, outcome, error, opened, mail, item.parsed, reading, words)

    async def _go_to(self, moment: datetime) -> None:
        """Mail that was answered much later must not use up the limits of now."""
        self._clock.now = moment
        if self._latest_mail is not None and self._latest_mail > moment + _LATER:
            await self._desk.store.write(lambda unit: _uncount(unit, moment + _LATER))
            self._latest_mail = None


def _waiting(reads: Reads, ids: Sequence[str]) -> bool:
    rows = table(Inbound)
    query = select(rows.c.id).where(rows.c.id.in_(ids), rows.c.status == InboundStatus.STORED.value)
    return reads.one(query) is not None


def _look(
    reads: Reads, ids: Sequence[str]
) -> tuple[dict[str, tuple[InboundOutcome, str]], dict[str, tuple[Label, ...]], tuple[str, str] | None]:
    """Inbound id → outcome and error, inbound id → what a new case was opened for, and the mail that waits."""
    rows, messages, requests, outbox = table(Inbound), table(Message), table(Request), table(Outbox)
    found = reads.rows(select(rows.c.id, rows.c.outcome, rows.c.error).where(rows.c.id.in_(ids)))
    outcomes = {row.id: (InboundOutcome(row.outcome or InboundOutcome.QUARANTINE), str(row.error)) for row in found}
    cases = [row_id for row_id, (outcome, _) in outcomes.items() if outcome is InboundOutcome.CASE]
    opened: dict[str, tuple[Label, ...]] = {}
    if cases:
        query = select(messages.c.inbound_id, requests.c.label).join(requests, requests.c.case_id == messages.c.case_id)
        named = {(row.inbound_id, row.label) for row in reads.rows(query.where(messages.c.inbound_id.in_(cases)))}
        opened = {row_id: tuple(label for label in Label if (row_id, label.value) in named) for row_id in cases}
    kinds = [kind.value for kind in AUTOMATIC]
    waits = outbox.c.status == OutboxStatus.QUEUED.value
    mail = reads.one(
        select(outbox.c.id, outbox.c.kind, outbox.c.recipient, outbox.c.data_key_id)
        .where(waits, outbox.c.kind.in_(kinds))
        .order_by(outbox.c.created_at.desc())
    )
    if mail is None:
        return outcomes, opened, None
    sealer = reads.keys.data(reads, mail.data_key_id)
    return outcomes, opened, (mail.kind, sealer.open_text(mail.recipient, f"outbox.recipient:{mail.id}"))


def _left(unit: Unit) -> None:
    """From here on the mail counts as sent, as it would have."""
    rows = table(Outbox)
    unit.execute(rows.update().where(rows.c.status == OutboxStatus.QUEUED.value).values(status=OutboxStatus.SENT.value))


def _uncount(unit: Unit, after: datetime) -> None:
    rows = table(Outbox)
    unit.execute(rows.update().where(rows.c.created_at > after).values(unasked=False))
