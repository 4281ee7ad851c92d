"""The fit of the words against scipy's own optimum on the same problem."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array, random_array

from nlp.logistic import Single, fit_rows, platt, sigmoid

STRENGTH = 2.0


def _problem(seed: int, labels: int = 3) -> tuple[csr_array, Single, Single]:
    """Few examples with many features; one label weighs more, of one it is not always known."""
    rng = np.random.default_rng(seed)
    rows = random_array((60, 200), density=0.1, rng=rng, dtype=np.float32).tocsr()
    truth = rng.normal(size=(200, labels)).astype(np.float32)
    targets = (rows @ truth + rng.normal(size=(60, labels)) > 0.5).astype(np.float32)
    weights = np.ones_like(targets)
    weights[:, 0] *= np.where(targets[:, 0] > 0, 5, 1)
    weights[:10, 1] = 0
    return csr_array(rows), targets, weights


def _loss(flat: npt.NDArray[np.float64], rows: csr_array, targets: Single, weights: Single) -> float:
    table = flat.reshape(rows.shape[1] + 1, targets.shape[1])
    margins = (2 * targets - 1) * (rows @ table[:-1] + table[-1])
    return float((weights * np.logaddexp(0, -margins)).sum() + (table**2).sum() / (2 * STRENGTH))


def test_the_fit_ends_at_the_optimum() -> None:
    rows, targets, weights = _problem(1)
    coefficients, intercepts = fit_rows(rows, targets, weights, STRENGTH, steps=80)
    size = (rows.shape[1] + 1) * targets.shape[1]
    best = minimize(
        _loss, np.zeros(size), args=(rows, targets, weights), method="L-BFGS-B", options={"maxfun": 400_000}
    )
    found = _loss(np.vstack([coefficients, intercepts]).astype(np.float64).ravel(), rows, targets, weights)
    assert found <= best.fun * 1.001
    assert found < 0.8 * _loss(np.zeros(size), rows, targets, weights)


def test_each_label_is_fitted_by_itself() -> None:
    rows, targets, weights = _problem(2)
    together, _ = fit_rows(rows, targets, weights, STRENGTH, steps=60)
    alone, _ = fit_rows(rows, targets[:, 1:2], weights[:, 1:2], STRENGTH, steps=60)
    np.testing.assert_allclose(together[:, 1:2], alone, atol=1e-3)


def test_a_label_that_nobody_has_stays_unlikely() -> None:
    rows, targets, weights = _problem(3)
    targets[:, 2] = 0
    coefficients, intercepts = fit_rows(rows, targets, weights, STRENGTH)
    assert np.isfinite(coefficients).all()
    assert (rows @ coefficients + intercepts)[:, 2].max() < -1


def test_platt_turns_scores_into_chances() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(size=4_000) * 3
    targets = (rng.random(4_000) < sigmoid(0.5 * scores - 1)).astype(np.float32)
    slope, offset = platt(scores, targets)
    assert abs(slope - 0.5) < 0.1
    assert abs(offset + 1) < 0.15
