"""Joins what a program says of the windows of long texts: as the packages do it, in arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def join(
    answers: Mapping[str, NDArray[Any]], field: str, owners: NDArray[np.intp], count: int
) -> dict[str, NDArray[Any]]:
    """Answers to `count` texts for the label output `field`, of those to R windows; `owners` (R,) says whose each is.

    Scores are means of doubles, added in the order of the windows; the label is the first with the largest score, and
    the confidence is that. Every text has a window.
    """
    scores = answers[f"{field}_scores"].reshape(len(owners), -1).astype(np.float64)
    total = np.zeros((count, scores.shape[1]))
    np.add.at(total, owners, scores)
    means = total / np.bincount(owners, minlength=count)[:, None]
    label = means.argmax(axis=1)[:, None]
    confidence = np.take_along_axis(means, label, axis=1)
    return {field: label.astype(np.int32), f"{field}_confidence": confidence, f"{field}_scores": means}
