"""A fit as a lock says it: on from its parent where little has changed since, else from nothing."""

from typing import Final

import numpy as np

from datacc.compiler.fitting import fit_once
from datacc.compiler.halves import selecting
from datacc.compiler.lesson import taught_by
from datacc.compiler.likeness import Likeness, likeness_of
from datacc.compiler.parent import Parent, form_of, keep, learnt, recall_parent
from datacc.fit import Fitted, Recipe, Watch
from datacc.frozen import frozen
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.repo.words import counted
from datacc.spec.bounds import standard_error
from datacc.spec.lock import Lock
from datacc.spec.program import Program
from datacc.store import Store

NEAR: Final = 0.07  # share of learn rows that may differ from what the parent learnt: beyond, quality is lost
CHEAP: Final = 5 * 10**9  # multiply-adds of all answers in a fit, half a second: not worth a parent


@frozen(eq=False)
class Onward:
    """A fit and where it began: at the Graph of digest `parent`, None: at nothing. `said` tells people why."""

    fitted: Fitted
    parent: str | None = None
    said: tuple[str, ...] = ()


def fit_on(
    program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, lock: Lock, store: Store, watch: Watch | None
) -> Onward:
    """Fit `graph`, which is of the form that the lock chose, by `recipe`, on from the parent that it names.

    It begins at nothing where the lock names none, the fit costs little, or the parent was fitted to these very
    examples; and, which is said, where the parent is lost, was asked for otherwise, learnt too much else, or in another
    unit, or where going on from it loses more on tune than chance explains.
    """
    by = program.backend or lock.toolchain.get("fit")
    parent, said = _parent(program, snapshot, graph, recipe, lock, store)
    if parent is not None:
        fitted = fit_once(program, snapshot, graph, recipe, store, watch=watch, asked=by, start=parent.graph)
        lost = _loss(fitted, len(selecting(program, snapshot)))
        if not lost:
            return Onward(fitted=fitted, parent=lock.parent, said=(said,))
        said = f"fitted from nothing: {lost}"
    tutor = taught_by(program, snapshot, lock.tutor, store, watch, by)
    fitted = fit_once(program, snapshot, graph, recipe, store, watch=watch, asked=by, tutor=tutor)
    return Onward(fitted=fitted, said=(said,) if said else ())


def keep_parent(
    program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, fitted: Fitted, store: Store
) -> str | None:
    """Keep what was fitted from nothing, so that later fits may go on from it: its digest, None when not worth it."""
    if is_cheap(snapshot, graph, recipe):
        return None
    form = form_of(program, snapshot, graph, recipe)
    ids, labels = learnt(snapshot)
    keep(store, Parent(graph=fitted.as_fitted, form=form, examples=snapshot.seen, ids=ids, labels=labels))
    return fitted.as_fitted.digest


def is_cheap(snapshot: Snapshot, graph: Graph, recipe: Recipe) -> bool:
    """Whether a fit from nothing costs so little that no other is worth it."""
    return work(graph) * len(snapshot.rows(LEARN)) * recipe.epochs < CHEAP


def _parent(
    program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, lock: Lock, store: Store
) -> tuple[Parent | None, str]:
    """The parent to go on from, or None; and what is to be said of it, "" where that is nothing."""
    if lock.parent is None:
        return None, ""
    parent, name, nothing = recall_parent(store, lock.parent), lock.parent[:12], "fitted from nothing:"
    if is_cheap(snapshot, graph, recipe):
        lost = f"{nothing} that costs little, and the parent {name} is of another form by now, or lost"
        return None, lost if parent is None else ""
    if parent is None:
        return None, f"{nothing} the parent {name} is not in the cache"
    if parent.examples == snapshot.seen:
        return None, ""
    if parent.form != form_of(program, snapshot, graph, recipe):
        return None, f"{nothing} the parent {name} has other classes, inputs or settings"
    changed, gone = parent.unlike(snapshot)
    differing, rows = len(changed) + gone, len(snapshot.rows(LEARN))
    them = f"of {rows:,} learn examples"
    told = counted(differing, f"{them} is not as it learnt it", f"{them} are not as it learnt them")
    if differing > NEAR * rows:
        return None, f"{nothing} it is far from the parent {name}: {told}"
    if any(_is_rescaled(likeness_of(program, snapshot, output.name), parent) for output in program.outputs):
        return None, f"{nothing} numbers are spread otherwise than those of the parent {name}"
    return parent, f"fitted on from {name}: {told}; datacc build --exact begins from nothing"


def _is_rescaled(likeness: Likeness, parent: Parent) -> bool:
    """Whether the unit of what is learnt moved by more than counts as the same: weights would mean something else."""
    learn = likeness.snapshot.labels[likeness.output.name][likeness.snapshot.rows(LEARN)]
    units = likeness.type.data(likeness.output.name, learn)
    before = {name: parent.graph.by_name[name].value for name in units}
    return any(
        (np.abs(units[name] - value) > likeness.tolerance).any() for name, value in before.items() if value is not None
    )


def _loss(fitted: Fitted, rows: int) -> str:
    """What is lost on `rows` rows of tune since before the fit, if it is more than a standard error."""
    before, after = (score for _, score in (fitted.history[0], fitted.history[-1]))
    error = standard_error(before, max(rows, 1))
    return f"going on from the parent loses on tune: {before:.1%} → {after:.1%}" if before - after > error else ""
