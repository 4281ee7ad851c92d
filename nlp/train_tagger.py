"""Fits the tagger of persons, streets and towns from the marked examples: multinomial logistic regression by L-BFGS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array

from nlp.examples import Example
from nlp.features import Floats
from nlp.own_words import blanked
from nlp.tagger import TAGGED, Tag, Tagger
from nlp.tokens import Token, tokens_of
from nlp.word_features import BITS, Buckets, Lexicon, features_of, key_of

STRENGTH = 2.0  # inverse regularisation
_FREQUENT = 3  # messages with the word in lower case

Array = npt.NDArray[np.float64]


def fit_tagger(examples: Sequence[Example]) -> Tagger:
    marked = [example for example in examples if example.facts is not None]
    seen = Counter(word for example in examples for word in _everyday_of(_tokens(example)))
    lexicon = Lexicon(frozenset(word for word, count in seen.items() if count >= _FREQUENT))
    borderline = frozenset(word for word, count in seen.items() if count == _FREQUENT)
    rows: list[Buckets] = []
    tags: list[int] = []
    for example in marked:
        tokens = _tokens(example)
        if tokens:
            rows.append(features_of(tokens, lexicon, rare=borderline & _everyday_of(tokens)))
            tags += tags_of(example, tokens)
    buckets = np.concatenate(rows)
    rows.clear()
    return Tagger(_fit(buckets, np.array(tags)), lexicon)


def _tokens(example: Example) -> list[Token]:
    return tokens_of(example.own if example.facts is None else blanked(example.text, example.own))


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


def _fit(buckets: Buckets, tags: npt.NDArray[np.int64]) -> Floats:
    """In 32 bits, over the buckets that occur. `buckets` is used up."""
    occurs = np.zeros(1 << BITS, dtype=bool)
    occurs[buckets] = True
    used = np.flatnonzero(occurs)
    np.take(np.cumsum(occurs, dtype=np.int32) - np.int32(1), buckets, out=buckets)
    ends = np.arange(len(buckets) + 1, dtype=np.int32) * buckets.shape[1]
    ones = np.ones(buckets.size, dtype=np.float32)
    small = csr_array((ones, buckets.ravel(), ends), shape=(len(buckets), len(used)))
    count = len(Tag)
    at = np.arange(len(tags))

    def loss(flat: Array) -> tuple[float, Array]:
        table = flat.reshape(len(used), count).astype(np.float32)
        scores = small @ table
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        sums = chances.sum(axis=1, keepdims=True)
        value = float(np.log(sums).sum() - scores[at, tags].sum()) + float((table**2).sum()) / (2 * STRENGTH)
        chances /= sums
        chances[at, tags] -= 1
        gradient = small.T @ chances + table / np.float32(STRENGTH)
        return value, gradient.ravel().astype(np.float64)

    options: Any = {"maxiter": 60, "gtol": 1e-1, "maxcor": 5}
    result = minimize(loss, np.zeros(len(used) * count), jac=True, method="L-BFGS-B", options=options)
    weights = np.zeros((1 << BITS, count), dtype=np.float32)
    weights[used] = np.asarray(result.x).reshape(len(used), count)
    return weights
