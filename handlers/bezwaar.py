"""Objecting to a use, art. 21(1) AVG: frozen meanwhile, weighed by a person, stopped or refused on compelling grounds.

Against advertising it is absolute (21(3)); against what rests on contract or law it is not possible, and the letter
says what is. Settled by staff: `chosen["purposes"]`, `chosen["weighing"]`, and for compelling grounds
`chosen["interest"]` and `chosen["why"]`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from cases.context import AMSTERDAM
from cases.letters import Block, BlockKind
from cases.policy import Basis, Purpose
from cases.types import Decision, Label, RefusalGround, RestrictionGround
from handlers.article15 import basis_words
from handlers.base import Action, CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.outcomes import open_slots, sources_of
from handlers.parts import block, free, head, letter, tail, texts_of, titled
from handlers.planning import (
    categories_of,
    freeze,
    holding,
    labels_of,
    named,
    opt_out,
    recipients,
    recipients_told,
    says,
)
from handlers.refusals import ground_blocks
from handlers.searching import not_asked, search
from handlers.wording import staff_texts

# Advertising by any name, where the policy has no purpose of its own for it.
_ADVERTISING = ("reclame", "marketing", "nieuwsbrief", "mailing", "advertentie", "advertising", "newsletter")
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
    tell: tuple[str, ...] = ()
    meanwhile: tuple[Action, ...] = ()  # the freeze, until the weighing is settled


@dataclass(frozen=True, slots=True)
class Bezwaar:
    label: Label = Label.BEZWAAR
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        looked = search(file)
        result = looked.result
        about = named(file, file.policy.purposes)
        advertising = tuple(purpose for purpose in about if purpose.marketing)
        weighed = tuple(p for p in about if p.basis in _OPEN_TO_OBJECTION and not p.marketing)
        only_ads = not weighed and (bool(advertising) or (not about and says(file.as_understood, _ADVERTISING)))
        if looked.nothing is not None and not advertising and not only_ads:
            return looked.nothing
        answer = _advertising(file, advertising) if only_ads else _answer(file, about, advertising, weighed)
        others = tuple(p for p in about if not p.marketing and p not in weighed)
        if others and answer.ground is None:
            answer = _partly(file, answer, others)
        refused = answer.ground is not None
        blocks = (*head(file, answer.decision), *answer.blocks, *not_asked(file, result), *tail(file, refusal=refused))
        return Prepared(
            answer.decision,
            answer.actions,
            letter(file, blocks),
            None,
            staff_notes=(*filter(None, [answer.note]), *looked.notes),
            tell=answer.tell,
            ground=answer.ground,
            meanwhile=answer.meanwhile,
            restriction=RestrictionGround.OBJECTION if answer.meanwhile else None,
            review_on=lifted_on(file) if answer.ground is RefusalGround.COMPELLING else None,
        )


def _answer(
    file: CaseFile, about: tuple[Purpose, ...], advertising: tuple[Purpose, ...], weighed: tuple[Purpose, ...]
) -> _Answer:
    if about and not weighed:
        return _not_possible(file, about)
    if picked(file, "weighing") == "overriding":
        return _goes_on(file, weighed, advertising)
    return _stops(file, weighed, advertising)


def _advertising(file: CaseFile, purposes: tuple[Purpose, ...]) -> _Answer:
    texts = texts_of(file)
    today = texts.day(file.now)
    about = titled(texts, BlockKind.PROCESSING, texts.say("objection.ads"))
    blocks = (
        _processing(file, purposes) if purposes else about,
        titled(texts, BlockKind.RESTRICTED_USE, texts.say("objection.at_once")),
        titled(texts, BlockKind.WEIGHING, texts.say("objection.absolute")),
        titled(texts, BlockKind.STOPPED, texts.say("stop.all", date=today)),
    )
    also = any(purpose.basis is Basis.CONSENT for purpose in purposes)
    note = staff_texts().say("note.also_consent") if also else ""
    return _Answer(Decision.GRANTED, blocks, opt_out(file), note=note)


def _stops(file: CaseFile, weighed: tuple[Purpose, ...], advertising: tuple[Purpose, ...]) -> _Answer:
    """The weighing came out for the person, or is still open: then its block is empty and the letter can not leave."""
    texts = texts_of(file)
    settled = picked(file, "weighing") == "stopped"
    if not settled:
        open_yet = (_processing(file, (*weighed, *advertising)), _frozen(file), free(texts, BlockKind.WEIGHING))
        note = staff_texts().say("note.weigh")
        return _Answer(Decision.GRANTED, open_yet, note=note, meanwhile=freeze(file, _only(weighed)))
    actions = (*freeze(file, _only(weighed)), *(opt_out(file) if advertising else ()))
    told = recipients(file, _only(weighed) or {key for _, info, _ in holding(file) for key in categories_of(info)})
    stopped = texts.say("objection.stopped", date=texts.day(file.now)), texts.say("objection.keeps")
    blocks = (
        _processing(file, (*weighed, *advertising)),
        _frozen(file),
        titled(texts, BlockKind.WEIGHING, *stopped),
        *(open_slots(sources_of(actions), labels_of(file), texts.say("heading.done")) if actions else ()),
        *((recipients_told(file, told),) if told else ()),
    )
    return _Answer(Decision.GRANTED, blocks, actions, tell=tuple(item.key for item in told))


def _partly(file: CaseFile, answer: _Answer, others: tuple[Purpose, ...]) -> _Answer:
    """Some of what was objected to rests on contract, duty or consent: that part is explained, the rest stands."""
    refused = _not_possible(file, others)
    return replace(answer, decision=Decision.PARTLY, blocks=(*answer.blocks, *refused.blocks), ground=refused.ground)


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
    """What really was: the freeze is set by a person, before or after this letter was made."""
    stood = "objection.frozen" if file.frozen else "objection.not_frozen"
    return titled(texts_of(file), BlockKind.RESTRICTED_USE, texts_of(file).say(stood))


def _only(purposes: tuple[Purpose, ...]) -> frozenset[str] | None:
    """The kinds of data that the objection is about; all of them while that is not clear."""
    return frozenset(key for purpose in purposes for key in purpose.categories) or None
