"""Fits the model of house numbers that stand by themselves, from the marked examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cases.reading import Fact, FactKind
from nlp.examples import Example
from nlp.fact_addresses import house_facts
from nlp.fact_houses import BITS, Houses, rows_of, small_numbers
from nlp.own_words import blanked, joined
from nlp.softmax import fit_softmax

STRENGTH = 1.0  # inverse regularisation
STEPS = 30
LEAST = 3  # times a feature must occur


def fit_houses(examples: Sequence[Example]) -> Houses:
    """Beside the facts as they are marked; what the patterns find behind streets and postcodes is not learned."""
    buckets: list[int] = []
    ends, classes = [0], []
    for example in examples:
        if not example.facts:
            continue
        body = blanked(example.text, example.own)
        text = joined(example.subject, body)
        begin = len(text) - len(body)
        facts = [
            Fact(fact.kind, text[begin + fact.start : begin + fact.end], begin + fact.start, begin + fact.end, False)
            for fact in example.facts
        ]
        marked = {(fact.start, fact.end) for fact in facts if fact.kind is FactKind.HOUSE_NUMBER}
        taken = [fact for fact in facts if fact.kind is not FactKind.HOUSE_NUMBER]
        streets = [fact for fact in taken if fact.kind is FactKind.STREET]
        postcodes = [fact for fact in taken if fact.kind is FactKind.POSTCODE]
        patterned = [fact for fact in house_facts(text, streets, postcodes) if (fact.start, fact.end) in marked]
        taken = sorted([*taken, *patterned], key=lambda fact: fact.start)
        numbers = [one for one in small_numbers(text, taken) if one.start >= begin]
        for one, row in zip(numbers, rows_of(text, taken, numbers), strict=True):
            buckets += row
            ends.append(len(buckets))
            classes.append(int(tuple(one) in marked))
    if not classes:
        return Houses(np.zeros((1 << BITS, 2), dtype=np.float32))
    told = np.array(buckets, dtype=np.int32)
    return Houses(fit_softmax(told, np.array(ends), np.array(classes), 2, 1 << BITS, STRENGTH, LEAST, STEPS))
