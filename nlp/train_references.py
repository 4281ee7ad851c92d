"""Fits the model of customer, invoice and order numbers from the marked examples: softmax over kinds, by L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nlp.examples import Example, Span
from nlp.fact_references import KINDS, References
from nlp.facts import shaped_facts
from nlp.number_features import BITS, Found, Numbers
from nlp.number_stretches import plain, stretches_of
from nlp.own_words import blanked, joined
from nlp.softmax import fit_softmax

STRENGTH = 0.3  # inverse regularisation
STEPS = 40
LEAST = 4  # times a feature must occur; each number is there twice


def fit_references(examples: Sequence[Example]) -> References:
    """Each number is learned twice: as it is first seen, and with what its neighbours are.

    The subject stands before the text, as when it is read; its own numbers are not marked, so none is learned from.
    """
    buckets: list[int] = []
    ends, classes, times = [0], [], []
    for example in examples:
        if example.facts is None:
            continue
        body = blanked(example.text, example.own)
        text = joined(example.subject, body)
        begin = len(text) - len(body)
        if next(stretches_of(text, ()), None) is None:
            continue
        page = Numbers(text, shaped_facts(text))
        found = _found(page, example.facts, begin)
        marked = {(one.start, one.end): one.kind for one in found}
        first = page.rows()
        for rows in (first, page.rows(found)) if found else (first,):  # both alike: one that counts twice
            for stretch, row in zip(page.stretches, rows, strict=True):
                if stretch.start >= begin:
                    buckets += row
                    ends.append(len(buckets))
                    classes.append(marked.get((stretch.start, stretch.end), 0))
                    times.append(1 if found else 2)
    if not classes:
        return References(np.zeros((1 << BITS, len(KINDS)), dtype=np.float32))
    told = np.array(buckets, dtype=np.int32)
    weights = fit_softmax(
        told, np.array(ends), np.array(classes), len(KINDS), 1 << BITS, STRENGTH, LEAST, STEPS, np.array(times)
    )
    return References(weights)


def _found(page: Numbers, facts: Sequence[Span], begin: int) -> list[Found]:
    """Those that are marked, and in the subject those that are marked behind it."""
    found = [
        Found(begin + fact.start, begin + fact.end, KINDS.index(fact.kind)) for fact in facts if fact.kind in KINDS
    ]
    kinds = {plain(page.text[one.start : one.end]): one.kind for one in found}
    for stretch in page.stretches:
        kind = kinds.get(plain(page.text[stretch.start : stretch.end]))
        if kind is not None and stretch.end <= begin:
            found.append(Found(stretch.start, stretch.end, kind))
    return sorted(found)
