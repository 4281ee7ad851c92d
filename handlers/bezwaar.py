"""Objecting to a use, art. 21(1) AVG: frozen meanwhile, weighed by a person, stopped or refused on compelling grounds.

Against advertising it is absolute (21(3)); against what rests on contract or law it is not possible, and the letter
says what is. Settled by staff: `chosen["purposes"]`, `chosen["weighing"]`, and for compelling grounds
`chosen["interest"]` and `chosen["why"]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from cases.context import AMSTERDAM
from cases.letters import Block, BlockKind
from cases.policy import Basis, Purpose
from cases.types import Decision, Label, RefusalGround, RestrictionGround
from handlers.article15 import basis_words
from handlers.base import Action, CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.masking import shown
from handlers.outcomes import open_slots, sources_of
from handlers.parts import block, free, head, letter, tail, texts_of, titled
from handlers.planning import freeze, labels_of, named, opt_out
from handlers.refusals import ground_blocks
from handlers.searching import not_asked, notes, nothing_found, outcome
from handlers.wording import staff_texts

_HEARD_BEFORE = timedelta(days=7)
_OPEN_TO_OBJECTION = frozenset({Basis.LEGITIMATE_INTEREST, Basis.PUBLIC_TASK})


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one way of deciding puts between the head and the tail of the letter."""

    decision: Decision
    blocks: tuple[Block, ...]
    actions: tuple[Action, ...] = ()
    ground: RefusalGround | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bezwaar:
    label: Label = Label.BEZWAAR
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        seen = shown(file)
        result = outcome(file, seen)
        about = named(file, file.policy.purposes)
        advertising = tuple(purpose for purpose in about if purpose.marketing)
        weighed = tuple(p for p in about if p.basis in _OPEN_TO_OBJECTION and not p.marketing)
        if result.complete and not result.found and not advertising:
            return nothing_found(file, seen, result)
        answer = _answer(file, about, advertising, weighed)
        refused = answer.ground is not None
        blocks = (*head(file, answer.decision), *answer.blocks, *not_asked(file, result), *tail(file, refusal=refused))
        weighing = picked(file, "weighing")
        open_yet = not refused and not weighing and (bool(weighed) or not about)
        frozen = freeze(file, _only(about)) if open_yet else ()
        return Prepared(
            answer.decision,
            answer.actions,
            letter(file, blocks),
            None,
            (*filter(None, [answer.note]), *notes(file, seen, result)),
            ground=answer.ground,
            meanwhile=frozen,
            restriction=RestrictionGround.OBJECTION if frozen else None,
            review_on=lifted_on(file) if answer.ground is RefusalGround.COMPELLING else None,
        )


def _answer(
    file: CaseFile, about: tuple[Purpose, ...], advertising: tuple[Purpose, ...], weighed: tuple[Purpose, ...]
) -> _Answer:
    if about and not weighed:
        return _advertising(file, advertising) if advertising else _not_possible(file, about)
    if picked(file, "weighing") == "overriding":
        return _goes_on(file, weighed, advertising)
    return _stops(file, about)


def _advertising(file: CaseFile, purposes: tuple[Purpose, ...]) -> _Answer:
    texts = texts_of(file)
    today = texts.day(file.now)
    blocks = (
        _processing(file, purposes),
        titled(texts, BlockKind.RESTRICTED_USE, texts.say("objection.at_once")),
        titled(texts, BlockKind.WEIGHING, texts.say("objection.absolute")),
        titled(texts, BlockKind.STOPPED, texts.say("stop.all", date=today)),
    )
    also = any(purpose.basis is Basis.CONSENT for purpose in purposes)
    note = staff_texts().say("note.also_consent") if also else ""
    return _Answer(Decision.GRANTED, blocks, opt_out(file), note=note)


