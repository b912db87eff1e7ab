"""Few examples: a candidate is scored on all of learn and tune by models that have not seen them, in repeated folds.

Folds keep groups and equal inputs together and have about the same share of every class.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.assemble import examples
from datacc.compiler.engine import engine
from datacc.compiler.folds import Fold, emptied
from datacc.fit import Recipe
from datacc.goals import Figure, rate
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot
from datacc.spec.program import Program
from datacc.store import Store

SMALL: Final = 1000  # rows of learn and tune; from here on tune alone tells whether a goal is met
FOLDS: Final = 5
REPEATS: Final = 2  # of fewer than `SMALL` rows; of more one will do, and fits take longer
UNASKED: Final = 2000  # … and from here on which candidate is better: see bench/RESULTS.md


def is_small(snapshot: Snapshot, *, asked: bool) -> bool:
    """Whether there are so few examples that a tune split by itself says little; `asked`: somebody set a goal."""
    return int((snapshot.splits != JUDGE).sum()) < (SMALL if asked else UNASKED)


def repeated(program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, store: Store) -> Figure:
    """How many of the learn and tune rows are answered right, in the mean of `repeats_of` times `FOLDS` fits.

    Each fit is remembered. Raises `FitError` when one fails.
    """
    known = np.flatnonzero(snapshot.splits != JUDGE)
    learn, none = examples(program, replace(snapshot, splits=np.where(snapshot.splits == JUDGE, JUDGE, LEARN)))
    chosen, empty = engine(program.backend, graph), emptied(graph)
    right, repeats = 0, repeats_of(len(known))
    for repeat in range(repeats):
        fold_of = deal(learn.targets, snapshot.groups[known], repeat)
        for fold in range(FOLDS):
            held = fold_of == fold
            if held.any() and not held.all():
                part = Fold(program, empty, learn.rows(~held), none, learn.rows(held), recipe, chosen)
                right += int((part.answers(store, lambda: None) == learn.targets[held]).sum())
    return rate(round(right / repeats), len(known))


def repeats_of(rows: int) -> int:
    """How often so many rows are dealt into folds."""
    return REPEATS if rows < SMALL else 1


def deal(classes: NDArray[np.int32], groups: NDArray[np.int64], repeat: int) -> NDArray[np.int64]:
    """The fold of each row (N,): whole groups in random order, each to where its classes are rarest so far.

    Large groups are dealt first. Every `repeat` deals in another order; the same one gives the same folds.
    """
    names, at = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), int(classes.max()) + 1))
    np.add.at(counts, (at, classes), 1)
    order = np.random.default_rng([repeat, FOLDS]).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    share, held, fold_of = counts.sum(axis=0), np.zeros((FOLDS, counts.shape[1])), np.zeros(len(names), np.int64)
    for group in order:
        crowded = (held * counts[group] / np.maximum(share, 1)).sum(axis=1)
        fold = min(range(FOLDS), key=lambda k: (crowded[k], held[k].sum(), k))
        held[fold] += counts[group]
        fold_of[group] = fold
    return fold_of[at]
