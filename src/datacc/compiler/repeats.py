"""Few examples: a candidate is scored on all of learn and tune by models that have not seen them, in repeated folds.

Folds keep groups and equal inputs together and have about the same share of every class.
"""

from typing import Final

from datacc.compiler.deal import deal, group_keys
from datacc.compiler.folds import Announce, answered, folds
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.fit import Recipe
from datacc.goals import Figure, rate
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.lock import ALL
from datacc.spec.program import Program
from datacc.store import Store

SMALL: Final = 1000  # rows of learn and tune; from here on tune alone tells whether a goal is met
FOLDS, REPEATS = 5, 2  # of fewer than `SMALL` rows
FEWER: Final = 3  # folds of more rows, once: that will do, and fits take longer
UNASKED: Final = 2000  # … and from here on which candidate is better: see bench/RESULTS.md
CHEAPLY: Final = 4000  # … or from here on, where fits are cheap


def is_small(snapshot: Snapshot, *, asked: bool, cheap: bool = False) -> bool:
    """Whether there are so few examples that a tune split by itself says little.

    `asked`: somebody set a goal, `cheap`: a fit takes a second or so at most.
    """
    return int((snapshot.splits != JUDGE).sum()) < (SMALL if asked else CHEAPLY if cheap else UNASKED)


def repeated(
    program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, store: Store
) -> tuple[Figure, tuple[Unlearnt, ...]]:
    """How many of the learn and tune rows are answered right, in the mean of `repeats_of` times `folds_of` fits.

    With it come the answers of each time. Raises `FitError` when a fit fails.
    """
    rows = int((snapshot.splits != JUDGE).sum())
    deals = range(repeats_of(rows))
    found = tuple(out_of_fold(program, snapshot, graph, recipe, store, repeat=repeat) for repeat in deals)
    right = sum(right_of(program, snapshot, one).right for one in found)
    return rate(round(right / len(found)), rows), found


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
    announce: Announce = lambda fold: None,
    asked: str | None = None,
    repeat: int = 0,
) -> Unlearnt:
    """Answers to all learn and tune rows by `folds_of` models of the form of `graph`, each without those it answers.

    The rest is as in `folds.answered`. Raises `FitError` when a fit fails, or where all rows are one group.
    """
    taught = lessons(snapshot, ALL)
    rows, (output,) = taught.rows(LEARN), program.outputs
    classes, keys = taught.labels[output.name][rows], group_keys(taught, rows)
    fold_of = deal(classes, keys, repeat, folds_of(len(rows)))
    return answered(program, taught, graph, recipe, store, fold_of, announce, asked)


def unseen(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    announce: Announce = lambda fold: None,
    asked: str | None = None,
) -> Unlearnt:
    """Answers to every learn row by models that have not seen it: where tune is learnt too, the ones that score it."""
    parted = folds if len(snapshot.rows(TUNE)) else out_of_fold
    return parted(program, snapshot, graph, recipe, store, announce, asked)


def repeats_of(rows: int) -> int:
    """How often so many rows are dealt into folds."""
    return REPEATS if rows < SMALL else 1


def folds_of(rows: int) -> int:
    """In how many folds so many rows are dealt."""
    return FOLDS if rows < SMALL else FEWER
