"""Which classes would gain from more examples: a learning curve of two points, and how sure its slope is.

Each row is answered by a model of two thirds of the examples and by one of a third, neither of which has seen it. What
doubling the examples left of a class's errors, it is taken to leave once more.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen

FEW: Final = 10  # rows of a class: of fewer, no share can be told within 30 points
SURE: Final = 1.645  # deviations: one-sided 95 %, of the difference of two counts


@frozen
class Need:
    """A class that more examples help: of its `rows` a model of a third of the examples found `before`, one of two
    thirds `found`, as shares; with `more` examples of it, as many as there are, about `then`.
    """

    name: str
    rows: int
    before: float
    found: float
    more: int
    then: float


def needs(names: Sequence[str], labels: NDArray[Any], answers: NDArray[Any], fewer: NDArray[Any]) -> tuple[Need, ...]:
    """The classes that gain, those that gain the most of their rows first.

    `answers` (N,) are those of models of two thirds of the examples, `fewer` (N,) of a third, `labels` (N,) the truth.
    A class gains when the larger models mend more of its rows than they break, beyond what chance explains (a sign
    test), and are still wrong about some.
    """
    right, early = answers == labels, fewer == labels
    count = len(names)
    rows = np.bincount(labels, minlength=count)
    mended, broken, wrong, first = (
        np.bincount(labels[which], minlength=count) for which in (right & ~early, early & ~right, ~right, ~early)
    )
    found = []
    for k in np.flatnonzero((rows >= FEW) & (wrong > 0)).tolist():
        if mended[k] - broken[k] > SURE * math.sqrt(mended[k] + broken[k]):
            left, total = wrong[k] / first[k], int(rows[k])
            found.append(
                Need(
                    name=names[k],
                    rows=total,
                    before=1 - first[k] / total,
                    found=1 - wrong[k] / total,
                    more=total,
                    then=1 - wrong[k] / total * left ** math.log2(3),  # from two thirds to twice the whole
                )
            )
    return tuple(sorted(found, key=lambda need: (need.found - need.then, need.name)))


def untold(names: Sequence[str], labels: NDArray[Any]) -> tuple[tuple[str, int], ...]:
    """The classes with too few rows to tell anything of, with these, the rarest first."""
    rows = np.bincount(labels, minlength=len(names))
    few = [(names[k], int(rows[k])) for k in np.flatnonzero(rows < FEW).tolist()]
    return tuple(sorted(few, key=lambda one: (one[1], one[0])))
