"""After a fit: how wide the interval of a number is, by its errors on a half of tune that chose nothing.

Of n errors the k-th smallest, k = ⌈(n + 1) · interval⌉, is not exceeded by a new one with at least the chance that is
asked for, whatever the program (split-conformal prediction: Vovk et al. 2005).
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
            half = half_width(errors(program, snapshot, graph, output), options_of(output).interval)
            offsets = {"below": -half, "above": half}
            graph = graph.fill(
                {f"{output.name}.{part}": np.array([value], np.float32) for part, value in offsets.items()}
            )
    return replace(fitted, graph=graph)


def errors(program: Program, snapshot: Snapshot, graph: Graph, output: Field) -> NDArray[np.float64]:
    """How far the answers to the calibrating rows are from their labels, (N,)."""
    rows = calibrating(program, snapshot)
    told = ask_reference(graph, {name: array[rows] for name, array in snapshot.inputs.items()})[output.name]
    return np.asarray(np.abs(told.reshape(-1).astype(np.float64) - snapshot.labels[output.name][rows]))


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
            notes.append(
                f"{percent(asked)} of what {output.name} is in truth should lie within ± {number(float(above[0]))} "
                f"of the answer: calibrated on {rows:,} tune rows that chose nothing"
                + ("" if rows >= needed(asked) else f", of which it takes {needed(asked)}: it will be less often")
            )
    return tuple(notes)
