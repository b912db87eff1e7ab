"""Which numbers and which of several labels look wrong, to models that had not seen the row."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.suggest.suspects import suspects

FAR: Final = 3.0  # interquartile ranges beyond the quartiles, Tukey's far out (1977): of a normal one in 500,000


def far_out(answers: NDArray[Any], labels: NDArray[Any], within: float) -> NDArray[np.intp]:
    """The rows whose label is far out, the farthest first; `answers` and `labels` are numbers (N,).

    Far out are differences beyond the quartiles of all by three times the range between these; never those of `within`,
    which count as right.
    """
    off = labels.astype(np.float64) - answers
    low, high = np.quantile(off, (0.25, 0.75))
    beyond = np.maximum(low - off, off - high)
    found = np.flatnonzero((beyond > FAR * (high - low)) & (np.abs(off) > within))
    return found[np.argsort(-beyond[found], kind="stable")]


def doubtful(shares: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int8]]:
    """The rows of which a label looks wrong, the likeliest first; the worst label of each; the labels it looks like.

    `shares` (N, K) are what models give to each label, `labels` (N, K) whether it is said. Each label is looked at as
    one of two classes (`suspects`), given or not.
    """
    worst, instead = np.zeros(labels.shape), labels.astype(np.int8)
    for k in range(labels.shape[1]):
        both = np.stack([1 - shares[:, k], shares[:, k]], axis=1)
        rows, other = suspects(both, labels[:, k])
        worst[rows, k] = both[rows, other] - both[rows, labels[rows, k]]
        instead[rows, k] = other
    most = worst.max(axis=1)
    found = np.flatnonzero((instead != labels).any(axis=1))
    found = found[np.argsort(-most[found], kind="stable")]
    return found, np.where(instead != labels, worst, -np.inf).argmax(axis=1)[found], instead[found]
