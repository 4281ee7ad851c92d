"""Hand-over 1 to the case: claim stored messages, understand them, settle what they become.

claim    one short transaction: lease, attempt + 1, the raw bytes opened
work     no transaction open: take apart, read, look up what is known, decide, write the answer
settle   one short transaction for the whole batch; if it breaks, each message alone. Unreadable: set aside
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import Row

from cases.audit import PROGRAM, AuditTag
from cases.chat_dialogue import WISH, asked
from cases.chat_dialogue import decide as decide_chat
from cases.dialogue import Known, Turn, decide
from cases.errors import InputError, LoketError, Stale, place_of
from cases.identity import CASE_NUMBER
from cases.messages import ChatMessage, ParsedMessage, RawInbound, chat_message
from cases.origins import as_found, forwarded_turn
from cases.protocols import Reader, SenderEvidence, SenderLevel
from cases.reading import Certainty, Flag, Reading, Reply
from cases.types import ChannelKind, Custody, InboundOutcome, InboundStatus, Label, Origin, WorkKind
from storage.claims import RELEASED, claim
from storage.models import Inbound, table
from storage.queries import ledger
from storage.queries.counters import Counts
from storage.queries.inbound import AGAIN, copies_settled, keyed_digest, raw_of
from storage.queries.snapshots import Snapshot, Wanted, load
from storage.unit import Reads, Unit
from workflow import breach, colleague, forwards, mailbox
from workflow.answering import Answer, answer
from workflow.desk import Desk
from workflow.opening import index_kind
from workflow.quarantine import STALE, set_aside
from workflow.settling import settle_turn

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


async def run_once(desk: Desk) -> int:
    """One batch; gives the number of messages that were taken."""
    token, items = await desk.store.write(lambda unit: _claim(unit, desk))
    if not items:
        return 0
    await desk.in_thread(_understand, desk, items)
    later: dict[str, int] = {}
    readable = [item for item in items if item.parsed is not None]
    if readable:
        await _authenticate(desk, readable)
        wanted = [_wanted(desk, item) for item in readable]
        snapshots, counts = await desk.store.read(lambda reads: _look_up(reads, desk, readable, wanted))
        for item, snapshot in zip(readable, snapshots, strict=True):
            item.snapshot = snapshot
        later = _later(readable)
        items = [item for item in items if item.row.id not in later]
        await desk.in_thread(_decide, desk, [item for item in readable if item.row.id not in later], counts)
        if later:
            await desk.store.write(lambda unit: _put_back(unit, token, later))
    await _settle_all(desk, token, items)
    return len(items) + len(later)


def _later(items: Sequence[Item]) -> dict[str, int]:
    """Messages that must see what became of an earlier one of this batch: of the same conversation or sender.

    Two of them decided on one snapshot would open two cases, or make each other stale. Gives inbound id → attempts.
    """
    taken: set[tuple[str, str]] = set()
    later: dict[str, int] = {}
    for item in items:
        thread = item.snapshot.thread
        handles = {(item.row.organisation_id, item.address_index)}
        if thread is not None:
            handles.add((item.row.organisation_id, thread.id))
        if handles & taken:
            later[item.row.id] = item.row.attempts
        elif thread is not None or item.chat is not None or _may_ask(item):
            taken |= handles
    return later


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


def _understand(desk: Desk, items: Sequence[Item]) -> None:
    reader = desk.reader()
    for item in items:
        if item.raw is None:
            continue
        try:
            item.parsed = desk.normalise(item.raw)
            item.chat = chat_message(item.raw.raw) if item.raw.channel is not ChannelKind.EMAIL else None
            _open_forward(desk, item)
            _read(reader, item)
        except InputError as error:
            item.parsed, item.failure = None, error.code
        except Exception as error:  # whatever a message does to us, it must not take others with it
            log.error("a message could not be understood: %s", place_of(error), extra={"inbound": item.row.id})
            item.parsed, item.failure = None, type(error).__name__


def _open_forward(desk: Desk, item: Item) -> None:
    """What a colleague forwards is read as the mail inside."""
    parsed = item.parsed
    assert parsed is not None
    inside = forwards.opened(desk, item.row.organisation_id, parsed)
    if inside is not None:
        item.outer, item.parsed = parsed, inside


async def _authenticate(desk: Desk, items: Sequence[Item]) -> None:
    """Evidence about the senders of what may become a case; it is shown to staff and opens nothing."""
    check = desk.authenticate
    if check is None:
        return
    asking = [item for item in items if _may_ask(item)]
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


def _may_ask(item: Item) -> bool:
    if item.reading is None or item.raw is None or item.parsed is None or item.raw.channel is not ChannelKind.EMAIL:
        return False
    nothing = item.reading.certainty is Certainty.CERTAIN and item.reading.labels == (Label.OVERIG,)
    return item.parsed.machine is None and item.raw.origin is not Origin.SENT and not nothing


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


def _read(reader: Reader, item: Item) -> None:
    parsed = item.parsed
    assert parsed is not None
    ours = CASE_NUMBER.search(parsed.subject) and _ANSWER.match(parsed.subject)  # not what the sender says
    subject = "" if ours else parsed.subject
    item.reading = reader.read(subject, parsed.own_words)
    wished = tuple(label for label in Label if f"{WISH}{label.value}" in parsed.flags)
    if wished:  # ticked in our form: nothing has to be guessed
        sure = dict.fromkeys(wished, 1.0)
        item.reading = replace(item.reading, labels=wished, certainty=Certainty.CERTAIN, probabilities=sure)
    item.reply = reader.read_reply(parsed.own_words)


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
        if item.turn.outcome in (InboundOutcome.CASE, InboundOutcome.FOLLOW_UP):
            mailbox.mark(unit, desk, item.row, stays=Flag.ALSO_OTHER in item.reading.flags)
        _done(unit, token, item)


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
