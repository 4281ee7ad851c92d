"""Parts of addresses as the second reader sees them: the words around tell what a town is.

Patterns and the tagger find most of them (`facts`). Where they are not sure, it is asked of which kind each piece of
the text is (`encoder.SHAPELESS`): a town it doubts is left out, what only it sees is put beside, names too, and a
street of which the others saw a part becomes the whole. What it says of numbers of customers, orders and invoices is
weighed in `fact_references`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cases.reading import Fact, FactKind
from nlp.encoder import SHAPELESS
from nlp.seen_pieces import Look, SeenPieces
from nlp.word_features import is_town

_DOUBTED = -4.0  # log-odds, below which a town that was found is left out
_ALONE = {  # log-odds, from which a stretch is one that nobody else found (on held-out writers)
    FactKind.PLACE: 3.0, FactKind.STREET: 3.5, FactKind.HOUSE_NUMBER: 0.5, FactKind.NAME: 4.0,
}  # fmt: skip
_WHOLE = 4.5  # log-odds, from which a street is as long as the second reader sees it
_OTHERS = {kind: [at for at in range(len(SHAPELESS)) if SHAPELESS[at] is not kind] for kind in SHAPELESS}
_NUMBERED = re.compile(r"\d")


class SeenFacts(SeenPieces):
    def kind(self, kind: FactKind, start: int, end: int) -> float:
        """Log-odds that a stretch is such a fact."""
        return self.odds(start, end, [SHAPELESS.index(kind)], _OTHERS[kind])


_WORD = re.compile(r"\b[A-Z][\w'’-]+")
_PARTS = frozenset({FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE})
_OF_STREETS = (FactKind.NAME, FactKind.PLACE)  # that a street may be called after
_NEAR = 4  # characters between parts of one address


def unclear(text: str, facts: Sequence[Fact]) -> bool:
    """Whether there is anything to ask: part of an address by itself, a word that may be a town."""
    parts = [fact for fact in facts if fact.kind in _PARTS]
    alone = [
        fact
        for fact in parts
        if not any(max(one.start - fact.end, fact.start - one.end) <= _NEAR for one in parts if one is not fact)
    ]

    def free(match: re.Match[str]) -> bool:
        return all(match.end() <= fact.start or fact.end <= match.start() for fact in facts)

    return any(fact.kind is not FactKind.POSTCODE for fact in alone) or any(
        is_town(match.group()) and free(match) for match in _WORD.finditer(text)
    )


def looked_at(text: str, facts: Sequence[Fact], look: Look) -> tuple[Fact, ...]:
    """The facts that are left, and the parts of addresses that nobody else saw."""
    seen = SeenFacts(text, *look(text))
    kept = [
        fact
        for fact in facts
        if fact.kind is not FactKind.PLACE or seen.kind(fact.kind, fact.start, fact.end) > _DOUBTED
    ]
    for _, sort, start, end in seen.stretches(seen.chances.argmax(axis=1).tolist()):
        kind = SHAPELESS[sort]
        if kind not in _ALONE:
            continue
        sure = seen.kind(kind, start, end)
        there = [fact for fact in kept if fact.start < end and start < fact.end]
        if kind is FactKind.STREET and sure > _WHOLE and _part_of_street(there, start, end):
            kept = [fact for fact in kept if fact not in there]
            there = []
        if not there and sure > _ALONE[kind] and (kind is not FactKind.HOUSE_NUMBER or _housed(text, kept, start, end)):
            kept.append(Fact(kind, text[start:end], start, end, False))
    return tuple(sorted(kept, key=lambda fact: fact.start))


def _housed(text: str, facts: Sequence[Fact], start: int, end: int) -> bool:
    """Whether it is a number right behind a street: of those that stand alone the words tell more (`fact_houses`)."""
    return _NUMBERED.search(text, start, end) is not None and any(
        fact.kind is FactKind.STREET and 0 <= start - fact.end <= _NEAR for fact in facts
    )


def _part_of_street(there: Sequence[Fact], start: int, end: int) -> bool:
    """Whether what was found is one street and what it may be called after: "Hanekamp" of "de Hanekamp"."""
    return [fact.kind for fact in there if fact.kind not in _OF_STREETS] == [FactKind.STREET] and all(
        start <= fact.start and fact.end <= end for fact in there
    )
