"""Answers that the program gives by itself: they say so in their first line, and nobody is said to have checked them.

Only an opt-out of the sender's own address, the state of things and a question with one approved answer (design,
section 7). Serves AI Act art. 50(1).
"""

from __future__ import annotations

from collections.abc import Iterable

from cases.letters import Block, BlockKind
from handlers.base import CaseFile
from handlers.parts import block, phone_variant, texts_of


def by_program(file: CaseFile, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of a letter as the program may send them: who writes first, nothing free, nobody who checked."""
    which, values = phone_variant("assistant.first", file.policy)
    first = block(BlockKind.ASSISTANT, texts_of(file).say(which, org=file.policy.name, **values))
    return (first, *(each for each in blocks if each.fixed and each.kind is not BlockKind.CHECKED_BY))
