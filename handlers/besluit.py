"""Automated decisions, art. 22 AVG: whether there was one, its logic, the person who looks again, how to contest.

`chosen["review"]` is what came of the human review: none (there was no such decision), upheld or changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.types import Decision, Label
from handlers.article15 import automated
from handlers.base import CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.parts import free, head, letter, tail, texts_of, titled
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Besluit:
    label: Label = Label.BESLUIT
    needs: Needs = Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        review = picked(file, "review")
        reviewed = review in ("upheld", "changed")
        decision = Decision.GRANTED if reviewed else Decision.INFORMATION
        texts, role = texts_of(file), file.policy.automated_decisions.reviewer or file.policy.staff_role
        said = {"upheld": "review.upheld", "changed": "review.changed"}.get(review, "")
        offers = review == "none" or not (reviewed or file.policy.automated_decisions.used)
        offer = titled(texts, BlockKind.HUMAN, texts.say("review.offer", role=role))
        blocks = (
            *head(file, decision, texts.say(said, role=role) if said else ""),
            automated(file),
            _logic(file),
            offer if offers else free(texts, BlockKind.HUMAN),  # after a review: its reasons, by a person
            titled(texts, BlockKind.CONTEST, texts.say("generic.contest")),
            *tail(file),
        )
        remarks = (staff_texts().say("note.review"),) if reviewed else ()
        return Prepared(decision, (), letter(file, blocks), None, remarks)


def _logic(file: CaseFile) -> Block:
    texts, decisions = texts_of(file), file.policy.automated_decisions
    if decisions.logic:
        return titled(texts, BlockKind.LOGIC, decisions.logic)
    if decisions.used:
        return free(texts, BlockKind.LOGIC)
    return titled(texts, BlockKind.LOGIC, texts.say("review.logic_none"))
