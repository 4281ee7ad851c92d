"""Hand-over 1 to the case: claim stored messages, understand them, settle what they become.

claim    one short transaction: lease, attempt + 1, the raw bytes opened
work     no transaction open: take apart, read, look up what is known, decide, write the answer
settle   one short transaction for the whole batch; if it breaks, each message alone. Unreadable: set aside
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from cases.audit import PROGRAM, AuditTag, requester_actor
from cases.chat_dialogue import asked
from cases.chat_dialogue import decide as decide_chat
from cases.dialogue import Known, Turn, comes_back, decide
from cases.errors import LoketError, Stale, place_of
from cases.identity import CASE_NUMBER
from cases.origins import as_found, forwarded_turn
from cases.reading import Flag
from cases.types import Custody, InboundOutcome, InboundStatus, Origin, WorkKind
from storage.claims import RELEASED, claim
from storage.models import Inbound, table
from storage.queries import ledger
from storage.queries.counters import Counts
from storage.queries.inbound import AGAIN, copies_settled, keyed_digest, raw_of
from storage.queries.snapshots import Snapshot, Wanted, load
from storage.unit import Reads, Unit
from workflow import breach, colleague, mailbox, silence
from workflow.answering import answer
from workflow.desk import Desk
from workflow.opening import index_kind
from workflow.quarantine import STALE, set_aside
from workflow.settling import settle_turn
from workflow.understanding import Item, authenticate, may_ask, understand

log = logging.getLogger(__name__)


TOGETHER = 16  # settled in one transaction: who hands in a mail meanwhile waits for it
Batch = tuple[str, list[Item]]  # the claim token, and what was claimed
# (organisation, conversation or sender) → the first message of theirs that was put back
PutBack = Mapping[tuple[str, str], tuple[datetime, str]]
_NOBODY: PutBack = MappingProxyType({})


async def run_once(desk: Desk) -> int:
    """One batch; gives the number of messages that were taken."""
    taken, _ = await _finish(desk, *await _take(desk), _NOBODY)
    return taken


class Stream:
    """Batch after batch; under load the next one is read while the one before it is decided on and settled."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ahead: asyncio.Task[Batch] | None = None
        self._waiting = _NOBODY  # put back when the next batch was claimed already

    async def step(self) -> int:
        ahead, self._ahead = self._ahead, None
        waiting = self._waiting if ahead is not None else _NOBODY
        token, items = await (ahead or _take(self._desk))
        if len(items) == self._desk.limits.batch:  # more will be waiting
            self._ahead = asyncio.create_task(_take(self._desk), name="process-ahead")
        taken, self._waiting = await _finish(self._desk, token, items, waiting)
        return taken

    async def close(self) -> None:
        """What was taken is brought to its end; its lease would hold it back after a restart."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return
        try:
            await _finish(self._desk, *await ahead, self._waiting)
        except Exception as error:
            log.error("the last batch waits for its lease: %s", place_of(error))


async def _take(desk: Desk) -> Batch:
    """Claimed and understood: up to here no message needs to know what becomes of another."""
    token, items = await desk.store.write(lambda unit: _claim(unit, desk))
    if items:
        await desk.in_thread(understand, desk, items)
    return token, items


async def _finish(desk: Desk, token: str, items: list[Item], waiting: PutBack) -> tuple[int, PutBack]:
    """Gives the number of messages, and what was put back."""
    later, put_back = dict[str, int](), _NOBODY
    readable = [item for item in items if item.parsed is not None]
    if readable:
        await authenticate(desk, readable)
        wanted = [_wanted(desk, item) for item in readable]
        snapshots, counts = await desk.store.read(lambda reads: _look_up(reads, desk, readable, wanted))
        for item, snapshot in zip(readable, snapshots, strict=True):
            item.snapshot = snapshot
        later, put_back = _later(readable, waiting)
        items = [item for item in items if item.row.id not in later]
        await desk.in_thread(_decide, desk, [item for item in readable if item.row.id not in later], counts)
        if later:
            await desk.store.write(lambda unit: _put_back(unit, token, later))
    for start in range(0, len(items), TOGETHER):
        await _settle_all(desk, token, items[start : start + TOGETHER])
    return len(items) + len(later), put_back


def _later(items: Sequence[Item], waiting: PutBack) -> tuple[dict[str, int], PutBack]:
    """Messages that must see what became of an earlier one: of the same conversation or sender, in this batch or put
    back just before it (`waiting`).

    Two of them decided on one snapshot would open two cases, or make each other stale. Gives inbound id → attempts.
    """
    taken = set[tuple[str, str]]()
    later, put_back = dict[str, int](), dict[tuple[str, str], tuple[datetime, str]]()
    for item in items:
        place = item.row.received_at, item.row.id
        thread = item.snapshot.thread
        handles = {(item.row.organisation_id, item.address_index)}
        if thread is not None:
            handles.add((item.row.organisation_id, thread.id))
        if handles & (taken | put_back.keys()) or any(waiting[one] < place for one in handles & waiting.keys()):
            later[item.row.id] = item.row.attempts
            for one in handles:
                put_back.setdefault(one, place)
        elif thread is not None or item.chat is not None or may_ask(item):
            taken |= handles
    return later, put_back


def _put_back(unit: Unit, token: str, later: Mapping[str, int]) -> None:
    """The next step takes them; it was no try."""
    for inbound_id, attempts in later.items():
        unit.change(Inbound, inbound_id, if_={"claim_token": token}, attempts=attempts - 1, **RELEASED)


def _claim(unit: Unit, desk: Desk) -> tuple[str, list[Item]]:
    """Only of organisations that are configured; the rest waits for its configuration to come back."""
    rows = table(Inbound)
    token, taken = claim(
        unit, Inbound, rows.c.status == InboundStatus.STORED.value, rows.c.organisation_id.in_(desk.organisations),
        order=[rows.c.received_at, rows.c.id], limit=desk.limits.batch,
    )  # fmt: skip
    return token, [_opened(unit, row) for row in taken]


def _opened(unit: Unit, row: Row[Any]) -> Item:
    """A row whose seal does not open is set aside; it must not take the batch with it."""
    try:
        return Item(row, raw_of(unit, row))
    except LoketError as error:
        log.error("a stored message does not open: %s", error, extra={"inbound": row.id})
        return Item(row, None, failure="unreadable")


# --- work: no transaction is open ---------------------------------------------------------------------------------


def _look_up(
    reads: Reads, desk: Desk, items: Sequence[Item], wanted: Sequence[Wanted]
) -> tuple[list[Snapshot], Counts]:
    for item in items:
        if item.raw is None or item.parsed is None:
            continue
        if _by_ourselves(desk, item):
            item.colleague = colleague.find(reads, desk, item.row, item.parsed)
        if item.raw.origin is Origin.DRAGGED:
            since = ledger.connected_at(reads, item.row.account, item.raw.folder or "")
            item.old = since is not None and item.row.received_at < since
    return load(reads, wanted)


def _by_ourselves(desk: Desk, item: Item) -> bool:
    """Written from our own mailbox: an answer, whichever folder a copy of it was found in."""
    assert item.raw is not None and item.parsed is not None
    own = item.parsed.from_address == desk.organisation(item.row.organisation_id).mailbox
    return item.raw.origin is Origin.SENT or (own and item.outer is None and item.parsed.machine is None)


def _wanted(desk: Desk, item: Item) -> Wanted:
    parsed, row = item.parsed, item.row
    assert parsed is not None and item.raw is not None
    organisation = row.organisation_id
    key = desk.store.keyring.organisation(organisation).tombstone
    item.content_digest = keyed_digest(key, b"content\x00" + parsed.content_digest)
    item.address_index = desk.index(organisation, index_kind(item.raw.channel), parsed.from_address)
    return Wanted(
        organisation=organisation,
        channel=item.raw.channel,
        account=row.account,
        address_index=item.address_index,
        conversation_id=desk.threads.conversation_of(organisation, (*item.raw.envelope_to, *parsed.to)),
        references=parsed.references,
        content_digest=item.content_digest,
        inbound_id=row.id,
        origin=item.raw.origin,
        case_numbers=tuple(number.upper() for number in CASE_NUMBER.findall(parsed.subject)),
    )


def _decide(desk: Desk, items: Sequence[Item], counts: Counts) -> None:
    """Turns and written answers. Copies inside one batch are found here, older ones by the snapshot."""
    seen: dict[tuple[str, str], str] = {}
    for item in items:
        here = (item.row.organisation_id, item.content_digest)
        first = item.snapshot.duplicate_of or seen.setdefault(here, item.row.id)
        if first != item.row.id:
            item.snapshot = Snapshot(item.snapshot.known, item.snapshot.thread, first)
            item.turn = Turn(InboundOutcome.DUPLICATE)
            continue
        try:
            _decide_one(desk, item, counts)
        except Exception as error:
            log.error("a message could not be decided on: %s", place_of(error), extra={"inbound": item.row.id})
            item.failure = _reason(error)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, LoketError) else type(error).__name__


def _decide_one(desk: Desk, item: Item, counts: Counts) -> None:
    assert item.raw is not None and item.parsed is not None and item.reading is not None and item.reply is not None
    if _by_ourselves(desk, item):
        item.turn = Turn(InboundOutcome.COLLEAGUE if item.colleague is not None else InboundOutcome.NO_REQUEST)
        return
    organisation, origin = desk.organisation(item.row.organisation_id), item.raw.origin
    known: Known | None = item.snapshot.known
    chosen = replace(item.parsed, machine=None) if origin is Origin.DRAGGED else item.parsed  # a person chose it
    if item.chat is not None:
        item.reply = desk.reader().read_reply(item.parsed.own_words, asked(known))
        shared = item.raw.custody is Custody.GUEST
        turn = decide_chat(item.parsed, item.chat, item.reading, item.reply, known, organisation.policy, shared=shared)
    else:
        turn = decide(chosen, item.reading, item.reply, known, organisation.policy)
    forged = item.sender is not None and item.sender.dmarc == "fail"
    if item.outer is not None:
        turn = forwarded_turn(turn, item.reading, forged=forged)
    if not item.parsed.from_address and turn.outcome is InboundOutcome.CASE:
        # nobody to answer: a person finds out who wrote; the clock runs from receipt
        turn = Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))
    item.turn = as_found(
        turn, item.reading, known, organisation.policy, origin, mode=item.snapshot.mode, spam=item.snapshot.spam,
        forged=forged, old=item.old,
    )  # fmt: skip
    item.would = turn if item.turn.outcome is InboundOutcome.WATCHED else None
    item.answer = answer(
        desk, item.row, item.raw, item.parsed, item.reading, item.turn, item.snapshot, counts, item.address_index,
        item.chat,
    )  # fmt: skip


# --- settle ---------------------------------------------------------------------------------------------------------


async def _settle_all(desk: Desk, token: str, items: Sequence[Item]) -> None:
    good, failed = [item for item in items if not item.failure], [item for item in items if item.failure]
    try:
        await asyncio.shield(desk.store.write(lambda unit: _settle(unit, desk, token, good)))
    except Exception as error:
        if len(good) == 1:
            good[0].failure = STALE if isinstance(error, Stale) else _reason(error)
            failed.append(good[0])
        for item in good if len(good) > 1 else ():
            await _settle_all(desk, token, [item])  # sets its own item aside
    if failed:
        with suppress(Stale):  # the claim was lost: another process has them
            await desk.store.write(lambda unit: set_aside(unit, desk, token, [(i.row, i.failure) for i in failed]))
    _wake(desk, good)


def _settle(unit: Unit, desk: Desk, token: str, items: Sequence[Item]) -> None:
    # What a colleague hands in again may have copies: those that were left alone do not count.
    chosen = [item for item in items if item.raw is not None and item.raw.origin not in AGAIN]
    firsts = [item for item in chosen if item.turn is not None and item.turn.outcome is not InboundOutcome.DUPLICATE]
    if copies_settled(unit, [(item.row.organisation_id, item.content_digest) for item in firsts]):
        raise Stale("a copy of a message was settled meanwhile")
    for item in items:
        assert item.raw is not None and item.turn is not None
        assert item.parsed is not None and item.reading is not None
        settle_turn(unit, desk, item.row, item.raw, item.parsed, item.reading, item.turn, item.snapshot, item.answer)
        if Flag.POSSIBLE_BREACH in item.reading.flags and item.turn.outcome in _LOOKED_AT:
            case_id = item.answer.opening.case_id if item.answer is not None and item.answer.opening else None
            breach.noticed(unit, item.row, item.parsed.own_words, case_id)
        if item.colleague is not None:
            colleague.settle(unit, desk, item.row, item.parsed, item.colleague)
        _heard(unit, desk, item)
        if item.turn.outcome in (InboundOutcome.CASE, InboundOutcome.FOLLOW_UP):
            mailbox.mark(unit, desk, item.row, stays=Flag.ALSO_OTHER in item.reading.flags)
        _done(unit, token, item)


def _heard(unit: Unit, desk: Desk, item: Item) -> None:
    """A word of somebody whose request was closed for silence, or was about to be: it goes on."""
    assert item.parsed is not None and item.reading is not None and item.reply is not None
    known, here = item.snapshot.known, item.turn is not None and not item.turn.new_conversation
    if known is None or item.parsed.machine is not None or not here:
        return
    if comes_back(item.reading, item.reply, known):
        talk = known.conversation_id
        silence.heard(unit, desk, talk, item.row.received_at, actor=requester_actor(talk))


def _done(unit: Unit, token: str, item: Item) -> None:
    """The inbound row is finished; of a certain non-request in a shared mailbox our copy is erased here."""
    assert item.turn is not None and item.reading is not None
    outcome, changes = item.turn.outcome, dict(RELEASED)
    if _left_as_found(item):
        changes |= {"raw": None, "envelope": None, "data_key_id": None}
        unit.keys.erase(unit, item.row.data_key_id)
    if outcome is not InboundOutcome.CASE:  # a case has its own chain of entries
        unit.record(
            AuditTag.MESSAGE_JUDGED, organisation=item.row.organisation_id, actor=PROGRAM, subject=item.row.id,
            outcome=outcome.value, erased=_left_as_found(item),
        )  # fmt: skip
    scores = {label.value: round(p, 3) for label, p in item.reading.probabilities.items() if p >= 0.02}
    unit.change_later(
        Inbound, item.row.id, if_={"claim_token": token, "status": InboundStatus.STORED.value},
        status=InboundStatus.DONE.value, outcome=outcome.value, content_digest=item.content_digest,
        linked_to=item.snapshot.duplicate_of if outcome is InboundOutcome.DUPLICATE else None, done_at=unit.now,
        scores={"labels": scores, "certainty": item.reading.certainty.value, "model": item.reading.model_version}
        | _would(item),
        sender=asdict(item.sender) if item.sender is not None else None,
        suggested_case_id=item.snapshot.suggested_case_id,
        **changes,
    )  # fmt: skip


def _would(item: Item) -> dict[str, Any]:
    """What a channel that only looks would have done, for the page that shows it."""
    if (would := item.would) is None:
        return {}
    labels = [label.value for label in would.open]
    return {"would": {"outcome": would.outcome.value, "labels": labels, "mail": would.mail.value}}


_LOOKED_AT = (InboundOutcome.CASE, InboundOutcome.FOLLOW_UP, InboundOutcome.TRIAGE)
_LEFT = (InboundOutcome.NO_REQUEST, InboundOutcome.MACHINE, InboundOutcome.DUPLICATE, InboundOutcome.WATCHED)


def _left_as_found(item: Item) -> bool:
    """Guest custody: the mailbox still has it, and it is nothing for us (or we only look)."""
    assert item.turn is not None
    return item.turn.outcome in _LEFT and item.row.custody == Custody.GUEST.value


def _wake(desk: Desk, items: Sequence[Item]) -> None:
    desk.wake.mailbox.set()
    if any(item.answer is not None and item.answer.post is not None for item in items):
        desk.wake.outbox.set()
    desk.wake.requests.set()
