"""What the judge sees of a program at its widths below 1: every answer, compared with that width's own Graph."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from datacc.compiler.ask import told
from datacc.compiler.checks import Trial
from datacc.compiler.parity import Answers, compare
from datacc.compiler.simplify import simplify
from datacc.compiler.verdict import Timing, Width
from datacc.goals import PLAINEST, Metric
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.runtime.native import Native

Arrays = Mapping[str, NDArray[Any]]


class Seen(NamedTuple):
    """One width: its answers, multiply-adds and median latency in seconds."""

    width: float
    answers: Answers
    work: int
    latency: float


def narrower_seen(
    native: Native,
    graphs: Sequence[Graph],
    inputs: Arrays,
    ids: Sequence[str],
    timing: Callable[[Native, Arrays], Timing],
) -> list[Seen]:
    """Every width of `native` below 1 on all rows. Raises `ParityError` where one differs from its Graph."""
    found = []
    for n, graph in enumerate(graphs):
        width = native.interface.widths[n]
        one = native.at(width)
        answers = compare(graph, one, inputs, ids)
        found.append(Seen(width, answers, work(simplify(graph)), timing(one, inputs).median))
    return found


def widths_of(seen: Sequence[Seen], trial: Trial) -> tuple[Width, ...]:
    """How often the output of `trial` is right at each width, ascending."""
    name = PLAINEST[trial.likeness.output.form]
    metric: Metric = load("goals", name)
    return tuple(
        Width(
            width=one.width,
            work=one.work,
            latency=one.latency,
            accuracy=metric.measure(trial.truth, told(one.answers.values, trial.field), None),
            metric=name,
        )
        for one in sorted(seen, key=lambda one: one.width)
    )
