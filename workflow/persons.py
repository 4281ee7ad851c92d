"""Who acts for whom, and which cases are one matter: mandates, repeated requests, cases joined and split.

All of it is decided by a person. Joining never mixes proof: a conversation keeps its own assurance, and an unproven one
never takes the place of a proven one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError, Stale
from cases.letters import Letter, ProcessLetter, missing_process
from cases.types import OPEN_STATES, OutboxKind, RequestState, WorkKind
from handlers.base import CaseFile
from handlers.person_letters import MandateKind, child_letter, heirs_letter, mandate_letter
from handlers.process_letters import joined_letter
from storage.models import BlindIndex, Case, CaseIdentifier, Conversation, Mandate, Message, Request, table
from storage.queries.request_facts import newest_request, request_facts
from storage.queries.writing import close_work, raise_content_version
from storage.unit import Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import to_requester, write_answer
from workflow.prepare import case_file

ANSWER_TO = ("person", "representative")


async def first_letter(desk: Desk, staff_id: str, conversation_id: str, kind: str) -> None:
    """The first letter to a special person: `heirs`, `child`, or a kind of mandate to be shown.

    Sent by a click of staff; it decides nothing. InputError `unknown_kind`.
    """
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))
    file = case_file(desk, desk.organisation(facts.organisation), facts, (), facts.assurance)
    letter, process = _first(file, kind)
    if lacking := missing_process(letter, process):
        raise InputError("blocks_missing", ",".join(each.value for each in lacking))
    post = await desk.in_thread(write_answer, desk, facts, letter, OutboxKind.LETTER)

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        to_requester(unit, desk, facts, post, wait=desk.limits.undo)
        if process is ProcessLetter.MANDATE:
            unit.add(
                Mandate, id=unit.new_id(), organisation_id=facts.organisation, case_id=facts.case_id, kind=kind,
                by=staff_actor(staff_id), at=unit.now,
            )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.outbox.set()


def _first(file: CaseFile, kind: str) -> tuple[Letter, ProcessLetter]:
    if kind == "heirs":
        return heirs_letter(file), ProcessLetter.HEIRS
    if kind == "child":
        return child_letter(file), ProcessLetter.CHILD
    try:
        return mandate_letter(file, MandateKind(kind)), ProcessLetter.MANDATE
    except ValueError:
        raise InputError("unknown_kind") from None


async def judge_mandate(
    desk: Desk, staff_id: str, mandate_id: str, *, accepted: bool, scope: str = "", answer_to: str = "person"
) -> None:
    """A person looked at the mandate. InputError: `scope_missing`, `unknown_kind`, `not_allowed`."""
    if answer_to not in ANSWER_TO:
        raise InputError("unknown_kind")
    if accepted and not scope.strip():
        raise InputError("scope_missing")

    def settle(unit: Unit) -> None:
        rows = table(Mandate)
        row = unit.one(select(rows).where(rows.c.id == mandate_id))
        if row is None:
            raise RuleError("no such mandate")
        may_decide(unit, staff_id, row.organisation_id)
        status = "accepted" if accepted else "refused"
        unit.change(
            Mandate, mandate_id, if_={"status": row.status}, status=status, scope=scope.strip()[:300],
            answer_to=answer_to, by=staff_actor(staff_id), at=unit.now,
        )  # fmt: skip
        unit.record(
            AuditTag.MANDATE_JUDGED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=mandate_id, status=status, answer_to=answer_to,
        )  # fmt: skip

    await desk.store.write(settle)


async def link_repeat(desk: Desk, staff_id: str, request_id: str, other_id: str) -> None:
    """The same wish once more: it is answered with the other one, once (law.md 2.7: a repetition alone is no refusal).

    InputError: `not_the_same` (another organisation or another kind), `unproven_first` (the other one is less proven).
    """

    def settle(unit: Unit) -> None:
        mine, other = request_facts(unit, request_id), request_facts(unit, other_id)
        if mine is None or other is None or request_id == other_id:
            raise RuleError("no such request")
        may_decide(unit, staff_id, mine.organisation)
        if mine.organisation != other.organisation or mine.label is not other.label:
            raise InputError("not_the_same")
        if other.assurance < mine.assurance:
            raise InputError("unproven_first")
        if mine.state not in OPEN_STATES or mine.state is RequestState.EXECUTING:
            raise Stale("this request has ended")
        unit.change(Request, request_id, same_as=other_id, wake_at=None)
        close_work(
            unit, WorkKind.APPROVE, WorkKind.HANDLE, WorkKind.SOURCE_FAILED, actor=staff_actor(staff_id),
            request_id=request_id,
        )  # fmt: skip
        unit.record(
            AuditTag.REQUEST_LINKED, organisation=mine.organisation, actor=staff_actor(staff_id), case=mine.case_id,
            subject=request_id, to=other_id,
        )  # fmt: skip

    await desk.store.write(settle)


async def join_cases(desk: Desk, staff_id: str, into_id: str, case_ids: Sequence[str], *, tell: bool = True) -> None:
    """Several cases are one matter: their conversations and requests move into the first; each keeps its own proof.

    InputError `not_the_same`: another organisation. The requester hears the numbers and that no date moves.
    """
    numbers = await desk.store.write(lambda unit: _join(unit, staff_id, into_id, case_ids))
    if not tell:
        return
    conversations = table(Conversation)
    conversation_id = await desk.store.read(
        lambda reads: reads.value(
            select(conversations.c.id)
            .where(conversations.c.case_id == into_id)
            .order_by(conversations.c.assurance.desc(), conversations.c.created_at)
            .limit(1)
        )
    )
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))
    file = case_file(desk, desk.organisation(facts.organisation), facts, (), facts.assurance)
    post = await desk.in_thread(write_answer, desk, facts, joined_letter(file, numbers), OutboxKind.LETTER)
    await desk.store.write(lambda unit: to_requester(unit, desk, facts, post, wait=desk.limits.undo))
    desk.wake.outbox.set()


def _seal_anew(unit: Unit, other: Row[Any], into: Row[Any]) -> None:
    """What names no key of its own is sealed with its case's: identifiers, and what was settled on the way."""
    identifiers, requests = table(CaseIdentifier), table(Request)
    old, new = unit.keys.data(unit, other.data_key_id), unit.keys.data(unit, into.data_key_id)
    for row in unit.rows(select(identifiers).where(identifiers.c.case_id == other.id)):
        context = f"case_identifier.value:{row.id}"
        unit.change(CaseIdentifier, row.id, value=new.seal(old.open(row.value, context), context))
    kept = requests.c.chosen.is_not(None)
    for row in unit.rows(select(requests).where(requests.c.case_id == other.id, kept)):
        context = f"request.chosen:{row.id}"
        unit.change(Request, row.id, chosen=new.seal(old.open(row.chosen, context), context))


