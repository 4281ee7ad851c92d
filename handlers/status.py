"""How far a request is (art. 12(3) AVG): received on, stage, whom it waits for, latest date, whether the clock stands.

Filled from `CaseFile.standing`: what the proven requester has open, else what ended last. Where there is nothing the
letter says so, and a person reads it before it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.calendar import local_date
from cases.letters import Block, BlockKind
from cases.types import Decision, Label
from handlers import standing
from handlers.automatic import by_program
from handlers.base import CaseFile, Needs, Prepared
from handlers.parts import free, head, letter, tail, texts_of


@dataclass(frozen=True, slots=True)
class Status:
    label: Label = Label.STATUS
    needs: Needs = Needs.SYSTEMS

    def prepare(self, file: CaseFile) -> Prepared:
        known = bool(file.standing)
        blocks: tuple[Block, ...] = (*head(file, Decision.INFORMATION), _stage(file), *tail(file))
        if known:
            blocks = by_program(file, blocks)
        return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, (), by_program=known)


def _stage(file: CaseFile) -> Block:
    texts = texts_of(file)
    if not file.standing:
        return free(texts, BlockKind.STAGE, texts.say("status.nothing"))
    return standing.stage(texts, file.standing, local_date(file.now), file.systems)
