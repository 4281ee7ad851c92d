"""Persons, streets and towns: a small log-linear tagger over words, learned from the marked facts of the corpus.

Names have no shape of their own, least of all in mail without capitals; where they stand, what stands around them and
lists of first names and towns tell together. Lives here: scoring and decoding. Features are in `word_features`, fitting
is in `train_tagger`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from cases.reading import FactKind
from nlp.features import Floats
from nlp.tokens import Token
from nlp.word_features import FEATURES, Lexicon, features_of

TAGGED = (FactKind.NAME, FactKind.STREET, FactKind.PLACE)


class Tag(IntEnum):
    """Begin and inside of each kind; neighbours of one kind that are two facts need the begin."""

    O = 0  # noqa: E741 - the field's name for "outside"
    B_NAME = 1
    I_NAME = 2
    B_STREET = 3
    I_STREET = 4
    B_PLACE = 5
    I_PLACE = 6


_KINDS = {int(Tag[f"B_{kind.name}"]): kind for kind in TAGGED}
_INSIDE = {begin: begin + 1 for begin in _KINDS}
_BEGUN = {inside: begin for begin, inside in _INSIDE.items()}

_ONES = np.ones(FEATURES, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Tagger:
    """Weights by hashed feature, and the words that are known."""

    weights: Floats  # 2 ** BITS x tags
    lexicon: Lexicon

    def spans(self, tokens: Sequence[Token]) -> list[tuple[FactKind, int, int]]:
        if not tokens:
            return []
        scores = _ONES @ np.take(self.weights, features_of(tokens, self.lexicon), axis=0)  # far faster than a sum
        return list(_spans(tokens, _decoded(scores)))


def _decoded(scores: Floats) -> list[int]:
    """The best row of tags in which an inside follows its own kind only."""
    tags: list[int] = scores.argmax(axis=1).tolist()
    before = int(Tag.O)
    for tag in tags:
        if tag in _BEGUN and before not in (tag, _BEGUN[tag]):
            return _viterbi(scores.tolist())
        before = tag
    return tags  # the best of each is allowed, so it is the best of all


def _viterbi(rows: Sequence[Sequence[float]]) -> list[int]:
    """Everything may follow everything, but an inside only its begin or itself."""
    best = [float("-inf") if tag in _BEGUN else score for tag, score in enumerate(rows[0])]
    back: list[list[int]] = []
    for row in rows[1:]:
        likeliest = max(range(len(best)), key=best.__getitem__)
        came = [likeliest] * len(row)
        for inside, begin in _BEGUN.items():
            came[inside] = begin if best[begin] >= best[inside] else inside
        best = [best[came[tag]] + score for tag, score in enumerate(row)]
        back.append(came)
    tags = [max(range(len(best)), key=best.__getitem__)]
    for came in reversed(back):
        tags.append(came[tags[-1]])
    return tags[::-1]


def _spans(tokens: Sequence[Token], tags: Sequence[int]) -> Iterator[tuple[FactKind, int, int]]:
    at = 0
    while at < len(tags):
        begin = tags[at]
        at += 1
        if begin in _KINDS:
            start = at - 1
            while at < len(tags) and tags[at] == _INSIDE[begin]:
                at += 1
            yield _KINDS[begin], tokens[start].start, tokens[at - 1].end
