"""Which fold few examples are in: whole groups, no class crowded, and hardly any moves when a label changes."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.repo.snapshot import LEARN, Snapshot

SMALL: Final = 1000  # rows; from here on tune alone tells whether a goal is met
FOLDS_OF_FEW: Final = 5  # of fewer than `SMALL` rows, dealt by their classes
FOLDS_OF_MANY: Final = 3  # that will do, and fits take longer
_BYTES = 16  # of a digest: beyond those that order the folds, they order the groups


def dealt(snapshot: Snapshot, output: str, repeat: int) -> NDArray[np.int64]:
    """The fold of each learn row (N,), by the classes of `output`."""
    rows = snapshot.rows(LEARN)
    classes, keys = snapshot.labels[output][rows], group_keys(snapshot, rows)
    return deal(classes, keys, repeat, folds_of(len(rows)))


def folds_of(rows: int) -> int:
    """In how many folds so many rows are dealt."""
    return FOLDS_OF_FEW if rows < SMALL else FOLDS_OF_MANY


def group_keys(snapshot: Snapshot, rows: NDArray[np.intp]) -> list[str]:
    """For each of N ascending `rows` what its group is called: by the smallest id in it, whatever else there is."""
    _, first, at = np.unique(snapshot.groups[rows], return_index=True, return_inverse=True)
    return [snapshot.ids[row] for row in rows[first[at]]]


def deal(classes: NDArray[np.int32], keys: Sequence[str], repeat: int, folds: int) -> NDArray[np.int64]:
    """The fold of each row (N,), of so many `folds`; rows of equal `keys` (N,) are one group, and share one.

    A digest of its key, and of `repeat`, says which fold a group likes best and which next. One after the other, large
    ones first, then by that digest, each takes of the folds with room for its classes the one that it likes best.
    There is room for half more of a class than its share, or for the next whole row: so the folds of few are about
    even, and in large ones hardly anybody is turned away. Whoever is not stays when another label changes, and the
    order of rows plays no part.
    """
    names, at = np.unique(np.array(keys), return_inverse=True)
    counts = np.zeros((len(names), int(classes.max()) + 1), np.int64)
    np.add.at(counts, (at, classes), 1)
    marks = np.array([_mark(name, repeat, folds) for name in names])
    total = counts.sum(axis=0)
    room = np.maximum(-(-total // folds), total * 3 // (2 * folds))
    held, fold_of = np.zeros((folds, counts.shape[1]), np.int64), np.zeros(len(names), np.int64)
    for group in np.lexsort((*marks.T, -counts.sum(axis=1))):
        over = np.maximum(counts[group] - np.maximum(room - held, 0), 0).sum(axis=1)
        liked = np.argsort(marks[group, :folds], kind="stable")
        fold = liked[over[liked].argmin()]
        held[fold] += counts[group]
        fold_of[group] = fold
    return fold_of[at]


def _mark(name: str, repeat: int, folds: int) -> list[int]:
    said = f"{repeat} of {folds}: {name}"
    return list(hashlib.blake2b(said.encode(), digest_size=_BYTES).digest())
