"""One program at several widths: each is fitted on from the next wider one, without the channels that matter least.

Every width has weights of its own, because normalisation is folded into them; so nothing is lost by fitting each to its
own width alone, and no width has to agree with another (docs/adr/0014-widths-of-their-own.md).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.compiler.begin import started
from datacc.compiler.fitting import fit_once
from datacc.compiler.folds import emptied
from datacc.compiler.knowing import calibrated
from datacc.fit import Fitted, Recipe, Watch
from datacc.frozen import frozen
from datacc.ir.cost import node_costs
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.ir.narrow import lengths, narrow
from datacc.ir.plan import LANES
from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Program
from datacc.store import Store

SHARE: Final = 0.3  # of the whole's fit, that those of all narrower widths may cost together, each as much
NARROWEST: Final = 0.08  # of it, beside that, for the narrowest width, which loses most and from which no other begins
CUT: Final = 4 / 3  # of the rate, for what is cut away: a quarter of the channels needs a third of it
ABREAST: Final = 16  # floats that a step of a fit computes together; fewer channels take as long


@frozen(eq=False)
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
    parent = whole.as_fitted
    full = emptied(parent)
    forms = narrower_forms(full, program.widths)
    found = []
    each = zip(program.widths, forms, shares(len(forms)), strict=False)
    for width, form, share in reversed(list(each)):
        start, part = started(program, snapshot, parent, form, store), part_of(recipe, width, form, full, share)
        watch = announce(width, form)
        fitted = fit_once(program, snapshot, form, recipe, store, watch=watch, asked=whole.by, start=start, part=part)
        parent = fitted.as_fitted
        fitted, _ = calibrated(program, snapshot, fitted, store)
        found.append(Narrower(width=width, fitted=fitted))
    return tuple(reversed(found))


def shares(count: int) -> tuple[float, ...]:
    """What each fit of `count` widths below 1, ascending, may cost, as a part of the whole's.

    But for the narrowest all cost alike, so that narrower ones, which lose more, get more passes.
    """
    return tuple(SHARE / count + (0 if n else NARROWEST) for n in range(count))


def part_of(recipe: Recipe, width: float, form: Graph, whole: Graph, share: float) -> Recipe:
    """How to fit on to a `width` below 1 for a `share` of the cost at which `recipe` fits the whole from nothing.

    It never gets more passes than the whole.
    """
    passes = min(1, share * effort(whole) / effort(form))
    rate = recipe.rate * min(1, CUT * (1 - width))
    return replace(recipe, epochs=max(1, round(recipe.epochs * passes)), rate=rate)


def effort(graph: Graph) -> int:
    """About what a step of a fit costs: multiply-adds where the last axis of every result fills whole vectors."""
    channels = {node.name: node.type.shape[-1] for node in graph.nodes}
    padded = ((cost.work, channels[cost.name]) for cost in node_costs(graph))
    return sum(work * (-(-last // ABREAST) * ABREAST) // last for work, last in padded)


def unfilled(forms: Mapping[float, Graph]) -> tuple[str, ...]:
    """A warning where a layer of `forms`, by their widths, has fewer channels than a vector of the program; else none.

    Latency follows the work of a width only where vectors are full.
    """
    least = {width: min(lengths(form).values(), default=LANES) for width, form in forms.items()}
    few = {width: count for width, count in least.items() if count < LANES}
    if not few:
        return ()
    at = ", ".join(f"{width:g} ({count})" for width, count in few.items())
    enough = math.ceil(LANES / min(forms))
    return (
        f"layers of fewer than {LANES} channels take as long as {LANES}, at width {at}: latency falls less than work "
        f"there; from {enough} channels on, every width fills them",
    )


def file_of(width: float) -> str:
    """The file of an artifact that holds the Graph of a width below 1."""
    return f"width-{width:g}.dcc"


def read_widths(folder: Path, widths: Sequence[float]) -> tuple[Graph, ...]:
    """The Graphs of the widths below 1 of the artifact in `folder`. Raises `GraphError` when one is damaged."""
    files = [folder / file_of(width) for width in widths[:-1]]
    return tuple(load_graph(file.read_bytes(), str(file)) for file in files)
