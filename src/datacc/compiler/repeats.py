"""Few examples: a candidate is scored on all of learn and tune by models that have not seen them, in repeated folds.

Folds keep groups and equal inputs together and have about the same share of every class.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.assemble import examples
from datacc.compiler.engine import engine
from datacc.compiler.folds import Fold, emptied, others
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.compiler.whole import asked_rows, joined
from datacc.errors import FitError
from datacc.fit import Recipe
from datacc.goals import Figure, rate
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot
from datacc.spec.lock import ALL
from datacc.spec.program import Program
from datacc.store import Store

SMALL: Final = 1000  # rows of learn and tune; from here on tune alone tells whether a goal is met
FOLDS, REPEATS = 5, 2  # of fewer than `SMALL` rows
FEWER: Final = 3  # folds of more rows, once: that will do, and fits take longer
UNASKED: Final = 2000  # … and from here on which candidate is better: see bench/RESULTS.md


def is_small(snapshot: Snapshot, *, asked: bool) -> bool:
    """Whether there are so few examples that a tune split by itself says little; `asked`: somebody set a goal."""
    return int((snapshot.splits != JUDGE).sum()) < (SMALL if asked else UNASKED)


def repeated(
    program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, store: Store
) -> tuple[Figure, Unlearnt]:
    """How many of the learn and tune rows are answered right, in the mean of `repeats_of` times `folds_of` fits.

    With it come the answers of the first of them. Raises `FitError` when a fit fails.
    """
    rows = int((snapshot.splits != JUDGE).sum())
    found = [out_of_fold(program, snapshot, graph, recipe, store, repeat) for repeat in range(repeats_of(rows))]
    right = sum(right_of(program, snapshot, one).right for one in found)
    return rate(round(right / len(found)), rows), found[0]


def right_of(program: Program, snapshot: Snapshot, found: Unlearnt) -> Figure:
    """How many rows are answered as their label says."""
    (output,) = program.outputs
    truth = snapshot.labels[output.name][found.rows]
    return rate(int((found.answers[output.name].reshape(-1) == truth).sum()), len(truth))


def out_of_fold(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    repeat: int = 0,
    asked: str | None = None,
) -> Unlearnt:
    """Answers to all learn and tune rows by `folds_of` models of the form of `graph`, each without those it answers.

    Each fit is remembered; `asked` is the back end as a lock names it. Raises `FitError` when one fails, or where all
    rows are one group.
    """
    taught, (output,) = lessons(snapshot, ALL), program.outputs
    known, (learn, none) = taught.rows(LEARN), examples(program, taught)
    empty, count = emptied(graph), folds_of(len(known))
    chosen, fold_of = engine(asked or program.backend, empty), deal(learn.targets, taught.groups[known], repeat, count)
    rows, parts = [], []
    for fold in range(count):
        held = fold_of == fold
        if held.any() and not held.all():
            inputs, owners = asked_rows(taught, known[held])
            part = Fold(program, empty, others(taught, learn, held), none, inputs, recipe, chosen)
            parts.append(joined(taught, part.answers(store, lambda: None), owners, int(held.sum())))
            rows.append(known[held])
    if not rows:
        what = f"all learn and tune examples of {output.name} are one group: none can be held out"
        raise FitError(what, tries=["datacc build --search", "examples of another group"])
    order = np.argsort(np.concatenate(rows))
    answers = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    return Unlearnt(rows=known, answers=answers, how="out of fold")


def repeats_of(rows: int) -> int:
    """How often so many rows are dealt into folds."""
    return REPEATS if rows < SMALL else 1


def folds_of(rows: int) -> int:
    """In how many folds so many rows are dealt."""
    return FOLDS if rows < SMALL else FEWER


def deal(classes: NDArray[np.int32], groups: NDArray[np.int64], repeat: int, folds: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each row (N,), of so many `folds`: whole groups in random order.

    Each goes where its classes are rarest so far, large ones first. Every `repeat` deals in another order; the same one
    gives the same folds.
    """
    names, at = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), int(classes.max()) + 1))
    np.add.at(counts, (at, classes), 1)
    order = np.random.default_rng([repeat, folds]).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    share, held, fold_of = counts.sum(axis=0), np.zeros((folds, counts.shape[1])), np.zeros(len(names), np.int64)
    for group in order:
        crowded = (held * counts[group] / np.maximum(share, 1)).sum(axis=1)
        fold = min(range(folds), key=lambda k: (crowded[k], held[k].sum(), k))
        held[fold] += counts[group]
        fold_of[group] = fold
    return fold_of[at]
