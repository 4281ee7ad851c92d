"""Fits the tagger of persons, streets and towns from the marked examples: multinomial logistic regression by L-BFGS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from cases.reading import FactKind
from nlp.examples import Example
from nlp.features import Buckets
from nlp.own_words import blanked
from nlp.softmax import fit_softmax
from nlp.tagger import TAGGED, Tag, Tagger
from nlp.tokens import Token, tokens_of
from nlp.word_features import BITS, FEATURES, Lexicon, features_of, key_of

STRENGTH = 2.0  # inverse regularisation
STEPS = 16
_FREQUENT = 3  # messages with the word in lower case
_NEAR = 1  # words to either side
_EVERY = 10
_LEAST = 4  # times a feature must occur


def fit_tagger(examples: Sequence[Example]) -> Tagger:
    marked = [example for example in examples if example.facts is not None]
    seen = Counter(word for example in examples for word in _everyday_of(_unnamed(example)))
    lexicon = Lexicon(frozenset(word for word, count in seen.items() if count >= _FREQUENT))
    borderline = frozenset(word for word, count in seen.items() if count == _FREQUENT)
    rows: list[Buckets] = []
    tags: list[int] = []
    for example in marked:
        tokens = _tokens(example)
        if tokens:
            found = tags_of(example, tokens)
            kept = _telling(tokens, found, lexicon)
            rows.append(features_of(tokens, lexicon, rare=borderline & _everyday_of(tokens))[kept])
            tags += [found[at] for at in kept]
    buckets = np.concatenate(rows).ravel()
    rows.clear()
    ends = np.arange(len(tags) + 1) * FEATURES
    weights = fit_softmax(buckets, ends, np.array(tags), len(Tag), 1 << BITS, STRENGTH, _LEAST, STEPS)
    return Tagger(weights, lexicon)


def _telling(tokens: Sequence[Token], tags: Sequence[int], lexicon: Lexicon) -> list[int]:
    """Words worth learning from: near a fact, a capital, a number or a rare word; of the plain rest every tenth."""
    marks = [
        tag != Tag.O or token.text[0].isdigit() or token.text[0].isupper() or not lexicon.knows(token.low)
        for token, tag in zip(tokens, tags, strict=True)
    ]
    return [at for at in range(len(tokens)) if at % _EVERY == 0 or any(marks[max(at - _NEAR, 0) : at + _NEAR + 1])]


def _tokens(example: Example) -> list[Token]:
    return tokens_of(example.own if example.facts is None else blanked(example.text, example.own))


def _unnamed(example: Example) -> list[Token]:
    """The words that belong to no name: who signs often without capitals is no everyday word."""
    names = [fact for fact in example.facts or () if fact.kind is FactKind.NAME]
    return [token for token in _tokens(example) if not any(name.start <= token.start < name.end for name in names)]


def _everyday_of(tokens: Sequence[Token]) -> frozenset[int]:
    return frozenset(key_of(token.low) for token in tokens if token.text.islower())


def tags_of(example: Example, tokens: Sequence[Token]) -> list[int]:
    assert example.facts is not None
    tags = [int(Tag.O)] * len(tokens)
    for fact in example.facts:
        if fact.kind not in TAGGED:
            continue
        begin = Tag[f"B_{fact.kind.name}"]
        inside = [at for at, token in enumerate(tokens) if token.start >= fact.start and token.end <= fact.end]
        for number, at in enumerate(inside):
            tags[at] = begin if number == 0 else begin + 1
    return tags
