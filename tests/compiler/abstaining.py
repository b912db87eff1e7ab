"""Programs that abstain, for tests of the whole path and of its parts."""

from dataclasses import replace
from pathlib import Path

from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.spec.program import Goal, Program
from datacc.spec.read import read_program
from tests.compiler.made import CLASSES, PROGRAM, graph_for

TOML = """name = "flowers"
[source]
type = "table"
path = "flowers.csv"
label = "species"
[input.row]
type = "record"
columns = ["length", "width", "depth"]
[output.species]
type = "label"
abstain = true
[goal]
accuracy = 0.5
error = 0.2
coverage = 0.4
"""

[SIDE] = PROGRAM.outputs
ABSTAINS = replace(
    PROGRAM,
    outputs=(replace(SIDE, options={"abstain": True}),),
    goals=(Goal(metric="error", limit=0.3), Goal(metric="coverage", limit=0.2)),
)


def graph() -> Graph:
    """The network for points of other tests, with an answer that abstains."""
    kind, label = load("types", "record"), load("types", "label")
    front = kind.front("point", kind.options(columns=["x", "y"]))
    answer = label.answer("side", CLASSES, label.options(abstain=True))
    plain = graph_for()
    whole: Graph = load("skeletons", "mlp.v1").graph([front], answer, {"width": 8, "depth": 1})
    return whole.fill({node.name: plain.by_name[node.name].value for node in whole.holes})  # type: ignore[misc]


def program_of(folder: Path) -> Program:
    """What stands in the `datacc.toml` of a folder."""
    return read_program(folder / "datacc.toml")
