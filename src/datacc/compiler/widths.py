"""One program at several widths: each is fitted on from the next wider one, without the channels that matter least.

Every width has weights of its own, because normalisation is folded into them; so nothing is lost by fitting each to its
own width alone, and no width has to agree with another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datacc.compiler.begin import begin
from datacc.compiler.folds import emptied
from datacc.compiler.knowing import calibrated
from datacc.fit import Fitted, Recipe, Watch
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.ir.narrow import lengths, narrow
from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Program
from datacc.store import Store


@dataclass(frozen=True, kw_only=True, eq=False)
class Narrower:
    """A width below 1 and what was fitted for it."""

    width: float
    fitted: Fitted


def narrower_forms(graph: Graph, widths: Sequence[float]) -> tuple[Graph, ...]:
    """`graph` with this share of every named axis, rounded, at least one element, for each of `widths` but the last."""
    whole = lengths(graph)
    return tuple(narrow(graph, {dim: max(1, round(n * width)) for dim, n in whole.items()}) for width in widths[:-1])


def fit_widths(
    program: Program,
    snapshot: Snapshot,
    whole: Fitted,
    recipe: Recipe,
    store: Store,
    announce: Callable[[float, Graph], Watch | None],
) -> tuple[Narrower, ...]:
    """What is fitted for every width of `program` below 1, ascending; `whole` was fitted by `recipe` for 1 itself."""
    parent = whole.floats or whole.graph
    forms = narrower_forms(emptied(parent), program.widths)
    found = []
    for width, form in reversed(list(zip(program.widths, forms, strict=False))):
        begun = begin(program, snapshot, parent, form, store)
        watch = announce(width, form)
        fitted = begun.fit(program, snapshot, recipe, store, watch, whole.by)
        parent = fitted.floats or fitted.graph
        fitted, _ = calibrated(program, snapshot, fitted, store)
        found.append(Narrower(width=width, fitted=fitted))
    return tuple(reversed(found))


def file_of(width: float) -> str:
    """The file of an artifact that holds the Graph of a width below 1."""
    return f"width-{width:g}.dcc"


def read_widths(folder: Path, widths: Sequence[float]) -> tuple[Graph, ...]:
    """The Graphs of the widths below 1 of the artifact in `folder`. Raises `GraphError` when one is damaged."""
    files = [folder / file_of(width) for width in widths[:-1]]
    return tuple(load_graph(file.read_bytes(), str(file)) for file in files)
