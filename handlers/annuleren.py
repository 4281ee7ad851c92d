"""Dropping one's own request: it is closed on the person's wish, and what had been carried out by then is said.

Which requests, and what was done for them, stands in `CaseFile.standing`; the workflow closes them when it drafts this
letter. Without any a person writes what is meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.types import Decision, Label
from handlers import standing
from handlers.base import CaseFile, Needs, Prepared
from handlers.parts import free, head, letter, tail, texts_of


@dataclass(frozen=True, slots=True)
class Annuleren:
    label: Label = Label.ANNULEREN
    needs: Needs = Needs.SYSTEMS

    def prepare(self, file: CaseFile) -> Prepared:
        texts = texts_of(file)
        dropped = any(one.stoppable for one in file.standing)
        decision = texts.say("closed.done" if dropped else "closed.too_late_only")
        blocks = (*head(file, Decision.INFORMATION, decision), _closed(file), *tail(file))
        return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, ())


def _closed(file: CaseFile) -> Block:
    texts = texts_of(file)
    if not any(one.open for one in file.standing):
        return free(texts, BlockKind.CLOSED)
    return standing.closed(texts, file.standing, file.systems)
