"""What a stored message says: taken apart, read, its sender looked at. No transaction is open, nothing is decided.

The step it belongs to is `process`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row

from cases.chat_dialogue import WISH
from cases.dialogue import Turn
from cases.errors import OutsideError, place_of
from cases.identity import CASE_NUMBER
from cases.messages import ChatMessage, ParsedMessage, RawInbound, chat_message, taken_apart
from cases.protocols import Reader, SenderEvidence, SenderLevel
from cases.reading import Certainty, Reading, Reply, careful
from cases.types import ChannelKind, Label, Origin
from storage.queries.snapshots import Snapshot
from workflow import colleague, forwards
from workflow.answering import Answer
from workflow.desk import Desk

log = logging.getLogger(__name__)
_ANSWER = re.compile(r"\s*(?:re|antw|antwoord|aw)\s*:", re.I)
CHECK_SECONDS = 20.0  # for the senders of one batch; who is late is "unchecked"


@dataclass(slots=True)
class Item:
    """One message on its way through the step."""

    row: Row[Any]
    raw: RawInbound | None  # None when the stored bytes do not open
    parsed: ParsedMessage | None = None
    reading: Reading | None = None
    reply: Reply | None = None
    chat: ChatMessage | None = None  # the same message as the channel handed it in, where that is a chat
    snapshot: Snapshot = field(default_factory=lambda: Snapshot(None, None, None))
    content_digest: str = ""
    address_index: str = ""
    turn: Turn | None = None
    answer: Answer | None = None
    outer: ParsedMessage | None = None  # the mail of a colleague who passed on the one that is read
    sender: SenderEvidence | None = None
    would: Turn | None = None  # what a channel that only looks would have done
    colleague: colleague.Found | None = None  # of a message that we wrote ourselves
    old: bool = False  # dragged, but received before the desk was there
    failure: str = ""


def understand(desk: Desk, items: Sequence[Item]) -> None:
    """Taken apart, then read."""
    reader = desk.reader()
    _together([item for item in items if item.raw is not None], lambda part: _take_apart(desk, part))
    _together([item for item in items if item.parsed is not None], lambda part: _read(reader, part))


def _together(items: Sequence[Item], work: Callable[[Sequence[Item]], None]) -> None:
    """All at once; if that breaks, each alone: whatever a message does to us, it must not take others with it."""
    if not items:
        return
    try:
        work(items)
    except OutsideError:
        raise  # there is no reader: no message is to blame
    except Exception:
        for item in items:
            try:
                work([item])
            except OutsideError:
                raise
            except Exception as error:
                log.error("a message could not be understood: %s", place_of(error), extra={"inbound": item.row.id})
                item.parsed, item.failure = None, type(error).__name__


def _take_apart(desk: Desk, items: Sequence[Item]) -> None:
    raws = [item.raw for item in items if item.raw is not None]
    parts = desk.apart(raws) if desk.apart is not None else [taken_apart(desk.normalise, raw) for raw in raws]
    for item, raw, found in zip(items, raws, parts, strict=True):
        if isinstance(found, str):
            item.failure = found
            continue
        item.parsed = found
        item.chat = chat_message(raw.raw) if raw.channel is not ChannelKind.EMAIL else None
        _open_forward(desk, item)


def _open_forward(desk: Desk, item: Item) -> None:
    """What a colleague forwards is read as the mail inside."""
    parsed = item.parsed
    assert parsed is not None
    inside = forwards.opened(desk, item.row.organisation_id, parsed)
    if inside is not None:
        item.outer, item.parsed = parsed, inside


async def authenticate(desk: Desk, items: Sequence[Item]) -> None:
    """Evidence about the senders of what may become a case; it is shown to staff and opens nothing."""
    check = desk.authenticate
    if check is None:
        return
    asking = [item for item in items if may_ask(item)]
    checks = {
        item.row.id: asyncio.create_task(check(item.raw, item.outer or item.parsed), name="sender-check")
        for item in asking
        if item.raw is not None and item.parsed is not None
    }
    if checks:  # one limit for all: a slow DNS must not hold up intake
        _, late = await asyncio.wait(checks.values(), timeout=CHECK_SECONDS)
        for task in late:
            task.cancel()
    for item in asking:
        task = checks[item.row.id]
        item.sender = task.result() if task.done() and not task.cancelled() else SenderEvidence(SenderLevel.UNCHECKED)


def may_ask(item: Item) -> bool:
    if item.reading is None or item.raw is None or item.parsed is None or item.raw.channel is not ChannelKind.EMAIL:
        return False
    nothing = item.reading.certainty is Certainty.CERTAIN and item.reading.labels == (Label.OVERIG,)
    return item.parsed.machine is None and item.raw.origin is not Origin.SENT and not nothing


def _read(reader: Reader, items: Sequence[Item]) -> None:
    messages = [item.parsed for item in items if item.parsed is not None]
    readings = reader.read_many([(_own_subject(one), one.own_words) for one in messages])
    replies = reader.read_replies([one.own_words for one in messages])
    for item, parsed, reading, reply in zip(items, messages, readings, replies, strict=True):
        item.reading, item.reply = _as_wished(parsed, careful(reading)), reply


def _as_wished(parsed: ParsedMessage, reading: Reading) -> Reading:
    """What was ticked in our form need not be guessed."""
    wished = tuple(label for label in Label if f"{WISH}{label.value}" in parsed.flags)
    if not wished:
        return reading
    sure = dict.fromkeys(wished, 1.0)
    return replace(reading, labels=wished, certainty=Certainty.CERTAIN, probabilities=sure)


def _own_subject(parsed: ParsedMessage) -> str:
    """What the sender says; not the subject of our own mail that is answered."""
    ours = CASE_NUMBER.search(parsed.subject) and _ANSWER.match(parsed.subject)
    return "" if ours else parsed.subject
