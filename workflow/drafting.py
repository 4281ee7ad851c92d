"""Drafts that staff write themselves: a refusal on a ground, closing for silence, a redirect to the right controller.

Each is a letter of blocks like any other and goes the same way: approved by its digest, a refusal by two people.
"""

from __future__ import annotations

from collections.abc import Mapping

from cases.audit import staff_actor
from cases.calendar import local_date
from cases.errors import InputError, RuleError, Stale
from cases.letters import BlockKind, Letter, edit_free, missing
from cases.types import Awaiting, Decision, Label, RefusalGround, RequestState, WorkKind
from handlers.base import Prepared
from handlers.process_letters import silence_letter
from handlers.redirect import redirect_letter
from handlers.refusals import forbidden, refusal_letter
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import move_request, open_work
from storage.unit import Reads, Unit
from workflow import complaints, silence
from workflow.approval import first_of_two, may_decide
from workflow.desk import Desk
from workflow.package import open_draft, write_draft
from workflow.prepare import case_file


async def refuse(
    desk: Desk, staff_id: str, request_id: str, ground: RefusalGround, facts: Mapping[str, str], free_text: str,
    findings: str = "",
) -> str:  # fmt: skip
    """Writes a refusal draft from a ground and its facts and gives the first of two approvals; gives the draft id.

    `findings` says what was looked into, for a complaint; no other letter has room for it. It stops at "wacht op
    tweede persoon". InputError: `ground_facts_missing`, `ground_blocked`, `never_say`, `blocks_missing`, `not_allowed`,
    `first_handler`.
    """
    known = await desk.store.read(lambda reads: request_facts(reads, request_id))
    if known is None:
        raise RuleError("no such request")
    own = desk.organisation(known.organisation)
    file = case_file(desk, own, known, (), known.assurance)
    letter = await desk.in_thread(refusal_letter, file, ground, facts, free_text)
    if known.label is Label.KLACHT:
        letter = edit_free(letter, {BlockKind.FINDINGS.value: findings})
        if forbidden(letter, own.policy):
            raise InputError("never_say")
    if lacking := missing(letter, known.label, Decision.REFUSED):
        raise InputError("blocks_missing", ",".join(kind.value for kind in lacking))

    def settle(unit: Unit) -> str:
        complaints.for_another(unit, known, staff_id)
        return _first_look(unit, desk, staff_id, known, letter, ground)

    return await desk.store.write(settle)


async def close_for_silence(desk: Desk, staff_id: str, request_id: str) -> str:
    """Nobody said who they are, also after the reminder: writes the letter and gives the first of two approvals.

    Whoever answers later is heard at once (`workflow/silence`). InputError: `not_silent`, `no_reminder`,
    `silence_too_early`, `never_say`, `blocks_missing`, `not_allowed`.
    """
    known, asked = await desk.store.read(lambda reads: _silent(reads, request_id))
    own = desk.organisation(known.organisation)
    file = case_file(desk, own, known, (), known.assurance)
    letter = await desk.in_thread(lambda: silence_letter(file, asked_on=local_date(asked.asked_at)))
    if lacking := missing(letter, known.label, Decision.REFUSED):
        raise InputError("blocks_missing", ",".join(kind.value for kind in lacking))
    if forbidden(letter, own.policy):
        raise InputError("never_say")

    def settle(unit: Unit) -> str:
        _silent(unit, request_id)
        return _first_look(unit, desk, staff_id, known, letter, RefusalGround.IDENTITY_NOT_PROVEN)

    return await desk.store.write(settle)


def _silent(reads: Reads, request_id: str) -> tuple[RequestFacts, silence.Asked]:
    facts = request_facts(reads, request_id)
    if facts is None:
        raise RuleError("no such request")
    return facts, silence.may_close(reads, facts)


def _first_look(
    unit: Unit, desk: Desk, staff_id: str, known: RequestFacts, letter: Letter, ground: RefusalGround
) -> str:
    """Keeps a refusal with the approval of who wrote it; a second person looks. Gives the draft id."""
    now, own = request_facts(unit, known.id), desk.organisation(known.organisation)
    if now is None or now.content_version != known.content_version:
        raise Stale("the case has changed")
    may_decide(unit, staff_id, known.organisation)
    prepared = Prepared(Decision.REFUSED, (), letter, None, ())
    draft_id = write_draft(
        unit, now, prepared=prepared, letter=letter, export_id=None, made_by=staff_actor(staff_id),
        policy_version=own.policy.version, ground=ground.value,
    )  # fmt: skip
    _to_approval(unit, now, staff_id)
    unit.flush()
    opened = open_draft(unit, draft_id)
    first_of_two(unit, opened, staff_id, opened.row.package_digest)
    return draft_id


async def redirect(desk: Desk, staff_id: str, request_id: str) -> str:
    """Data of a customer's own customers: writes the draft that says whose they are; gives the draft id.

    InputError `no_processor_case` where the policy knows no such case. Staff pass the request on themselves; a note
    on the draft says so.
    """
    known = await desk.store.read(lambda reads: request_facts(reads, request_id))
    if known is None:
        raise RuleError("no such request")
    own = desk.organisation(known.organisation)
    file = case_file(desk, own, known, (), known.assurance)
    letter = await desk.in_thread(redirect_letter, file)
    notes = ("Geef het verzoek zelf door aan de klant bij wie deze gegevens staan, voordat u deze brief goedkeurt.",)

    def settle(unit: Unit) -> str:
        now = request_facts(unit, request_id)
        if now is None or now.content_version != known.content_version:
            raise Stale("the case has changed")
        may_decide(unit, staff_id, known.organisation)
        prepared = Prepared(Decision.TRANSFERRED, (), letter, None, notes)
        draft_id = write_draft(
            unit, now, prepared=prepared, letter=letter, export_id=None, made_by=staff_actor(staff_id),
            policy_version=own.policy.version,
        )  # fmt: skip
        _to_approval(unit, now, staff_id)
        open_work(
            unit, WorkKind.APPROVE, known.organisation, same=request_id, case_id=known.case_id, request_id=request_id,
            draft_id=draft_id, due_on=known.told_on, detail=Decision.TRANSFERRED.value,
        )  # fmt: skip
        return draft_id

    return await desk.store.write(settle)


def _to_approval(unit: Unit, facts: RequestFacts, staff_id: str) -> None:
    """Staff wrote a draft themselves, from whatever state the request was in. Not while a letter is leaving."""
    if facts.state is RequestState.EXECUTING:
        raise Stale("an approved letter is on its way: take it back first")
    if facts.state is not RequestState.AWAITING_APPROVAL:
        move_request(
            unit, facts.id, RequestState.AWAITING_APPROVAL, actor=staff_actor(staff_id), wake_at=None,
            awaiting=Awaiting.STAFF.value,
        )  # fmt: skip
