"""Multinomial logistic regression over hashed features, by L-BFGS (scipy). Pure numerics, in 32 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array

from nlp.features import Buckets, Floats, Ints

Array = npt.NDArray[np.float64]
_BEND = 0.02  # of the loss for each time a feature occurs: p (1 - p) of a class that is mostly not the answer


def fit_softmax(
    buckets: Buckets,
    ends: Ints,
    classes: Ints,
    count: int,
    size: int,
    strength: float,
    least: int,
    steps: int,
    times: Ints | None = None,
) -> Floats:
    """Weights, a row for each of `size` buckets. Row r holds `buckets[ends[r]:ends[r + 1]]`, and counts
    `times[r]` times (once, when not given).

    What occurs less than `least` times tells nothing that lasts: it gets no weight. The fit runs in weights measured by
    how sharply the loss bends along each (a diagonal preconditioner): a step goes as far for what is rare as for what
    is everywhere. Without, the rare is learned last, after four times as many steps.
    """
    counts = np.ones(len(classes), dtype=np.float32) if times is None else times.astype(np.float32)
    held = np.bincount(buckets, np.repeat(counts, np.diff(ends)), minlength=size)
    occurs = held >= least
    used = np.flatnonzero(occurs)
    unit = (1 / np.sqrt(1 / strength + _BEND * held[used, None])).astype(np.float32)
    kept = occurs[buckets]
    columns = np.take(np.cumsum(occurs, dtype=np.int32) - np.int32(1), buckets[kept])
    lengths = np.add.reduceat(kept, ends[:-1], dtype=np.int32)
    del buckets, kept
    ones = np.ones(len(columns), dtype=np.float32)
    rows = csr_array(
        (ones, columns, np.append(0, np.cumsum(lengths)).astype(np.int32)), shape=(len(lengths), len(used))
    )
    at = np.arange(len(classes))

    def loss(flat: Array) -> tuple[float, Array]:
        table = flat.reshape(len(used), count).astype(np.float32) * unit
        scores = rows @ table
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        sums = chances.sum(axis=1, keepdims=True)
        missed = counts @ (np.log(sums[:, 0]) - scores[at, classes])
        value = float(missed) + float((table**2).sum()) / (2 * strength)
        chances /= sums
        chances[at, classes] -= 1
        chances *= counts[:, None]
        gradient = rows.T @ chances
        gradient += table / np.float32(strength)
        gradient *= unit
        return value, gradient.ravel().astype(np.float64)

    options: Any = {"maxiter": steps, "gtol": 1e-1, "maxcor": 4}  # few corrections: each is as large as the weights
    result = minimize(loss, np.zeros(len(used) * count), jac=True, method="L-BFGS-B", options=options)
    weights = np.zeros((size, count), dtype=np.float32)
    weights[used] = np.asarray(result.x).reshape(len(used), count) * unit
    return weights
