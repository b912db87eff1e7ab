"""What teachers say of examples that are not of one class alone: a share of each class."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.repo.example import Examples
from datacc.repo.split import JUDGE, LEARN

SURE: Final = 0.5  # the largest share in the mean, at least: what hardly differs drowns in the noise of a fit
POWERS: Final = (1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)  # so few that one row hardly ever takes another


def shares(
    ordered: Examples,
    splits: NDArray[np.uint8],
    truth: Mapping[str, NDArray[Any]],
    classes: Mapping[str, Sequence[str]],
) -> dict[str, NDArray[np.float32]]:
    """Output → (N, K) shares of its classes: all to the label where nobody told shares, zeros in judge.

    Shares that hardly differ are `sharpened`. `truth` holds the frozen labels (N,). Only outputs of which some learn
    example has shares are in it.
    """
    found = {}
    learn = np.flatnonzero(splits == LEARN).tolist() if ordered.shares else []
    for field in sorted({field for row in learn for field in ordered.shares[row]}):
        place = {name: index for index, name in enumerate(classes[field])}
        soft, told_rows = np.zeros((len(ordered), len(place)), np.float32), list[int]()
        for row in np.flatnonzero(splits != JUDGE).tolist():
            told = {name: share for name, share in ordered.shares[row].get(field, {}).items() if name in place}
            total = sum(told.values())
            if total > 0:
                soft[row, [place[name] for name in told]] = [share / total for share in told.values()]
                told_rows.append(row)
            else:
                soft[row, truth[field][row]] = 1
        soft[told_rows] = sharpened(soft[told_rows])
        found[field] = soft
    return found


def sharpened(soft: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares (R, K) to one power for all, 1 or the least of `POWERS` at which a row's largest is `SURE` in the mean.

    A row's order stays what it is. Powers are of doubles, so that what processors make of their last bits is rounded
    away.
    """
    shares = soft.astype(np.float64)
    if not len(soft) or _is_sure(shares):
        return soft
    raised = shares
    for power in POWERS:
        raised = _raised(shares, power)
        if _is_sure(raised):
            break
    return raised.astype(np.float32)


def _is_sure(shares: NDArray[np.float64]) -> bool:
    return bool(shares.max(axis=1).mean() >= SURE)


def _raised(shares: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    raised = (shares / shares.max(axis=1, keepdims=True)) ** power
    found: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return found
