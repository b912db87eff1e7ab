"""Which labels look wrong: confident learning (Northcutt, Jiang and Chuang 2021, doi:10.1613/jair.1.12125)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.suggest.needs import FEW


def suspects(shares: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows that look mislabelled, the likeliest first, and the class that each looks like.

    `shares` (N, K) are what models that had not seen a row give to each class, `labels` (N,) what it is labelled. A
    class is likely for a row when its share is no less than it is, on average, for the rows with that label: a class of
    which models are never sure asks for less. Nothing looks like a class of fewer than `FEW` rows, whose mean share is
    luck. A row is suspect when the likeliest such class is not its label; they are ordered by the share of their label
    minus that of the other class.
    """
    rows, classes = shares.shape
    counts = np.bincount(labels, minlength=classes)
    own = shares[np.arange(rows), labels].astype(np.float64)
    means = np.bincount(labels, own, classes) / np.maximum(counts, 1)
    likely = np.where(shares >= np.where(counts >= FEW, means, np.inf), shares, -1.0)
    instead = likely.argmax(axis=1)
    other = likely[np.arange(rows), instead]
    found = np.flatnonzero((other >= 0) & (instead != labels))
    order = found[np.argsort((own - other)[found], kind="stable")]
    return order, instead[order]
