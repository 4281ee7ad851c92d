"""A complaint (art. 77 AVG and house rule): findings by somebody else than the first handler, remedy, a talk, the AP.

`chosen["finding"]` = founded | partly | rejected; `chosen["other_person"]` = yes when somebody else looked. Findings
and remedy are written by people. A complaint that is rejected is a refusal, so it names the court.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.types import Decision, Label
from handlers.base import CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.parts import block, free, head, letter, tail, texts_of, titled
from handlers.wording import staff_texts

_DECISIONS = {"founded": Decision.GRANTED, "partly": Decision.PARTLY, "rejected": Decision.REFUSED}


@dataclass(frozen=True, slots=True)
class Klacht:
    label: Label = Label.KLACHT
    needs: Needs = Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        texts, finding = texts_of(file), picked(file, "finding")
        decision = _DECISIONS.get(finding, Decision.INFORMATION)
        openings = {"founded": "grievance.founded", "partly": "grievance.partly", "rejected": "grievance.rejected"}
        opening = texts.say(openings[finding]) if finding else ""
        looked = picked(file, "other_person") == "yes"
        somebody = texts.say("grievance.other_person") if looked else ""
        talk = texts.say("grievance.talk")
        against = decision in (Decision.PARTLY, Decision.REFUSED)
        blocks = (
            *head(file, decision, opening),
            *((block(BlockKind.TEXT, somebody, key="other_person"),) if somebody else ()),
            free(texts, BlockKind.FINDINGS),
            *(() if decision is Decision.REFUSED else (free(texts, BlockKind.REMEDY),)),
            *(_against(file, decision, talk) if against else (block(BlockKind.TEXT, talk, key="talk"),)),
            *tail(file, refusal=against),
        )
        remarks = () if looked else (staff_texts().say("note.first_handler"),)
        return Prepared(decision, (), letter(file, blocks), None, remarks)


def _against(file: CaseFile, decision: Decision, talk: str) -> tuple[Block, ...]:
    """Where the complaint does not hold: why, on which facts, and what can still be done."""
    texts = texts_of(file)
    ground = "grievance.no_fault_partly" if decision is Decision.PARTLY else "grievance.no_fault"
    return (
        titled(texts, BlockKind.GROUND, texts.say(ground)),
        free(texts, BlockKind.FACTS),
        titled(texts, BlockKind.GRANTED, talk),
    )
