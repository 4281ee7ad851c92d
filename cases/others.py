"""Values in an export that may be about somebody else: what they are, where they stand, what staff decided.

A copy may not harm others (art. 15(4), 20(4) AVG): such values are left out, the rest is given (recital 63). Values
only; `handlers/others.py` finds them, `handlers/masking.py` leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

SHOWN = 20  # places of one value that are kept with a draft; every one is left out
CHOSEN = "others:"  # key in `CaseFile.chosen`: JSON, id → "out" or "in"


class OtherKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    BSN = "bsn"
    NAME = "name"
    MARKED = "marked"  # its field is declared to be about somebody else
    UNREAD = "unread"  # too much text to look through: a person does


class Choice(StrEnum):
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where a value stands, with the words around it."""

    source: str
    table: str
    column: str
    where: str  # for people: system, table, field
    record: int  # its row in the export, from 1
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """One value, wherever it stands: it is decided once."""

    id: str
    kind: OtherKind
    value: str  # "" where it was not read
    sure: bool  # left out unless staff say otherwise; else staff have to say
    count: int  # how often it stands in the findings
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    other: str  # its id


Cell = tuple[str, str, int, str]  # source, table, row from 0, column


@dataclass(frozen=True, slots=True)
class Review:
    """What was found in all findings of a request."""

    others: tuple[Other, ...] = ()
    spans: Mapping[Cell, tuple[Span, ...]] = field(default_factory=dict)


NOBODY_ELSE = Review()


def decided(chosen: Mapping[str, str]) -> dict[str, Choice]:
    """What staff said, by id."""
    said: dict[str, str] = json.loads(chosen.get(CHOSEN, "{}"))
    return {key: Choice(value) for key, value in said.items()}


def goes_along(chosen: Mapping[str, str]) -> frozenset[str]:
    """Ids of the values that staff let stand; everything else is left out, undecided or not."""
    return frozenset(key for key, choice in decided(chosen).items() if choice is Choice.IN)


def undecided(others: Iterable[Other], chosen: Mapping[str, str]) -> tuple[Other, ...]:
    """Those that staff have to say something of before the letter may go."""
    said = decided(chosen)
    return tuple(other for other in others if not other.sure and other.id not in said)


def to_plain(others: Iterable[Other]) -> list[dict[str, Any]]:
    """For keeping with a draft: of a value that stands everywhere the first places."""
    return [asdict(replace(other, spots=other.spots[:SHOWN])) for other in others]


def from_plain(data: Iterable[Mapping[str, Any]]) -> tuple[Other, ...]:
    return tuple(
        Other(**(dict(one) | {"kind": OtherKind(one["kind"]), "spots": tuple(Spot(**spot) for spot in one["spots"])}))
        for one in data
    )
