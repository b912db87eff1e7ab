"""What teachers say of examples that are not of one class alone: a share of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.repo.example import Examples
from datacc.repo.split import JUDGE, LEARN


def shares(
    ordered: Examples,
    splits: NDArray[np.uint8],
    truth: Mapping[str, NDArray[Any]],
    classes: Mapping[str, Sequence[str]],
) -> dict[str, NDArray[np.float32]]:
    """Output → (N, K) shares of its classes: all to the label where nobody told shares, zeros in judge.

    `truth` holds the frozen labels (N,). Only outputs of which some learn example has shares are in it.
    """
    found = {}
    learn = np.flatnonzero(splits == LEARN).tolist() if ordered.shares else []
    for field in sorted({field for row in learn for field in ordered.shares[row]}):
        place = {name: index for index, name in enumerate(classes[field])}
        soft = np.zeros((len(ordered), len(place)), np.float32)
        for row in np.flatnonzero(splits != JUDGE).tolist():
            told = {name: share for name, share in ordered.shares[row].get(field, {}).items() if name in place}
            total = sum(told.values())
            if total > 0:
                soft[row, [place[name] for name in told]] = [share / total for share in told.values()]
            else:
                soft[row, truth[field][row]] = 1
        found[field] = soft
    return found
