"""Values of other people in an export: looked for when a draft is made, decided by staff before it leaves.

What may be about somebody else is left out from the start; what the program is not sure of, staff have to say
something of (art. 15(4), 20(4) AVG). Letting a value stand makes the export anew; leaving out what was left out
already does not. How values are found and left out is in `handlers/others` and `handlers/masking`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from cases.audit import staff_actor
from cases.errors import InputError, Stale
from cases.others import CHOSEN, Choice, decided, goes_along, undecided
from cases.types import Awaiting, DraftStatus, Label, RequestState, WorkKind
from handlers.base import CaseFile
from handlers.others import review
from storage.models import Draft
from storage.queries.writing import close_work, move_request
from storage.unit import Unit
from workflow import questions
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.package import open_draft

EXPORTED = frozenset({Label.INZAGE, Label.OVERDRACHT})


def looked_at(desk: Desk, file: CaseFile) -> CaseFile:
    """The file with what may be about somebody else in it. CPU work; waits for the reader."""
    if file.label not in EXPORTED or not any(answer.tables for answer in file.found):
        return file
    return replace(file, others=review(file, desk.reader().facts))


async def decide(desk: Desk, staff_id: str, draft_id: str, said: Mapping[str, str], *, rest: str = "") -> None:
    """Staff say of each value whether it goes along; `rest` says it of what is still undecided.

    Stale: the draft is no longer open. InputError `unknown_choice`, `not_allowed`.
    """
    if any(value not in tuple(Choice) for value in (*said.values(), *((rest,) if rest else ()))):
        raise InputError("unknown_choice")
    if await desk.store.write(lambda unit: _settle(unit, staff_id, draft_id, said, rest)):
        desk.wake.requests.set()


def _settle(unit: Unit, staff_id: str, draft_id: str, said: Mapping[str, str], rest: str) -> bool:
    """Whether the export is made anew."""
    opened = open_draft(unit, draft_id)
    facts, actor = opened.facts, staff_actor(staff_id)
    may_decide(unit, staff_id, facts.organisation)
    if opened.row.status != DraftStatus.OPEN.value or facts.state is not RequestState.AWAITING_APPROVAL:
        raise Stale("this draft is no longer open")
    known = {other.id for other in opened.others}
    if not known.issuperset(said):
        raise InputError("unknown_choice")
    choices = {key: choice.value for key, choice in decided(facts.chosen).items()}
    if rest:
        choices |= {other.id: rest for other in undecided(opened.others, facts.chosen)}
    kept = {CHOSEN: json.dumps(choices | dict(said), sort_keys=True)}
    questions.keep(unit, facts.id, kept, actor=actor)
    if goes_along(kept) & known == goes_along(facts.chosen) & known:
        return False
    unit.change(Draft, draft_id, if_={"version": opened.row.version}, status=DraftStatus.VOID.value)
    close_work(unit, WorkKind.APPROVE, actor=actor, request_id=facts.id)
    move_request(
        unit, facts.id, RequestState.PREPARING, actor=actor, awaiting=Awaiting.NOBODY.value, wake_at=unit.now,
        attempts=0, failure="",
    )  # fmt: skip
    return True
