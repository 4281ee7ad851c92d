"""Anything else inside a case: handed to people, who write the answer."""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import BlockKind
from cases.types import Decision, Label
from handlers.base import CaseFile, Needs, Prepared
from handlers.parts import free, head, letter, tail, texts_of
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Overig:
    label: Label = Label.OVERIG
    needs: Needs = Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        blocks = (*head(file, Decision.INFORMATION), free(texts_of(file), BlockKind.ANSWER), *tail(file))
        return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, (staff_texts().say("note.for_people"),))
