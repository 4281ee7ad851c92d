"""Withdrawing consent, art. 7(3) AVG: what truly rests on it stops, not backwards; the rest goes on, with why.

Where a statement calls contract or tax duty "consent" (`Purpose.claimed_consent`) the letter says so and those parts
go on. `chosen["purposes"]` settles which consent is meant; else the request's own words do, else it is all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.policy import Basis, Purpose
from cases.types import Decision, Label, RefusalGround
from handlers.article15 import basis_words
from handlers.base import Action, CaseFile, Needs, Prepared
from handlers.outcomes import open_slots, sources_of
from handlers.parts import block, head, letter, tail, texts_of, titled
from handlers.planning import freeze, labels_of, named, opt_out
from handlers.refusals import ground_blocks
from handlers.searching import not_asked, search
from handlers.wording import Texts, staff_texts


@dataclass(frozen=True, slots=True)
class Intrekken:
    label: Label = Label.INTREKKEN
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        meant = named(file, file.policy.purposes)
        stops = tuple(p for p in meant or file.policy.purposes if p.basis is Basis.CONSENT)
        goes_on = _goes_on(file, meant)
        if meant and not stops:
            return _refused(file, goes_on)
        plan = _plan(file, stops)
        looked = search(file)
        result = looked.result
        say = staff_texts().say
        remarks = (
            *(() if meant else (say("note.no_consent"),)),
            say("note.erase_consent"),
            *looked.notes,
        )
        left = goes_on if meant else tuple(p for p in goes_on if p.claimed_consent)
        decision = Decision.PARTLY if meant and left else Decision.GRANTED
        ground = RefusalGround.NO_SUCH_RIGHT if decision is Decision.PARTLY else None
        blocks = (
            *head(file, decision),
            *_consent(file, stops),
            titled(texts_of(file), BlockKind.NOT_BACKWARDS, texts_of(file).say("generic.not_backwards")),
            *_continues(file, goes_on),
            *open_slots(sources_of(plan), labels_of(file), texts_of(file).say("heading.done"))[: None if plan else 0],
            *(_why(file, left) if ground else ()),
            *not_asked(file, result),
            *tail(file, refusal=ground is not None),
        )
        return Prepared(decision, plan, letter(file, blocks), None, remarks, ground=ground)


def _goes_on(file: CaseFile, meant: tuple[Purpose, ...]) -> tuple[Purpose, ...]:
    """What goes on: of the uses that were meant, or of all of them."""
    return tuple(purpose for purpose in meant or file.policy.purposes if purpose.basis is not Basis.CONSENT)


def _plan(file: CaseFile, stops: tuple[Purpose, ...]) -> tuple[Action, ...]:
    """Off every list when a list was meant; data that only these uses needed are frozen."""
    needed = {key for p in file.policy.purposes if p not in stops for key in p.categories}
    only = {key for purpose in stops for key in purpose.categories} - needed
    lists = opt_out(file) if any(purpose.marketing for purpose in stops) else ()
    return (*lists, *(freeze(file, only) if only else ()))


def _consent(file: CaseFile, stops: tuple[Purpose, ...]) -> tuple[Block, ...]:
    texts = texts_of(file)
    items = [purpose.title for purpose in stops]
    first = texts.say("consent.stops", date=texts.day(file.now))
    not_used = block(BlockKind.TEXT, texts.say("consent.not_used"), key="not_used")
    return (titled(texts, BlockKind.CONSENT, first, items=items), not_used)


def _continues(file: CaseFile, purposes: tuple[Purpose, ...]) -> tuple[Block, ...]:
    texts = texts_of(file)
    if not purposes:
        return (titled(texts, BlockKind.CONTINUES, texts.say("consent.rest")),)
    listed = titled(texts, BlockKind.CONTINUES, texts.say("consent.goes_on"), items=_reasons(texts, purposes))
    if not any(purpose.claimed_consent for purpose in purposes):
        return (listed,)
    return (listed, block(BlockKind.TEXT, texts.say("consent.claimed"), key="claimed"))


def _reasons(texts: Texts, purposes: tuple[Purpose, ...]) -> list[str]:
    return [
        texts.say("consent.reason", purpose=purpose.title, basis=basis_words(texts, purpose.basis))
        for purpose in purposes
    ]


def _why(file: CaseFile, purposes: tuple[Purpose, ...]) -> tuple[Block, ...]:
    texts = texts_of(file)
    facts = {
        "right": texts.say("consent.right"),
        "why": texts.say("consent.why", reasons="; ".join(_reasons(texts, purposes))),
        "what_instead": texts.say("consent.instead"),
    }
    granted = titled(texts, BlockKind.GRANTED, texts.say("consent.still"))
    return (*ground_blocks(file, RefusalGround.NO_SUCH_RIGHT, facts), granted)


def _refused(file: CaseFile, meant: tuple[Purpose, ...]) -> Prepared:
    """All that was meant rests on something else: nothing stops, and the letter says on what it rests."""
    texts = texts_of(file)
    claimed = any(purpose.claimed_consent for purpose in meant)
    said = (titled(texts, BlockKind.CONTINUES, texts.say("consent.claimed")),) if claimed else ()
    blocks = (*head(file, Decision.REFUSED), *said, *_why(file, meant), *tail(file, refusal=True))
    return Prepared(
        Decision.REFUSED, (), letter(file, blocks), None, search(file).notes,
        ground=RefusalGround.NO_SUCH_RIGHT,
    )  # fmt: skip
