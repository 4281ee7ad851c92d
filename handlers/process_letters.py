"""Letters on the way of a request: more time, too late, closed for silence, freeze lifted, joined, split, a breach.

Each says what happens, until when, and how to object; which blocks it needs stands in `cases/letters.REQUIRED_PROCESS`.
Staff approve every one of them. Facts that are missing raise InputError `facts_missing`: no letter without its reason.
Whether an extension or a suspension is still allowed is a matter of dates: `cases/deadlines`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cases.errors import InputError
from cases.letters import Block, BlockKind, Letter, Table
from cases.policy import Policy
from cases.types import Decision, RefusalGround
from handlers.base import CaseFile
from handlers.parts import block, closing, complaint, contact, head, letter, note_block, tail, texts_of, titled
from handlers.refusals import extra_blocks, ground_blocks
from handlers.wording import Texts


class ExtensionReason(StrEnum):
    """The two reasons that art. 12(3) knows. Staff shortage and holidays are none."""

    COMPLEXITY = "complexity"
    NUMBER = "number"


_REASONS = {ExtensionReason.COMPLEXITY: "extension.complexity", ExtensionReason.NUMBER: "extension.number"}


def extension_letter(file: CaseFile, reason: ExtensionReason, explanation: str, *, new_date: date) -> Letter:
    """Two further months at most, counted from receipt; leaves within the first month, with its reasons."""
    texts = texts_of(file)
    dates = {"date": texts.day(new_date), "told": texts.day(file.told_date)}
    return on_the_way(
        file,
        texts.say("extension.subject", case=file.case_number),
        titled(texts, BlockKind.REASON, texts.say(_REASONS[reason], explanation=_fact(explanation))),
        titled(texts, BlockKind.NEW_DATE, texts.say("extension.new_date", **dates), texts.say("extension.sooner")),
    )


def late_letter(file: CaseFile, *, new_date: date) -> Letter:
    """Past the date: sorry, the new date, the authority and the court. Never called an extension."""
    texts = texts_of(file)
    return on_the_way(
        file,
        texts.say("late.subject", case=file.case_number),
        titled(texts, BlockKind.APOLOGY, texts.say("late.apology", told=texts.day(file.told_date))),
        titled(
            texts, BlockKind.NEW_DATE, texts.say("late.new_date", date=texts.day(new_date)), texts.say("late.no_wait")
        ),
        refusal=True,
    )


def silence_letter(file: CaseFile, *, asked_on: date, asked: str = "", complete: str = "") -> Letter:
    """Closing because nothing came back is a refusal (art. 12(4), 12(6)): reasons, authority, court, and how to go on.

    Without words of staff it is about the code. Its decision is REFUSED on IDENTITY_NOT_PROVEN.
    """
    texts = texts_of(file)
    facts = {
        "asked_on": texts.day(asked_on),
        "what_asked": asked.strip() or texts.say("silence.asked"),
        "how_to_complete": complete.strip() or texts.say("silence.complete"),
    }
    blocks = (
        *head(file, Decision.REFUSED, texts.say("silence.decision")),
        *ground_blocks(file, RefusalGround.IDENTITY_NOT_PROVEN, facts),
        titled(texts, BlockKind.GRANTED, texts.say("silence.granted")),
        *extra_blocks(file),
        *tail(file, refusal=True),
    )
    return letter(file, blocks)


def lifting_letter(file: CaseFile, *, since: date, on: date, why: str) -> Letter:
    """The person hears it before the freeze ends (art. 18(3)), in time to object."""
    texts = texts_of(file)
    reason = texts.say("lifting.since", since=texts.day(since)), texts.say("lifting.why", why=_fact(why))
    return on_the_way(
        file,
        texts.say("lifting.subject", case=file.case_number),
        titled(texts, BlockKind.REASON, *reason),
        titled(texts, BlockKind.NEW_DATE, texts.say("lifting.from", date=texts.day(on))),
        titled(texts, BlockKind.OBJECT, texts.say("lifting.disagree")),
    )


def joined_letter(file: CaseFile, others: Iterable[str]) -> Letter:
    """Several messages about one matter became one case: its numbers, and that the date stays."""
    texts = texts_of(file)
    joined = texts.say("joined.text", case=file.case_number, others=_fact(", ".join(others)))
    return on_the_way(
        file,
        texts.say("joined.subject", case=file.case_number),
        block(BlockKind.TEXT, joined, key="joined"),
        titled(texts, BlockKind.NEW_DATE, texts.say("joined.date", told=texts.day(file.told_date))),
    )


def split_letter(file: CaseFile, other: str, *, other_told: date) -> Letter:
    """One message held several matters: which number is which, and that no date moves."""
    texts = texts_of(file)
    return on_the_way(
        file,
        texts.say("split.subject", case=file.case_number),
        block(BlockKind.TEXT, texts.say("split.text", case=file.case_number, other=_fact(other)), key="split"),
        titled(
            texts,
            BlockKind.NEW_DATE,
            texts.say("split.date", case=file.case_number, told=texts.day(file.told_date)),
            texts.say("split.date", case=_fact(other), told=texts.day(other_told)),
            texts.say("split.stays"),
        ),
    )


def narrow_letter(file: CaseFile, offer: str) -> Letter:
    """Offers to begin with a part (recital 63). A question, no condition: who wants everything gets it, on the date."""
    texts = texts_of(file)
    return on_the_way(
        file,
        texts.say("narrow.subject", case=file.case_number),
        titled(texts, BlockKind.CAN_DO, texts.say("narrow.text", offer=_fact(offer)), texts.say("narrow.free")),
        titled(texts, BlockKind.NEW_DATE, texts.say("narrow.date", told=texts.day(file.told_date))),
    )


def on_the_way(file: CaseFile, subject: str, *blocks: Block, refusal: bool = False) -> Letter:
    """The frame of a letter that decides nothing: as every letter, without a decision."""
    first = (each for each in head(file, Decision.INFORMATION) if each.kind is not BlockKind.DECISION)
    return Letter(subject, texts_of(file).form, (*first, *blocks, *tail(file, refusal=refusal)))


# --- a breach ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BreachFacts:
    """What art. 34(2) asks to be told, in plain words; `reported`: the authority was told too (art. 33)."""

    happened_on: date
    what: str
    data: str
    consequences: str
    measures: str
    advice: str
    reported: bool = False


def breach_letter(policy: Policy, texts: Texts, reference: str, facts: BreachFacts) -> Letter:
    """To everybody whose data were in it; they need not have asked anything, so there is no case file."""
    say = texts.say
    what = say("breach.happened", date=texts.day(facts.happened_on), what=_fact(facts.what))
    reported = say("breach.reported", authority=policy.authority.name) if facts.reported else ""
    officer = say("breach.officer", officer=policy.contact.fg) if policy.contact.fg else ""
    return Letter(
        say("breach.subject"),
        texts.form,
        (
            block(BlockKind.REFERENCE, table=Table((), ((say("breach.reference"), reference),))),
            block(BlockKind.GREETING, say("frame.greeting")),
            block(BlockKind.APOLOGY, say("breach.sorry")),
            titled(texts, BlockKind.HAPPENED, what, say("breach.data", data=_fact(facts.data))),
            titled(texts, BlockKind.CONSEQUENCES, say("breach.consequences", consequences=_fact(facts.consequences))),
            titled(
                texts,
                BlockKind.MEASURES,
                say("breach.measures", measures=_fact(facts.measures)),
                say("breach.advice", advice=_fact(facts.advice)),
                reported,
                officer,
            ),
            note_block(),
            contact(texts, policy, reference),
            complaint(texts, policy),
            block(BlockKind.CHECKED_BY, say("letter.checked_by", role=policy.staff_role)),
            closing(texts, policy),
        ),
    )


def _fact(text: str) -> str:
    """Words of staff as they stand inside a sentence of ours; InputError when they are missing."""
    clean = " ".join(text.split()).rstrip(".")
    if not clean:
        raise InputError("facts_missing")
    return clean
