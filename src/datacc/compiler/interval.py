"""After a fit: how wide the interval of a number is, by its errors on a half of tune that chose nothing.

An error is how far the truth lies outside of what the program answers by itself: of the number alone, or, where it
abstains, of the range of its quantiles (Romano et al. 2019), which is never made narrower. Of n errors the k-th
smallest, k = ⌈(n + 1) · interval⌉, is not exceeded by a new one with at least the chance that is asked for, whatever
the program (split-conformal prediction: Vovk et al. 2005).
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
            bare = _offset(graph, output, 0.0)
            half = half_width(errors(program, snapshot, bare, output), options_of(output).interval)
            graph = _offset(bare, output, half)
    return replace(fitted, graph=graph)


def _offset(graph: Graph, output: Field, half: float) -> Graph:
    """With an interval that reaches so far beyond what is answered by itself."""
    offsets = {"below": -half, "above": half}
    return graph.fill({f"{output.name}.{part}": np.array([value], np.float32) for part, value in offsets.items()})


def errors(program: Program, snapshot: Snapshot, graph: Graph, output: Field) -> NDArray[np.float64]:
    """How far the labels of the calibrating rows are outside of the intervals that are answered, (N,)."""
    rows = calibrating(program, snapshot)
    answers = ask_reference(graph, {name: array[rows] for name, array in snapshot.inputs.items()})
    low, high = (answers[f"{output.name}_{end}"].reshape(-1).astype(np.float64) for end in ("low", "high"))
    truth = snapshot.labels[output.name][rows]
    return np.asarray(np.maximum(np.maximum(low - truth, truth - high), 0.0))


def half_width(errors: NDArray[np.float64], interval: float) -> float:
    """The order statistic of errors (N,), N ≥ `needed(interval)`; of fewer the largest, which promises less."""
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
            above = graph.by_name[f"{output.name}.above"].value
            assert above is not None  # `with_intervals` filled it
            of = "the range of its quantiles" if output.abstains else "the answer"
            notes.append(
                f"{percent(asked)} of what {output.name} is in truth should lie within ± {number(float(above[0]))} "
                f"of {of}: calibrated on {rows:,} tune rows that chose nothing"
                + ("" if rows >= needed(asked) else f", of which it takes {needed(asked)}: it will be less often")
            )
    return tuple(notes)
