"""The step that fits a built program's skeleton, node by node: what `inspect --backward` shows."""

from functools import partial
from pathlib import Path

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.report import Report, read_report
from datacc.compiler.sides import asked, snapshot_of
from datacc.errors import DataError
from datacc.fit.adjoints import ADJOINTS, STEP_OPS
from datacc.fit.losses import cross_entropy, loss_of
from datacc.fit.step import step_graph, wholes
from datacc.frozen import frozen
from datacc.ir.cost import node_costs
from datacc.ir.graph import Graph
from datacc.store import Store


@frozen
class StepNode:
    """One node of a step: `varies` is "row" or "whole", `adjoint` whether its op is of the second table.

    Work and comparisons are those of one row of a batch; what is whole is computed once for all rows.
    """

    op: str
    name: str
    varies: str
    adjoint: bool
    shape: tuple[int, ...]
    work: int
    comparisons: int

    @property
    def steps(self) -> int:
        """Multiply-adds and comparisons."""
        return self.work + self.comparisons


def step_of(folder: Path, root: Path, store: Store) -> tuple[str, tuple[StepNode, ...]]:
    """The program's name, and the ops of its step in order, of the artifact in `folder`.

    Raises `UsageError` when there is no built program, `DataError` when its examples, which know the classes, cannot be
    had again.
    """
    report = read_report(folder / "report.json")
    graph = _skeleton(report, root, store)
    smoothing = float(report.recipe.get("smoothing", 0.0))
    loss = loss_of(graph, partial(cross_entropy, smoothing=smoothing))
    return report.name, step_nodes(step_graph(graph, loss))


def step_nodes(step: Graph) -> tuple[StepNode, ...]:
    """The ops of a step Graph, in execution order."""
    whole = wholes(step)
    return tuple(
        StepNode(
            op=cost.op,
            name=cost.name,
            varies="whole" if cost.name in whole else "row",
            adjoint=cost.op in ADJOINTS,
            shape=step.by_name[cost.name].type.shape,
            work=cost.work,
            comparisons=cost.comparisons,
        )
        for cost in node_costs(step, STEP_OPS)
    )


def _skeleton(report: Report, root: Path, store: Store) -> Graph:
    chosen = next((tried for tried in report.tried if tried.chosen), None)
    if chosen is None:
        raise DataError("the report names no skeleton that was chosen", tries=["datacc build"])
    return skeleton_graph(asked(report), snapshot_of(report, root, store), chosen.skeleton, chosen.sizes)
