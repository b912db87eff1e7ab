"""Few examples: a candidate is scored on all of learn and tune by models that have not seen them, in repeated folds.

Folds keep groups and equal inputs together and have about the same share of every class.
"""

from typing import Final

from datacc.compiler.deal import SMALL
from datacc.compiler.folds import unseen
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.fit import Recipe
from datacc.goals import Figure, rate
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.lock import ALL
from datacc.spec.program import Program
from datacc.store import Store

REPEATS: Final = 2  # of fewer than `SMALL` rows
UNASKED: Final = 2000  # rows of learn and tune; from here on tune tells which candidate is better: bench/RESULTS.md
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
    rows, taught = int((snapshot.splits != JUDGE).sum()), lessons(snapshot, ALL)
    deals = range(repeats_of(rows))
    found = tuple(unseen(program, taught, graph, recipe, store, repeat=repeat) for repeat in deals)
    right = sum(right_of(program, snapshot, one).right for one in found)
    return rate(round(right / len(found)), rows), found


def right_of(program: Program, snapshot: Snapshot, found: Unlearnt) -> Figure:
    """How many rows are answered as their label says."""
    (output,) = program.outputs
    truth = snapshot.labels[output.name][found.rows]
    return rate(int((found.answers[output.name].reshape(-1) == truth).sum()), len(truth))


def repeats_of(rows: int) -> int:
    """How often so many rows are dealt into folds."""
    return REPEATS if rows < SMALL else 1
