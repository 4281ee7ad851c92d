"""Regularised logistic regression by conjugate gradients, and Platt calibration. Pure numerics, no text, no files.

One-vs-rest over all labels at once. There are far fewer examples than features, so the fit runs in the space of the
examples: the best weights are W = Xᵀ·A, and the scores X·Xᵀ·A. A step costs one product with X and one with Xᵀ; how
alike each two examples are is never written out. Gradients are those of the scores' own space (the "kernel" gradient),
so steps are the ones an ordinary fit over the features would take. In 32 bits: twice as fast, the same figures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array

Array = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
STEPS = 40  # more changes nothing measurable
_SEARCH = 6  # looks along a line: cheap beside the products
_FIRST = 1e-3  # of a first step; later ones begin where the last ended
_GROWTH = 3.0  # of a step that has not passed the lowest point yet
_LEAST = 1e-30


def fit_rows(
    rows: csr_array, targets: Single, weights: Single, strength: float, steps: int = STEPS
) -> tuple[Single, Single]:
    """Coefficients (features x labels) and intercepts. `targets` and `weights` are examples x labels.

    Nonlinear conjugate gradients (Polak and Ribière 1969), each label with its own direction and step. The intercept
    is the weight of one more feature that all have.
    """
    back = rows.T.tocsr()  # both products run through the larger side in order: three times as fast
    signs = 2 * targets - 1
    dual, scores = np.zeros_like(targets), np.zeros_like(targets)
    ahead, ahead_scores = np.zeros_like(targets), np.zeros_like(targets)
    before, norm = np.zeros_like(targets), np.ones(targets.shape[1])
    step = np.full(targets.shape[1], _FIRST)
    for number in range(steps):
        slope = -weights * signs * _below(signs * scores)
        gradient = dual / np.float32(strength) + slope
        lifted = scores / np.float32(strength) + back.T @ (back @ slope) + slope.sum(axis=0)
        turn = np.maximum(((gradient - before) * lifted).sum(axis=0) / norm, 0) if number else np.zeros_like(norm)
        before, norm = gradient, np.maximum((gradient * lifted).sum(axis=0), _LEAST)
        ahead = turn.astype(np.float32) * ahead - gradient
        ahead_scores = turn.astype(np.float32) * ahead_scores - lifted
        shrink = (ahead * scores).sum(axis=0) / strength, (ahead * ahead_scores).sum(axis=0) / strength
        step = _lowest(signs * scores, signs * ahead_scores, weights, shrink, step)
        dual += step.astype(np.float32) * ahead
        scores += step.astype(np.float32) * ahead_scores
    return np.ascontiguousarray(back @ dual, dtype=np.float32), dual.sum(axis=0)


def _lowest(margins: Single, ahead: Single, weights: Single, shrink: tuple[Array, Array], step: Array) -> Array:
    """How far ahead the loss of each label is lowest: by Newton between bounds. `shrink`: of the weights' size."""
    low, high = np.zeros_like(step), np.full_like(step, np.inf)
    for _ in range(_SEARCH):
        below = _below(margins + step.astype(np.float32) * ahead)
        slope = shrink[0] + step * shrink[1] - (weights * below * ahead).sum(axis=0)
        bend = shrink[1] + (weights * below * (1 - below) * ahead**2).sum(axis=0)
        low, high = np.where(slope < 0, step, low), np.where(slope < 0, high, step)
        newton = step - slope / np.maximum(bend, _LEAST)
        halved = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
        step = np.where(np.isinf(high), np.clip(newton, step, _GROWTH * step), halved)
    return step


def _below(margins: Single) -> Single:
    """The chance of the other side."""
    return np.asarray(1 / (1 + np.exp(np.clip(margins, -50, 50))), dtype=np.float32)


def platt(scores: npt.NDArray[Any], targets: npt.NDArray[Any]) -> tuple[float, float]:
    """Slope and offset so that sigmoid(slope·score + offset) is a probability (Platt 1999, smoothed targets)."""
    positives, negatives = float(targets.sum()), float((1 - targets).sum())
    smooth = np.where(targets > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    scores = scores.astype(np.float64)

    def loss(params: Array) -> tuple[float, Array]:
        z = params[0] * scores + params[1]
        value = float((np.logaddexp(0.0, z) - smooth * z).sum())
        difference = 1.0 / (1.0 + np.exp(-np.clip(z, -50, 50))) - smooth
        return value, np.array([float(difference @ scores), float(difference.sum())])

    result = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    slope, offset = np.asarray(result.x)
    return max(float(slope), 0.1), float(offset)


def sigmoid(scores: npt.NDArray[Any]) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores.astype(np.float64), -50, 50))), dtype=np.float64)
