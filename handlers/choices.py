"""What a person settles on the way, for each request type: the keys of `CaseFile.chosen` and their possible values.

The console shows these as questions (`question`, `offered`); handlers read them back through `picked`. What the
requester is asked by letter stands in the handler that asks (`Prepared.asks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cases.errors import InputError
from cases.policy import Policy
from cases.types import Label, RestrictionGround
from handlers.base import CaseFile
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Choice:
    """One question to staff. Without options it is answered in words, or by keys of the policy."""

    key: str
    options: tuple[str, ...] = ()


CHOICES: Mapping[Label, tuple[Choice, ...]] = {
    Label.VERWIJDERING: (
        Choice("customer", ("running", "former")),  # where no system says
        Choice("erasure", ("unneeded", "end_then_all", "only_ads")),  # what a running customer meant
        Choice("end_on"),  # ISO date: the last day of a contract that is ended first
    ),
    Label.CORRECTIE: (Choice("statement"),),  # the person's own statement beside the data (art. 16)
    Label.BEZWAAR: (
        Choice("purposes"),  # keys of the policy's purposes, comma between
        Choice("weighing", ("stopped", "overriding")),
        Choice("interest"),  # of "overriding": the compelling reason
        Choice("why"),  # and why it weighs more than the situation of the requester
    ),
    Label.INTREKKEN: (Choice("purposes"),),
    Label.BEPERKING: (
        Choice("ground", (*(ground.value for ground in RestrictionGround), "none")),
        Choice("review_on"),  # ISO date; the policy's number of days from now where empty
    ),
    Label.OVERDRACHT: (Choice("party", ("self", "other")), Choice("party_name")),
    Label.BESLUIT: (Choice("review", ("none", "upheld", "changed")),),
    Label.KLACHT: (Choice("finding", ("founded", "partly", "rejected")), Choice("other_person", ("yes", "no"))),
    Label.VRAAG: (Choice("answer"),),  # key of one of the policy's approved answers
}


def question(choice: Choice) -> str:
    """What staff are asked, in Dutch."""
    return staff_texts().say(f"choice.{choice.key}")


def offered(policy: Policy, choice: Choice) -> tuple[tuple[str, str], ...]:
    """The values to choose from, with their Dutch words; () where it is answered in words."""
    if choice.key == "purposes":  # more than one may be meant
        return tuple((purpose.key, purpose.title) for purpose in policy.purposes)
    if choice.key == "answer":
        return tuple((answer.key, answer.topic) for answer in policy.answers)
    return tuple((value, staff_texts().say(f"choice.{choice.key}_{value}")) for value in choice.options)


def picked(file: CaseFile, key: str) -> str:
    """What was settled; "" while it is open. InputError `unknown_choice` for a value that is none of the options."""
    value = file.chosen.get(key, "").strip()
    options = next(choice.options for choice in CHOICES[file.label] if choice.key == key)
    if value and options and value not in options:
        raise InputError("unknown_choice")
    return value
