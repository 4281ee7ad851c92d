"""The fit of the log-linear models."""

from __future__ import annotations

import numpy as np

from nlp.softmax import fit_softmax

ROWS = [[0, 1], [0, 2], [1, 2], [0, 1], [0, 3], [0, 3]]
CLASSES = [1, 0, 1, 1, 0, 0]


def fitted(rows: list[list[int]], classes: list[int], times: list[int] | None = None) -> list[float]:
    buckets = np.array([bucket for row in rows for bucket in row], dtype=np.int32)
    ends = np.cumsum([0, *map(len, rows)])
    counts = None if times is None else np.array(times)
    weights = fit_softmax(buckets, ends, np.array(classes), 2, 8, 1.0, 2, 50, counts)
    return [float(value) for value in weights.ravel()]


def test_a_row_that_counts_twice_is_two_rows() -> None:
    one_by_one = [[0, 1], [0, 2], [1, 2], [0, 3]]
    assert np.allclose(fitted(ROWS, CLASSES), fitted(one_by_one, [1, 0, 1, 0], [2, 1, 1, 2]), atol=1e-3)
    assert not np.allclose(fitted(ROWS, CLASSES), fitted(one_by_one, [1, 0, 1, 0]), atol=1e-3)


def test_what_is_too_rare_gets_no_weight() -> None:
    weights = np.array(fitted([[0, 1], [0, 2], [0, 2]], [0, 1, 1])).reshape(8, 2)
    assert not weights[1].any() and weights[2].any()
