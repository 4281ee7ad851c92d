"""Art. 34: the people whose data were in a breach are told, each by a letter of their own.

Staff write what art. 34(2) asks and choose whom it is for; that is kept, sealed, with the breach. A look at the letter
as it will leave, and a second click sends it. Nobody is told twice; who came in later is told by clicking again.
Whether a letter left or came back stands on its own row of the outbox. Two years after the breach was closed nobody's
address stands with it any more; what was written, and to how many, stays in the register (art. 33(5)).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.calendar import local_date
from cases.errors import InputError, RuleError, Stale
from cases.letters import Letter, ProcessLetter, missing_process, to_json
from cases.types import ChannelKind, OutboxKind
from handlers.process_letters import BreachFacts, breach_letter
from handlers.refusals import forbidden
from handlers.value_checks import checked
from storage.models import Breach, BreachNotice, Case, Outbox, table
from storage.queries.writing import Post, Route, queue
from storage.unit import Reads, Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import write

MAX_PEOPLE = 20_000
MAX_LIST = 2_000_000  # bytes of an uploaded list
BATCH = 200  # letters written in one transaction
FORGOTTEN = 2_000  # addresses taken out in one transaction


@dataclass(frozen=True, slots=True)
class People:
    """Addresses in the order given, each once; `skipped`: line numbers in which no address was found."""

    addresses: tuple[str, ...]
    skipped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A letter as it stands ready: its facts, whom it is for, and one digest over both."""

    organisation: str
    facts: BreachFacts
    people: People
    told: int  # of these already
    letter: Letter
    digest: str


def people_in(text: str) -> People:
    """The addresses in typed lines or a CSV file: the first field of a line that is one. A heading is no line.

    InputError `too_many`.
    """
    found: dict[str, None] = {}
    skipped = []
    for number, row in enumerate(_lines(text), start=1):
        fields = [field.strip().strip("<>").lower() for field in row]
        address = next((field for field in fields if "@" in field and checked("email", field)), None)
        if address is not None:
            found[address] = None
        elif any(fields) and not (number == 1 and not any("@" in field for field in fields)):
            skipped.append(number)
    if len(found) > MAX_PEOPLE:
        raise InputError("too_many")
    return People(tuple(found), tuple(skipped))


def _lines(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text.replace(";", ",").replace("\t", ","))))
    except csv.Error:
        raise InputError("no_people") from None


def decoded(content: bytes) -> str:
    """A list as programs write it: UTF-8, or what Excel makes of it."""
    if len(content) > MAX_LIST:
        raise InputError("too_many")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


async def keep(
    desk: Desk, staff_id: str, breach_id: str, facts: BreachFacts, people: People, *, requester: bool
) -> int:
    """Keeps the letter, ready to be looked at; gives the number of people. `requester`: the one of the breach's case.

    InputError: `facts_missing`, `no_people`, `in_future`, `never_say`, `not_allowed`.
    """

    def settle(unit: Unit) -> int:
        row = _breach(unit, breach_id)
        may_decide(unit, staff_id, row.organisation_id)
        if facts.happened_on > local_date(unit.now):
            raise InputError("in_future")
        _letter(desk, row, facts)
        own = _requester(unit, row) if requester else ()
        addresses = tuple(dict.fromkeys((*own, *people.addresses)))
        if not addresses:
            raise InputError("no_people")
        said = {name: value for name, value in asdict(facts).items() if name != "reported"}
        kept = {
            "facts": said | {"happened_on": facts.happened_on.isoformat()},
            "people": addresses,
            "skipped": people.skipped,
        }
        sealer = unit.keys.data(unit, row.data_key_id)
        unit.change(
            Breach,
            breach_id,
            letter=sealer.seal_text(json.dumps(kept, ensure_ascii=False), f"breach.letter:{breach_id}"),
        )
        return len(addresses)

    return await desk.store.write(settle)


def planned(reads: Reads, desk: Desk, breach_id: str) -> Planned | None:
    """What stands ready; None while nothing was written."""
    row = _breach(reads, breach_id)
    if row.letter is None:
        return None
    kept = reads.keys.data(reads, row.data_key_id).open_json(row.letter, f"breach.letter:{breach_id}")
    said = kept["facts"] | {"happened_on": date.fromisoformat(kept["facts"]["happened_on"])}
    facts = BreachFacts(**said, reported=row.authority_told_at is not None)
    people = People(tuple(kept["people"]), tuple(kept["skipped"]))
    letter = _letter(desk, row, facts)
    digest = hashlib.sha256("\x00".join((to_json(letter), *people.addresses)).encode()).hexdigest()
    told = len(_told(reads, breach_id) & {desk.index(row.organisation_id, "email", one) for one in people.addresses})
    return Planned(row.organisation_id, facts, people, told, letter, digest)


