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
from nlp.own_words import blanked
from nlp.tagger import BITS, TAGGED, Tag, Tagger, everyday_of, features_of
from nlp.tokens import Token, tokens_of

STRENGTH = 2.0  # inverse regularisation
_FREQUENT = 3  # messages with the word in lower case

Array = npt.NDArray[np.float64]


def fit_tagger(examples: Sequence[Example]) -> Tagger:
    marked = [example for example in examples if example.facts is not None]
    texts = [tokens_of(blanked(example.text, example.own)) for example in marked]
    seen = Counter(
        word
        for tokens in [*texts, *(tokens_of(e.own) for e in examples if e.facts is None)]
        for word in everyday_of(tokens)
    )
    everyday = frozenset(word for word, count in seen.items() if count >= _FREQUENT)
    borderline = frozenset(word for word, count in seen.items() if count == _FREQUENT)
    rows: list[list[int]] = []
    tags: list[int] = []
    for example, tokens in zip(marked, texts, strict=True):
        if not tokens:
            continue
        rows += features_of(tokens, everyday, rare=borderline & frozenset(everyday_of(tokens)))
        tags += tags_of(example, tokens)
    ends = np.cumsum([0, *(len(row) for row in rows)])
    flat = np.fromiter((value for row in rows for value in row), dtype=np.int64, count=int(ends[-1]))
    features = csr_array((np.ones(len(flat)), flat, ends), shape=(len(rows), 1 << BITS))
    return Tagger(_fit(features, np.array(tags)).astype(np.float32), everyday)


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


def _fit(features: csr_array, tags: npt.NDArray[np.int64]) -> Array:
    used = np.unique(features.indices)
    small = features[:, used]
    transposed = small.T.tocsr()
    count = len(Tag)
    wanted = np.zeros((len(tags), count))
    wanted[np.arange(len(tags)), tags] = 1.0

    def loss(flat: Array) -> tuple[float, Array]:
        table = flat.reshape(len(used), count)
        scores = small @ table
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        sums = chances.sum(axis=1, keepdims=True)
        chances /= sums
        value = float(np.log(sums).sum() - (scores * wanted).sum()) + float((table**2).sum()) / (2 * STRENGTH)
        gradient = transposed @ (chances - wanted) + table / STRENGTH
        return value, gradient.ravel()

    options: Any = {"maxiter": 60, "gtol": 1e-1}
    result = minimize(loss, np.zeros(len(used) * count), jac=True, method="L-BFGS-B", options=options)
    weights = np.zeros((1 << BITS, count))
    weights[used] = np.asarray(result.x).reshape(len(used), count)
    return weights
