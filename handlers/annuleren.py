"""Dropping one's own request: it is closed on the person's wish, and what had been carried out by then is said.

The workflow puts that in `CaseFile.chosen["executed"]`: "nothing", or one line in Dutch per change that was done.
Without it a person writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.types import Decision, Label
from handlers.base import CaseFile, Needs, Prepared
from handlers.parts import free, head, letter, tail, texts_of, titled


@dataclass(frozen=True, slots=True)
class Annuleren:
    label: Label = Label.ANNULEREN
    needs: Needs = Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        blocks = (*head(file, Decision.INFORMATION, texts_of(file).say("closed.done")), _closed(file), *tail(file))
        return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, ())


def _closed(file: CaseFile) -> Block:
    texts = texts_of(file)
    executed = [line.strip() for line in file.chosen.get("executed", "").splitlines() if line.strip()]
    again = texts.say("closed.again")
    if not executed:
        return free(texts, BlockKind.CLOSED)
    if executed == ["nothing"]:
        return titled(texts, BlockKind.CLOSED, texts.say("closed.nothing"), again)
    return titled(texts, BlockKind.CLOSED, texts.say("closed.executed"), again, items=executed)
