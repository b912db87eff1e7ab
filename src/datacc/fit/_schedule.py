"""How a fit goes on: the rate of every step, and after which steps tune is looked at."""

import math
from typing import Final

LOOKS: Final = 4  # how often the tune split is looked at, spread over the second half
WARM: Final = 0.2  # share of the steps in which the rate rises


def rate(done: float) -> float:
    """One cycle: up in a straight line, down along a cosine to nearly nothing; `done` is the share of the steps."""
    if done < WARM:
        return 0.1 + 0.9 * done / WARM
    return 0.5 * (1 + math.cos(math.pi * (done - WARM) / (1 - WARM))) + 1e-3


def falling(done: float) -> float:
    """For weights that were fitted before: down in a straight line from the first step to nearly nothing."""
    return 1 - done + 1e-3


def looks_of(steps: int) -> frozenset[int]:
    """The steps after which tune is scored: `LOOKS` of them over the second half, the last among them."""
    return frozenset(steps - (steps // 2) * k // LOOKS for k in range(LOOKS))
