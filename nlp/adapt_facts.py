"""What the second reader learns of facts without a shape of their own (`adapt`): texts, and what each piece is.

Customer, order and invoice numbers and the towns people live in are told by the words around them, as old and new
values are. It learns from messages that hold one, as written and, for learning only, with other digits, for a number
that is known by heart tells nothing of the words around it; and from those that hold what looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cases.reading import FactKind
from nlp.adapt_corrections import IGNORED, Numbers
from nlp.encoder import SHAPELESS, Bounds
from nlp.examples import Example
from nlp.fact_references import KINDS
from nlp.own_words import blanked, joined
from nlp.word_features import is_town

_LOOKS_LIKE_ONE = re.compile(r"\d{3}|\d\d\W\d\d")
_WORD = re.compile(r"\b[A-Z][\w'’-]+")
_DIGITS = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d+")  # a year stays what it is
_LONG = 3  # digits from which others stand for them outside a number too


@dataclass(frozen=True, slots=True)
class Marked:
    text: str
    own: int  # where the body begins: nobody marked facts in subjects
    facts: tuple[tuple[FactKind, int, int], ...]


def marked(examples: Sequence[Example], chance: np.random.Generator) -> list[Marked]:
    """Those with such a fact beside names, and those where one might be looked for; with numbers, other ones too."""
    written = list(_marked(examples))
    told = [one for one in written if any(kind in KINDS for kind, _, _ in one.facts)]
    return written + [_with_other_digits(one, chance) for one in told]


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


def _with_other_digits(message: Marked, chance: np.random.Generator) -> Marked:
    """The same digits become the same others, wherever they stand; noughts stay: a telephone still looks like one."""
    numbers = [(start, end) for kind, start, end in message.facts if kind in KINDS]
    found: dict[str, str] = {}

    def other(match: re.Match[str]) -> str:
        was, (start, end) = match.group(), match.span()
        if len(was) < _LONG and not any(first < end and start < last for first, last in numbers):
            return was
        return found.setdefault(was, "".join(c if c == "0" else str(chance.integers(1, 10)) for c in was))

    return replace(message, text=_DIGITS.sub(other, message.text))


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
