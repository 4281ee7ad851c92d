"""Who acts for whom: first letters to special persons, mandates and their judgement, and who works on a case.

All of it is decided by a person. Which cases are one matter: `workflow/joining`; which one is two:
`workflow/splitting`.
"""

from __future__ import annotations

from sqlalchemy import select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError, Stale
from cases.letters import Letter, ProcessLetter, missing_process
from cases.types import OPEN_STATES, OutboxKind
from handlers.base import CaseFile
from handlers.person_letters import MandateKind, child_letter, heirs_letter, mandate_letter
from storage.models import Mandate, Request, table
from storage.queries.request_facts import newest_request
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
                data_key_id=facts.case_key_id, by=staff_actor(staff_id), at=unit.now,
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
        sealer = unit.keys.data(unit, row.data_key_id)
        unit.change(
            Mandate, mandate_id, if_={"status": row.status}, status=status, answer_to=answer_to,
            scope=sealer.seal_text(scope.strip()[:300], f"mandate.scope:{mandate_id}"), by=staff_actor(staff_id),
            at=unit.now,
        )  # fmt: skip
        unit.record(
            AuditTag.MANDATE_JUDGED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=mandate_id, status=status, answer_to=answer_to,
        )  # fmt: skip

    await desk.store.write(settle)


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
