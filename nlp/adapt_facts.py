"""What the second reader learns of facts without a shape of their own (`adapt`): texts, and what each piece is.

Customer, order and invoice numbers and the towns people live in are told by the words around them, as old and new
values are. It learns from messages that hold one, and from those that hold what looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cases.reading import FactKind
from nlp.adapt_corrections import IGNORED, Numbers
from nlp.encoder import SHAPELESS, Bounds
from nlp.examples import Example
from nlp.own_words import blanked
from nlp.train import joined
from nlp.word_features import is_town

_LOOKS_LIKE_ONE = re.compile(r"\d{3}|\d\d\W\d\d")
_WORD = re.compile(r"\b[A-Z][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Marked:
    text: str
    own: int  # where the body begins: nobody marked facts in subjects
    facts: tuple[tuple[FactKind, int, int], ...]


def marked(examples: Sequence[Example]) -> list[Marked]:
    """Those with such a fact beside names, and those where one might be looked for."""
    return list(_marked(examples))


def _marked(examples: Sequence[Example]) -> Iterator[Marked]:
    for example in examples:
        if example.facts is None:
            continue
        found = [fact for fact in example.facts if fact.kind in SHAPELESS]
        body = blanked(example.text, example.own)
        told = any(fact.kind is not FactKind.NAME for fact in found)
        if told or _LOOKS_LIKE_ONE.search(body) or any(is_town(word.group()) for word in _WORD.finditer(body)):
            text = joined(example.subject, body)
            begin = len(text) - len(body)
            facts = tuple((fact.kind, begin + fact.start, begin + fact.end) for fact in found)
            yield Marked(text, begin, facts)


def kind_targets(message: Marked, pieces: Bounds) -> Numbers:
    """The kind of each piece, as a place in `SHAPELESS`, begin and end of the text among them; `IGNORED`: not known."""
    found = np.zeros(len(pieces) + 2, dtype=np.int32)
    for number, (first, last) in enumerate(pieces, start=1):
        if last <= message.own:
            found[number] = IGNORED
        for kind, start, end in message.facts:
            if first < end and start < last:
                found[number] = SHAPELESS.index(kind)
    found[[0, -1]] = IGNORED
    return found
