"""Fits the model of old and new values (`change_roles`) from the written corrections of the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array

from cases.reading import Change, Fact
from cases.types import Label
from nlp.change_roles import BITS, Option, Page, Role, Roles
from nlp.change_units import page_of
from nlp.changes import change_of, options_of
from nlp.examples import Example, Span
from nlp.facts import facts_of
from nlp.features import Floats
from nlp.own_words import blanked
from nlp.softmax import Array

STRENGTH = 0.1  # inverse regularisation
_MOST = 40.0  # of a score; an exponent holds no more than some 700
_NEAREST = 5  # old values of each new one
LEAST = 2  # what occurs less often tells nothing that lasts


@dataclass(frozen=True, slots=True)
class Rows:
    """Every value with all it may replace, in all messages."""

    units: list[list[int]]
    options: list[list[int]]
    new: list[int]  # unit of each option
    old: list[int]  # -1: none that is told
    right: list[bool]


def fit_roles(examples: Sequence[Example]) -> Roles:
    """From messages that ask for a correction: only of those is it asked which value is which.

    By turns they are read with the facts as marked and with those that patterns find: much is not found in real mail.
    """
    rows = Rows([], [], [], [], [])
    asking = [
        (example, example.facts)
        for example in examples
        if example.facts is not None and Label.CORRECTIE in example.labels
    ]
    for number, (example, marked) in enumerate(asking):
        text = blanked(example.text, example.own)
        found = facts_of(text) if number % 2 else _as_facts(marked)
        _add(rows, page_of(text, found), example)
    if not rows.options:
        return Roles(np.zeros((1 << BITS, len(Role)), dtype=np.float32))
    return Roles(_fitted(rows))


def _as_facts(marked: Sequence[Span]) -> list[Fact]:
    return [Fact(one.kind, "", one.start, one.end, False) for one in sorted(marked, key=lambda one: one.start)]


def _add(rows: Rows, page: Page, example: Example) -> None:
    options = list(options_of(page))
    said = _said(page, options, {(change.field, change.old, change.new) for change in example.changes})
    answered = {option.new for option in said}
    values = {change.new for change in example.changes}
    near = _near(page, options)
    base = len(rows.units)
    rows.units.extend(page.unit_rows())
    for option in options:
        if option.new not in answered and page.units[option.new].value in values:
            continue  # the same value elsewhere, or its old one was not found: either may be right
        if option not in near and option not in said:
            continue
        rows.options.append(page.option_row(option))
        rows.new.append(base + option.new)
        rows.old.append(-1 if option.old is None else base + option.old)
        rows.right.append(option in said)


def _near(page: Page, options: Sequence[Option]) -> set[Option]:
    """Of each new value those old ones that stand nearest: most are that, and long messages hold hundreds."""
    kept: set[Option] = {option for option in options if option.old is None}
    paired = [(option.old, option) for option in options if option.old is not None]
    apart = {option: abs(page.units[old].start - page.units[option.new].start) for old, option in paired}
    for _, same in groupby(sorted(apart, key=lambda one: (one.new, one.field, apart[one])), lambda o: (o.new, o.field)):
        kept.update(islice(same, _NEAREST))
    return kept


def _said(page: Page, options: Sequence[Option], wanted: set[tuple[str, str | None, str]]) -> set[Option]:
    """Of each wanted change the place where it is said: old and new nearest to each other, a lone new one first."""
    best: dict[Change, tuple[int, Option]] = {}
    values = {new for _, _, new in wanted}
    for option in options:
        if option.field == "name" and page.units[option.new].value not in values:  # names are dear to compare
            continue
        change = change_of(page, option)
        if change is not None and (change.field, change.old, change.new) in wanted:
            new = page.units[option.new].start
            apart = new if option.old is None else abs(page.units[option.old].start - new)
            if change not in best or apart < best[change][0]:
                best[change] = (apart, option)
    return {option for _, option in best.values()}


def _matrix(rows: Sequence[list[int]]) -> csr_array:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    at = np.concatenate([np.array(row, dtype=np.int32) for row in rows])
    return csr_array((np.ones(len(at), dtype=np.float32), at, ends), shape=(len(rows), 1 << BITS))


def _fitted(rows: Rows) -> Floats:
    """For each new value a softmax over what it may replace and "nothing", which scores zero."""
    units, pairs = _matrix(rows.units), _matrix(rows.options)
    few = units.sum(axis=0) + pairs.sum(axis=0) < LEAST
    for table in (units, pairs):
        table.data[few[table.indices]] = 0
    units_back, pairs_back = units.T.tocsr(), pairs.T.tocsr()
    new, old, right = np.array(rows.new), np.array(rows.old), np.array(rows.right)
    alone, paired = np.flatnonzero(old < 0), np.flatnonzero(old >= 0)
    count = units.shape[0]
    answered = np.bincount(new[right], minlength=count) > 0

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(1 << BITS, len(Role))
        of = units @ weights
        scores = pairs @ weights[:, Role.ALONE] + of[new, Role.NEW]
        scores[alone] += of[new[alone], Role.ALONE]
        scores[paired] += of[old[paired], Role.OLD]
        powers = np.exp(np.clip(scores, -_MOST, _MOST))
        total = 1 + np.bincount(new, powers, count)
        good = np.where(answered, np.bincount(new[right], powers[right], count), 1)
        value = float(np.log(total).sum() - np.log(good).sum() + (flat**2).sum() / (2 * STRENGTH))
        slope = powers / total[new]
        slope[right] -= powers[right] / good[new[right]]
        by_unit = np.zeros((count, len(Role)))
        by_unit[:, Role.NEW] = np.bincount(new, slope, count)
        by_unit[:, Role.ALONE] = np.bincount(new[alone], slope[alone], count)
        by_unit[:, Role.OLD] = np.bincount(old[paired], slope[paired], count)
        gradient = units_back @ by_unit
        gradient[:, Role.ALONE] += pairs_back @ slope
        return value, gradient.ravel() + flat / STRENGTH

    options: Any = {"maxiter": 60, "maxcor": 6}
    result = minimize(loss, np.zeros((1 << BITS) * len(Role)), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(result.x, dtype=np.float32).reshape(1 << BITS, len(Role))
