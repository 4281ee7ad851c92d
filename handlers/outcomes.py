"""What a letter says once the changes ran: the outcome slots, and how they are filled.

A letter of changes leaves one slot open per system, `done:<source>`, made by `open_slots`. After `execute` each
becomes one sentence: the system, what was done to how many records, and the day. Everything asked of a system has to be
over (`DONE`, or `NOTHING`: it was so already) before its sentence can be said; until then the slot stays open and the
letter can not leave. So a system that failed, or where nobody knows, is never called done.

    slot            filled from
    done:<source>   the results of that source: verb, records, and the latest day

Pure. Serves art. 12(3) AVG: information on action taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cases.letters import Block, BlockKind, Letter
from cases.types import ActionStatus, Verb
from handlers.base import Action
from handlers.wording import Texts, load_texts

SLOT = "done:"
_OVER = frozenset({ActionStatus.DONE, ActionStatus.NOTHING})


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one action."""

    source: str
    verb: Verb
    status: ActionStatus
    records: int
    day: date


def sources_of(actions: Iterable[Action]) -> tuple[str, ...]:
    """The systems in which something is to be done, each once."""
    return tuple(dict.fromkeys(action.source for action in actions))


def open_slots(sources: Iterable[str], labels: Mapping[str, str], heading: str, *intro: str) -> tuple[Block, ...]:
    """The DONE part of a letter: an introduction, then one slot per system. `labels`: source → what people call it."""
    slots = [
        Block(BlockKind.DONE, f"{SLOT}{source}", True, (f"{labels.get(source, source)}:",), slot=f"{SLOT}{source}")
        for source in sources
    ]
    return (Block(BlockKind.DONE, BlockKind.DONE.value, True, tuple(filter(None, intro)), heading), *slots)


def fill_outcomes(letter: Letter, results: Sequence[Result], texts: Texts | None = None) -> Letter:
    """The letter with the sentences of every system that is over; the others stay open (`cases.letters.slots`)."""
    said = texts or load_texts(letter.form)
    by_source: dict[str, list[Result]] = {}
    for result in results:
        by_source.setdefault(result.source, []).append(result)

    def filled(block: Block) -> Block:
        own = by_source.get(block.slot.removeprefix(SLOT), ()) if block.slot.startswith(SLOT) else ()
        if not own or any(result.status not in _OVER for result in own):
            return block
        return replace(block, text=(f"{block.text[0]} {_sentence(said, own)}",), slot="")

    return replace(letter, blocks=tuple(filled(block) for block in letter.blocks))


def _sentence(texts: Texts, results: Sequence[Result]) -> str:
    """`op 3 maart 2027: 4 regels gewist, in 2 regels gegevens weggehaald.`"""
    parts = []
    for verb, key in _WORDS.items():
        records = sum(result.records for result in results if result.verb is verb)
        if records:
            parts.append(texts.say(key, count=records))
        elif verb is Verb.OPT_OUT and any(result.verb is verb for result in results):
            parts.append(texts.say("outcome.no_list"))
    day = texts.day(max(result.day for result in results))
    return texts.say("outcome.done", day=day, what=", ".join(parts) or texts.say("outcome.already"))


_WORDS = {
    Verb.ERASE: "outcome.erase",
    Verb.ANONYMISE: "outcome.anonymise",
    Verb.CORRECT: "outcome.correct",
    Verb.RESTRICT: "outcome.restrict",
    Verb.LIFT: "outcome.lift",
    Verb.OPT_OUT: "outcome.opt_out",
}
