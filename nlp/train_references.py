"""Fits the model of customer, invoice and order numbers from the marked examples: softmax over kinds, by L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nlp.examples import Example
from nlp.fact_references import BITS, KINDS, Numbers, References
from nlp.facts import shaped_facts
from nlp.own_words import blanked
from nlp.softmax import fit_softmax

STRENGTH = 1.0  # inverse regularisation
STEPS = 36
LEAST = 2  # times a feature must occur


def fit_references(examples: Sequence[Example]) -> References:
    buckets: list[int] = []
    ends, classes = [0], []
    for example in examples:
        if example.facts is None:
            continue
        text = blanked(example.text, example.own)
        marked = {(fact.start, fact.end): fact.kind for fact in example.facts if fact.kind in KINDS}
        page = Numbers(text, shaped_facts(text))
        for stretch, row in zip(page.stretches, page.rows(), strict=True):
            buckets += row
            ends.append(len(buckets))
            classes.append(KINDS.index(marked.get((stretch.start, stretch.end))))
    if not classes:
        return References(np.zeros((1 << BITS, len(KINDS)), dtype=np.float32))
    found = np.array(buckets, dtype=np.int32)
    kinds = np.array(classes)
    return References(fit_softmax(found, np.array(ends), kinds, len(KINDS), 1 << BITS, STRENGTH, LEAST, STEPS))