def _join(unit: Unit, staff_id: str, into_id: str, case_ids: Sequence[str]) -> list[str]:
    cases, actor = table(Case), staff_actor(staff_id)
    into = unit.one(select(cases).where(cases.c.id == into_id))
    others = unit.rows(select(cases).where(cases.c.id.in_([one for one in case_ids if one != into_id])))
    if into is None or not others:
        raise RuleError("no such case")
    may_decide(unit, staff_id, into.organisation_id)
    if any(other.organisation_id != into.organisation_id for other in others):
        raise InputError("not_the_same")
    for other in others:
        _seal_anew(unit, other, into)
        unit.keys.adopt(unit, other.data_key_id, into.data_key_id)  # erased with this case from now on
        for model in (Conversation, Request, Message, CaseIdentifier, BlindIndex):
            rows = table(model)
            unit.execute(update(rows).where(rows.c.case_id == other.id).values(case_id=into_id))
        unit.change(Case, other.id, closed_at=unit.now, linked_to=into_id)
        unit.record(
            AuditTag.CASES_MERGED, organisation=into.organisation_id, actor=actor, case=other.id, subject=into_id
        )
    unit.change(Case, into_id, closed_at=None, received_at=min(into.received_at, *(one.received_at for one in others)))
    raise_content_version(unit, into_id)
    unit.record(AuditTag.CASES_MERGED, organisation=into.organisation_id, actor=actor, case=into_id, joined=len(others))
    return [str(other.number) for other in others]


def take(unit: Unit, staff_id: str, case_id: str) -> None:
    """Says who works on the open requests of a case; taking it again from somebody else is allowed, and recorded."""
    requests = table(Request)
    states = [state.value for state in OPEN_STATES]
    rows = unit.rows(select(requests).where(requests.c.case_id == case_id, requests.c.state.in_(states)))
    if not rows:
        raise Stale("nothing is open in this case")
    for row in rows:
        unit.change(Request, row.id, handler_id=staff_id)
    unit.record(AuditTag.CASE_TAKEN, organisation=rows[0].organisation_id, actor=staff_actor(staff_id), case=case_id)
