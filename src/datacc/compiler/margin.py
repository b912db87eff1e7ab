"""The margin of a search: how likely a candidate must be to pass, the more others could have been chosen in its place.

Tune shows any candidate better than it is by luck, and the one that is chosen is likelier to be such a one the more
there are. Whatever their quality, at most one search in twenty is to choose one that tune likes and judge refuses.
"""

import math
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.spec.bounds import CONFIDENCE

_NORMAL: Final = NormalDist()
_QUALITIES: Final = np.linspace(-4.0, 6.0, 201)  # above what just passes, in standard errors of judge
_HALVINGS: Final = 30

Floats = NDArray[np.float64]


def wanted_chance(contenders: int, seen: int, judged: int) -> float:
    """The chance of passing that is wanted of the last of so many candidates of which any could pass.

    The chance is told by `seen` rows and comes true on `judged` others. It is never below the confidence of a bound.
    """
    return _wanted(max(1, contenders), round(math.sqrt(judged / max(1, seen)), 2))[0]


@cache
def _wanted(contenders: int, ratio: float) -> tuple[float, tuple[float, ...]]:
    """That chance, and for each quality how likely it is that tune likes none of the candidates so far.

    `ratio` is the standard error of tune over that of judge. Scores are taken to be normal, and independent: on the
    same rows they are not, which only makes luck rarer. Of n candidates the first k may spend k / (k + 1) of the risk.
    """
    low, tried = _wanted(contenders - 1, ratio) if contenders > 1 else (CONFIDENCE, (1.0,) * len(_QUALITIES))
    before = np.array(tried)
    refused, most = _below(-_QUALITIES), (1 - CONFIDENCE) * contenders / (contenders + 1)

    def unliked(chance: float) -> Floats:
        needed = _NORMAL.inv_cdf(chance) * math.hypot(ratio, 1)
        return before * _below((needed - _QUALITIES) / max(ratio, 0.01))

    high = 1 - 1e-9
    if contenders == 1 or ((1 - unliked(low)) * refused).max() <= most:
        high = low
    for _ in range(_HALVINGS if high > low else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if ((1 - unliked(middle)) * refused).max() <= most else (middle, high)
    return high, tuple(unliked(high))


def _below(scores: Floats) -> Floats:
    return np.array([_NORMAL.cdf(score) for score in scores])
