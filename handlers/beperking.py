"""Restriction, art. 18 AVG: freeze what is held on one of four grounds, look at it again, tell before it is lifted.

`chosen["ground"]` settles the ground (or "none": no ground applies); else the request's own words or a request beside
it do. `chosen["review_on"]` settles the day somebody looks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cases.context import AMSTERDAM
from cases.errors import InputError
from cases.letters import Block, BlockKind
from cases.types import Decision, Label, RefusalGround, RestrictionGround
from handlers.base import Action, CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.outcomes import open_slots, sources_of
from handlers.parts import free, head, letter, tail, texts_of, titled
from handlers.planning import categories_of, freeze, holding, labels_of, recipients, recipients_told, says
from handlers.refusals import ground_blocks
from handlers.searching import not_asked, search
from handlers.wording import staff_texts

# In this order: who disputes a value in a lawsuit disputes the value.
_WORDS: Mapping[RestrictionGround, tuple[str, ...]] = {
    RestrictionGround.CLAIM: ("rechtszaak", "rechter", "vordering", "procedure", "advocaat", "court", "lawyer"),
    RestrictionGround.ACCURACY: ("klopt niet", "kloppen niet", "onjuist", "niet juist", "niet correct", "betwist",
                                 "fout", "incorrect", "inaccurate"),
    RestrictionGround.OBJECTION: ("bezwaar", "objection"),
    RestrictionGround.UNLAWFUL: ("onrechtmatig", "mag niet", "mogen niet", "niet wissen", "unlawful"),
}  # fmt: skip
_SAID: Mapping[RestrictionGround, str] = {
    RestrictionGround.ACCURACY: "freeze.accuracy",
    RestrictionGround.UNLAWFUL: "freeze.unlawful",
    RestrictionGround.CLAIM: "freeze.claim",
    RestrictionGround.OBJECTION: "freeze.objection",
}


@dataclass(frozen=True, slots=True)
class Beperking:
    label: Label = Label.BEPERKING
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        looked = search(file)
        if looked.nothing is not None:
            return looked.nothing
        result, remarks = looked.result, looked.notes
        if picked(file, "ground") == "none":
            return _no_ground(file, remarks)
        ground, review = ground_of(file), review_on(file)
        plan = freeze(file)
        told = recipients(file, {key for _, info, _ in holding(file) for key in categories_of(info)})
        texts = texts_of(file)
        blocks = (
            *head(file, Decision.GRANTED),
            *_restriction(file, ground, plan),
            titled(texts, BlockKind.EXCEPTIONS, texts.say("generic.exceptions")),
            titled(
                texts,
                BlockKind.BEFORE_LIFTING,
                texts.say("freeze.review", date=texts.day(review)),
                texts.say("generic.before_lifting"),
            ),
            recipients_told(file, told),
            *not_asked(file, result),
            *tail(file),
        )
        if ground is None:
            remarks = (staff_texts().say("note.ground"), *remarks)
        return Prepared(
            Decision.GRANTED, plan, letter(file, blocks), None, remarks, tell=tuple(item.key for item in told),
            restriction=ground, review_on=review,
        )  # fmt: skip


def ground_of(file: CaseFile) -> RestrictionGround | None:
    """What staff settled; else what the words or the other requests of the case say; None: a person decides."""
    settled = picked(file, "ground")
    if settled:
        return RestrictionGround(settled)
    spoken = next((ground for ground, words in _WORDS.items() if says(file.as_understood, words)), None)
    beside = {Label.CORRECTIE: RestrictionGround.ACCURACY, Label.BEZWAAR: RestrictionGround.OBJECTION}
    return spoken or next((beside[label] for label in file.also if label in beside), None)


def review_on(file: CaseFile) -> date:
    """The day somebody looks whether it is still needed. InputError `bad_date` for a day that is none, or past."""
    today = file.now.astimezone(AMSTERDAM).date()
    settled = picked(file, "review_on")
    if not settled:
        return today + timedelta(days=file.policy.restriction_review_days)
    try:
        day = date.fromisoformat(settled)
    except ValueError:
        raise InputError("bad_date") from None
    if day <= today:
        raise InputError("bad_date")
    return day


def _restriction(file: CaseFile, ground: RestrictionGround | None, plan: tuple[Action, ...]) -> tuple[Block, ...]:
    """The ground and what is frozen; with the day it was done, per system, once that is known."""
    texts = texts_of(file)
    if ground is None:
        return (free(texts, BlockKind.RESTRICTION),)
    items = [f"{source.label}: {info.label}" for source, info, _ in holding(file)]
    where = texts.say("freeze.where") if items else ""
    block = titled(texts, BlockKind.RESTRICTION, texts.say(_SAID[ground]), where, items=items)
    if not plan:
        return (block,)
    return (block, *open_slots(sources_of(plan), labels_of(file), texts.say("heading.done")))


def _no_ground(file: CaseFile, remarks: tuple[str, ...]) -> Prepared:
    """None of the four grounds applies: staff write why, and what does."""
    texts, ground = texts_of(file), RefusalGround.NO_SUCH_RIGHT
    blocks = (
        *head(file, Decision.REFUSED),
        *ground_blocks(file, ground, {"right": texts.say("freeze.right")}),
        free(texts, BlockKind.GRANTED),
        *tail(file, refusal=True),
    )
    return Prepared(Decision.REFUSED, (), letter(file, blocks), None, remarks, ground=ground)
