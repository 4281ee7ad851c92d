"""How far a request is (art. 12(3) AVG): received on, stage, whom it waits for, latest date, whether the clock stands.

Filled from what the workflow puts in `CaseFile.chosen`: `state` and `awaiting` (cases.types), and where it is so
`late` = yes, `suspended_since` (ISO date) and `suspended_for`. Without a state a person writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cases.letters import Block, BlockKind, Table
from cases.types import Awaiting, Decision, Label, RequestState
from handlers.automatic import by_program
from handlers.base import CaseFile, Needs, Prepared
from handlers.parts import free, head, letter, tail, texts_of, titled


@dataclass(frozen=True, slots=True)
class Status:
    label: Label = Label.STATUS
    needs: Needs = Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        known = bool(file.chosen.get("state"))
        stage = _stage(file) if known else free(texts_of(file), BlockKind.STAGE)
        blocks: tuple[Block, ...] = (*head(file, Decision.INFORMATION), stage, *tail(file))
        if known:
            blocks = by_program(file, blocks)
        return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, (), by_program=known)


def _stage(file: CaseFile) -> Block:
    texts = texts_of(file)
    state = RequestState(file.chosen["state"])
    awaiting = Awaiting(file.chosen.get("awaiting") or Awaiting.NOBODY)
    rows = (
        (texts.say("status.row_received"), texts.day(file.received_at)),
        (texts.say("status.row_stage"), texts.say(f"stage.{state.value}")),
        (texts.say("status.row_awaiting"), texts.say(f"awaiting.{awaiting.value}")),
        (texts.say("status.row_told"), texts.day(file.told_date)),
    )
    since = file.chosen.get("suspended_since", "")
    if since:
        day = texts.day(date.fromisoformat(since))
        clock = texts.say("status.suspended", since=day, what=file.chosen.get("suspended_for", ""))
    else:
        clock = texts.say("status.late" if file.chosen.get("late") == "yes" else "status.not_suspended")
    return titled(texts, BlockKind.STAGE, clock, table=Table((), rows))
