"""The tutor that a lock names, fitted again: by the same labels as its pupil."""

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.fitting import fit_once
from datacc.compiler.recipe import recipe_of
from datacc.fit import Fitted, Watch
from datacc.repo.snapshot import Snapshot
from datacc.spec.lock import FILE, Tutor
from datacc.spec.program import Program
from datacc.store import Store


def taught_by(
    program: Program, snapshot: Snapshot, tutor: Tutor | None, store: Store, watch: Watch | None, asked: str | None
) -> Fitted | None:
    """The fitted tutor, None where there is none. Raises `SpecError` for a recipe that is none, and `FitError`."""
    if tutor is None:
        return None
    graph = skeleton_graph(program, snapshot, tutor.skeleton, tutor.sizes)
    recipe = recipe_of(tutor.recipe, FILE)
    return fit_once(program, snapshot, graph, recipe, store, watch=watch, asked=asked)
