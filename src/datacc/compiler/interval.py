"""After a fit: how wide the interval of a number is, by its errors on a half of tune that chose nothing.

An error is how far the truth lies outside of what the program answers by itself. That is the number alone; or, where
it abstains, the range of its quantiles (Romano et al. 2019), inside of which the error is negative: by what share of
itself that range could be less wide, to either side, and still hold the truth. Of n errors the k-th smallest,
k = ⌈(n + 1) · interval⌉, is not exceeded by a new one with at least the chance that is asked for, whatever the program
(split-conformal prediction: Vovk et al. 2005), since each says when the truth enters a set that only grows.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask_reference
from datacc.compiler.halves import calibrating
from datacc.compiler.shown import number, percent
from datacc.fit import Fitted
from datacc.ir.graph import Graph
from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Field, Program
from datacc.types import options_of


def with_intervals(program: Program, snapshot: Snapshot, fitted: Fitted) -> Fitted:
    """What was fitted, every number with its interval; a Graph without one comes back as it is."""
    graph = fitted.graph
    for output in program.outputs:
        if output.form == "number":
            bare = _reaching(graph, output, 0.0)
            reach = order_statistic(errors(program, snapshot, bare, output), options_of(output).interval)
            graph = _reaching(bare, output, reach)
    return replace(fitted, graph=graph)


def _reaching(graph: Graph, output: Field, reach: float) -> Graph:
    """With an interval that reaches so far beyond what is answered by itself; of a negative one so much less of it."""
    beyond = max(0.0, reach)
    weights = {"below": -beyond, "above": beyond, "spread": min(1.0, 1 + reach)}
    named = {f"{output.name}.{part}": np.array([value], np.float32) for part, value in weights.items()}
    return graph.fill({name: value for name, value in named.items() if name in graph.by_name})


def errors(program: Program, snapshot: Snapshot, graph: Graph, output: Field) -> NDArray[np.float64]:
    """How far labels of the calibrating rows are outside of what is answered, (N,); or inside, as shares below 0."""
    rows, name = calibrating(program, snapshot), output.name
    answers = ask_reference(graph, {name: array[rows] for name, array in snapshot.inputs.items()})
    low, value, high = (answers[part].reshape(-1).astype(np.float64) for part in (f"{name}_low", name, f"{name}_high"))
    truth = snapshot.labels[name][rows].astype(np.float64)
    outside = np.maximum(low - truth, truth - high)
    end = np.where(truth < value, low, high)
    share = np.divide(truth - value, end - value, out=np.zeros(len(rows)), where=end != value)
    return np.where(outside > 0, outside, share - 1)


def order_statistic(errors: NDArray[np.float64], interval: float) -> float:
    """That of errors (N,), N ≥ `needed(interval)`, a little beyond; of fewer the largest, which promises less."""
    if not len(errors):
        return 0.0
    k = math.ceil((len(errors) + 1) * interval - 1e-9)
    return float(np.nextafter(np.float32(np.sort(errors)[min(k, len(errors)) - 1]), np.float32(np.inf)))


def needed(interval: float) -> int:
    """The fewest errors of which the largest is not exceeded by a new one with that chance."""
    return math.ceil(interval / (1 - interval) - 1e-9)


def interval_notes(program: Program, snapshot: Snapshot, graph: Graph) -> tuple[str, ...]:
    """What the interval of each number promises, in words."""
    notes = []
    for output in program.outputs:
        if output.form == "number":
            asked, rows = options_of(output).interval, len(calibrating(program, snapshot))
            notes.append(
                f"{percent(asked)} of what {output.name} is in truth should lie {_where(graph, output)}: calibrated on "
                f"{rows:,} tune rows that chose nothing"
                + ("" if rows >= needed(asked) else f", of which it takes {needed(asked)}: it will be less often")
            )
    return tuple(notes)


def _where(graph: Graph, output: Field) -> str:
    """In words."""
    beyond = graph.by_name[f"{output.name}.above"].value
    assert beyond is not None  # `with_intervals` filled it
    if not output.abstains:
        return f"within ± {number(float(beyond[0]))} of the answer"
    spread = graph.by_name[f"{output.name}.spread"].value
    assert spread is not None
    part = "the range" if spread[0] == 1 else f"{percent(float(spread[0]))} of the range"
    return f"in {part} of its quantiles" + (f", ± {number(float(beyond[0]))}" if beyond[0] else "")