def _stops(file: CaseFile, about: tuple[Purpose, ...]) -> _Answer:
    """The weighing came out for the person, or is still open: then its block is empty and the letter can not leave."""
    texts = texts_of(file)
    settled = picked(file, "weighing") == "stopped"
    actions = (*freeze(file, _only(about)), *(opt_out(file) if any(p.marketing for p in about) else ()))
    stopped = texts.say("objection.stopped", date=texts.day(file.now)), texts.say("objection.keeps")
    weighing = titled(texts, BlockKind.WEIGHING, *stopped) if settled else free(texts, BlockKind.WEIGHING)
    done = open_slots(sources_of(actions), labels_of(file), texts.say("heading.done")) if settled and actions else ()
    blocks = (_processing(file, about), _frozen(file), weighing, *done)
    return _Answer(
        Decision.GRANTED, blocks, actions if settled else (), note="" if settled else staff_texts().say("note.weigh")
    )


def _goes_on(file: CaseFile, weighed: tuple[Purpose, ...], advertising: tuple[Purpose, ...]) -> _Answer:
    """Compelling grounds: refused, but never for advertising. The freeze ends after the person has read this."""
    texts, today = texts_of(file), texts_of(file).day(file.now)
    facts = {
        "processing": ", ".join(purpose.title for purpose in weighed),
        "interest": picked(file, "interest"),
        "weighing": picked(file, "why"),
    }
    stopped = texts.say("objection.ads_stopped", date=today) if advertising else texts.say("objection.always")
    blocks = (
        _processing(file, (*weighed, *advertising)),
        *ground_blocks(file, RefusalGround.COMPELLING, facts),
        titled(texts, BlockKind.GRANTED, stopped),
        block(BlockKind.TEXT, texts.say("objection.lifted", date=texts.day(lifted_on(file))), key="lifted"),
    )
    if not advertising:
        return _Answer(
            Decision.REFUSED, blocks, (), RefusalGround.COMPELLING, note=staff_texts().say("note.lift_after")
        )
    weighing = titled(texts, BlockKind.WEIGHING, texts.say("objection.absolute"))
    return _Answer(
        Decision.PARTLY,
        (*blocks, _frozen(file), weighing),
        opt_out(file),
        RefusalGround.COMPELLING,
        note=staff_texts().say("note.lift_after"),
    )


def lifted_on(file: CaseFile) -> date:
    """The freeze ends a week after this letter, so that the person hears it before (art. 18(3))."""
    return file.now.astimezone(AMSTERDAM).date() + _HEARD_BEFORE


def _not_possible(file: CaseFile, about: tuple[Purpose, ...]) -> _Answer:
    """Not against contract, duty or consent: says why, and what does apply."""
    texts = texts_of(file)
    reasons = "; ".join(f"{purpose.title}: {basis_words(texts, purpose.basis)}" for purpose in about)
    facts = {
        "right": texts.say("objection.right"),
        "why": texts.say("objection.why", reasons=reasons),
        "what_instead": texts.say("objection.instead"),
    }
    ground = RefusalGround.NO_SUCH_RIGHT
    granted = titled(texts, BlockKind.GRANTED, texts.say("objection.always"))
    return _Answer(Decision.REFUSED, (*ground_blocks(file, ground, facts), granted), (), ground)


def _processing(file: CaseFile, purposes: tuple[Purpose, ...]) -> Block:
    texts = texts_of(file)
    if not purposes:
        return free(texts, BlockKind.PROCESSING)
    items = [
        purpose.title
        if purpose.marketing
        else texts.say("objection.reason", purpose=purpose.title, basis=basis_words(texts, purpose.basis))
        for purpose in purposes
    ]
    return titled(texts, BlockKind.PROCESSING, texts.say("objection.about"), items=items)


def _frozen(file: CaseFile) -> Block:
    return titled(texts_of(file), BlockKind.RESTRICTED_USE, texts_of(file).say("objection.frozen"))


def _only(purposes: tuple[Purpose, ...]) -> frozenset[str] | None:
    """The kinds of data that the objection is about; all of them while that is not clear."""
    return frozenset(key for purpose in purposes for key in purpose.categories) or None