async def send(desk: Desk, staff_id: str, breach_id: str, digest: str) -> int:
    """Sends what was looked at to everybody who was not told yet; gives to how many. Stale: it is no longer that."""
    plan = await desk.store.read(lambda reads: planned(reads, desk, breach_id))
    if plan is None or plan.digest != digest:
        raise Stale("the letter has changed since it was shown")
    post = await desk.in_thread(write, desk, plan.organisation, OutboxKind.LETTER, plan.letter)
    sent = 0
    for batch in _batches(plan.people.addresses):
        sent += await desk.store.write(lambda unit, some=batch: _queue(unit, desk, staff_id, breach_id, post, some))  # type: ignore[misc]
    desk.wake.outbox.set()
    return sent


def forget(unit: Unit, before: datetime) -> int:
    """Takes the addresses out of the letters of breaches that were closed before this; gives how many."""
    breaches, notices, outbox = table(Breach), table(BreachNotice), table(Outbox)
    over = breaches.c.closed_at < before
    told = unit.rows(
        select(notices.c.id, notices.c.outbox_id, outbox.c.data_key_id)
        .join(breaches, breaches.c.id == notices.c.breach_id)
        .join(outbox, outbox.c.id == notices.c.outbox_id)
        .where(over, notices.c.recipient_index != notices.c.id)
        .limit(FORGOTTEN)
    )
    for row in told:
        nobody = unit.keys.data(unit, row.data_key_id).seal_text("", f"outbox.recipient:{row.outbox_id}")
        unit.change(Outbox, row.outbox_id, recipient=nobody, recipient_index=row.outbox_id)
        unit.change(BreachNotice, row.id, recipient_index=row.id)
    listed = 0
    for row in unit.rows(select(breaches).where(over, breaches.c.letter.is_not(None))):
        sealer, context = unit.keys.data(unit, row.data_key_id), f"breach.letter:{row.id}"
        kept = sealer.open_json(row.letter, context)
        if kept["people"]:
            listed += len(kept["people"])
            unit.change(Breach, row.id, letter=sealer.seal_json(kept | {"people": []}, context))
            unit.record(
                AuditTag.COPY_ERASED, organisation=row.organisation_id, actor=PROGRAM, case=row.case_id, subject=row.id
            )
    return len(told) + listed


def _batches(addresses: Sequence[str]) -> Iterable[Sequence[str]]:
    return (addresses[start : start + BATCH] for start in range(0, len(addresses), BATCH))


def _queue(unit: Unit, desk: Desk, staff_id: str, breach_id: str, post: Post, addresses: Sequence[str]) -> int:
    row, told = _breach(unit, breach_id), _told(unit, breach_id)
    may_decide(unit, staff_id, row.organisation_id)
    account, sent = desk.organisation(row.organisation_id).mailbox, 0
    for address in addresses:
        index, outbox_id = desk.index(row.organisation_id, "email", address), unit.new_id()
        if index in told:
            continue
        route = Route(row.organisation_id, ChannelKind.EMAIL, account, address, index, row.data_key_id)
        queue(
            unit, route, post, outbox_id=outbox_id, not_before=unit.now + desk.limits.undo,
            message_id=desk.threads.message_id(row.organisation_id, account, outbox_id),
        )  # fmt: skip
        unit.add(
            BreachNotice, id=unit.new_id(), organisation_id=row.organisation_id, breach_id=breach_id,
            outbox_id=outbox_id, recipient_index=index, created_at=unit.now,
        )  # fmt: skip
        sent += 1
    if sent:
        unit.record(
            AuditTag.BREACH_TOLD, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=breach_id, people=sent,
        )  # fmt: skip
    return sent


def _breach(reads: Reads, breach_id: str) -> Row[Any]:
    rows = table(Breach)
    row = reads.one(select(rows).where(rows.c.id == breach_id))
    if row is None:
        raise RuleError("no such breach")
    return row


def _letter(desk: Desk, row: Row[Any], facts: BreachFacts) -> Letter:
    own = desk.organisation(row.organisation_id)
    letter = breach_letter(own.policy, own.texts[own.policy.form], f"DL-{row.id[-8:].upper()}", facts)
    if lacking := missing_process(letter, ProcessLetter.BREACH):
        raise InputError("facts_missing", ",".join(each.value for each in lacking))
    if forbidden(letter, own.policy):
        raise InputError("never_say")
    return letter


def _requester(reads: Reads, row: Row[Any]) -> tuple[str, ...]:
    cases = table(Case)
    case = reads.one(select(cases).where(cases.c.id == row.case_id)) if row.case_id else None
    if case is None:
        return ()
    who = reads.keys.data(reads, case.data_key_id).open_json(case.requester, f"case.requester:{case.id}")
    return (str(who["address"]).lower(),) if who["address"] else ()


def _told(reads: Reads, breach_id: str) -> set[str]:
    rows = table(BreachNotice)
    return {
        row.recipient_index for row in reads.rows(select(rows.c.recipient_index).where(rows.c.breach_id == breach_id))
    }
