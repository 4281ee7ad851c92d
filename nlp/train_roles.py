"""Fits the model of old and new values (`change_roles`) from the written corrections of the corpus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cases.reading import Fact
from cases.types import Label
from nlp.change_roles import BITS, Role, Roles, Unit, family, unit_features, units_of
from nlp.examples import Example
from nlp.own_words import blanked
from nlp.softmax import fit_softmax

STRENGTH = 1.0  # inverse regularisation


def fit_roles(examples: Sequence[Example]) -> Roles:
    """From messages that ask for a correction: only of those is it asked which value is which."""
    rows, roles = [], []
    for example in examples:
        if example.facts is None or Label.CORRECTIE not in example.labels:
            continue
        text = blanked(example.text, example.own)
        facts = [
            Fact(fact.kind, "", fact.start, fact.end, False) for fact in sorted(example.facts, key=lambda f: f.start)
        ]
        units = list(units_of(text, facts))
        rows += unit_features(text, units)
        roles += [int(_role(text[unit.start : unit.end], unit, example)) for unit in units]
    if not rows:
        return Roles(np.zeros((1 << BITS, len(Role)), dtype=np.float32))
    ends = np.cumsum([0, *(len(row) for row in rows)])
    return Roles(fit_softmax(np.concatenate(rows), ends, np.array(roles), len(Role), 1 << BITS, STRENGTH, least=1))


def _role(value: str, unit: Unit, example: Example) -> Role:
    """Part of a written value is enough: "Pas" of "T. Pas", a street of an address."""
    for change in example.changes:
        if family(change.field) != family(unit.field):
            continue
        if _same(value, change.new):
            return Role.NEW
        if change.old is not None and _same(value, change.old):
            return Role.OLD
    return Role.NONE


def _same(value: str, written: str) -> bool:
    return value == written or (len(value) > 3 and value in written) or (len(written) > 3 and written in value)
