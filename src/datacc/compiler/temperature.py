"""Confidence that says how often an answer is right: one number that sharpens or blunts all scores, and its measure.

Guo et al. 2017, "On Calibration of Modern Neural Networks": features are divided by a temperature; here they are
multiplied by its inverse, the sharpness.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LIMIT: Final = 128.0  # beyond which, and below 1 / LIMIT, no sharpness is looked for
HALVINGS: Final = 60
BINS: Final = 10


def sharpness(features: NDArray[Any], truth: NDArray[Any]) -> float:
    """What to multiply features (N, K) by, so that the mean log-loss of their soft-max is least; 1 of no rows.

    As if each row were of another class by chance, once in N + 1 rows, or a faultless half would ask for certainty.
    The loss is convex in the sharpness, so halving by the sign of its slope finds it.
    """
    if not len(truth):
        return 1.0
    z = features.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    doubt = 1 / (len(z) + 1)
    wanted = (1 - doubt) * z[np.arange(len(z)), truth].mean() + doubt * z.mean()
    low, high = -np.log(LIMIT), np.log(LIMIT)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        slope = _expected(z, np.exp(middle)) - wanted
        if slope == 0:
            return float(np.exp(middle))
        low, high = (middle, high) if slope < 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def _expected(z: NDArray[np.float64], sharp: float) -> float:
    """The mean over rows of the feature that the soft-max of features times `sharp` expects."""
    weights = np.exp(sharp * z)
    return float(((weights * z).sum(axis=1) / weights.sum(axis=1)).mean())


def calibration_error(confidence: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """How far confidences (N,) are from the share of right answers, by 10 equal bins, each by its rows; 0 of none."""
    if not len(right):
        return 0.0
    bins = np.minimum((confidence.astype(np.float64) * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, confidence.astype(np.float64) - right, BINS)
    return float(np.abs(gaps).sum() / len(right))
