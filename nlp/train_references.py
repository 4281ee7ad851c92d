"""Fits the model of customer, invoice and order numbers from the marked examples: softmax over kinds, by L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nlp.examples import Example
from nlp.fact_references import KINDS, References
from nlp.facts import shaped_facts
from nlp.number_features import BITS, Found, Numbers
from nlp.own_words import blanked
from nlp.softmax import fit_softmax

STRENGTH = 0.3  # inverse regularisation
STEPS = 40
LEAST = 4  # times a feature must occur; each number is there twice


def fit_references(examples: Sequence[Example]) -> References:
    """Each number is learned twice: as it is first seen, and with what its neighbours are."""
    buckets: list[int] = []
    ends, classes = [0], []
    for example in examples:
        if example.facts is None:
            continue
        text = blanked(example.text, example.own)
        page = Numbers(text, shaped_facts(text))
        found = sorted(
            Found(fact.start, fact.end, KINDS.index(fact.kind)) for fact in example.facts if fact.kind in KINDS
        )
        marked = {(one.start, one.end): one.kind for one in found}
        first = page.rows()
        for rows in (first, page.rows(found) if found else first):
            for stretch, row in zip(page.stretches, rows, strict=True):
                buckets += row
                ends.append(len(buckets))
                classes.append(marked.get((stretch.start, stretch.end), 0))
    if not classes:
        return References(np.zeros((1 << BITS, len(KINDS)), dtype=np.float32))
    told = np.array(buckets, dtype=np.int32)
    kinds = np.array(classes)
    return References(fit_softmax(told, np.array(ends), kinds, len(KINDS), 1 << BITS, STRENGTH, LEAST, STEPS))
