"""Every op of the closed table has all that belongs to it, and docs/ops.md lists exactly the table."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from datacc.arrange.chain import ELEMENTWISE
from datacc.emit.table import KERNELS
from datacc.fit.adjoints import ADJOINTS
from datacc.fit.backward import RULES, WITHOUT_GRADIENT
from datacc.fit.torch import FITTING_FORMS, FORMS
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.cost import node_costs
from datacc.ir.graph import SOURCES, Graph, Role
from datacc.ir.interpret import interpret, walk
from datacc.ir.onnx import forms as exporting
from datacc.ir.onnx.write import export
from datacc.ir.ops import OPS
from tests.emit.compiled import compiled, poisoned
from tests.ir.graphs import assert_alike, inputs_for

PAGE = Path(__file__).parents[2] / "docs" / "ops.md"
MOST = 24


class One:
    """A Graph of one op on a picture of 6 × 6 × 4."""

    def __init__(self, dtype: str = "float32") -> None:
        self.b = Builder()
        self.x = self.b.input("x", dtype, (6, 6, 4))

    def weights(self, *shapes: tuple[int, ...], role: Role = "fixed") -> list[str]:
        random = np.random.default_rng(7)
        values = [random.uniform(0.1, 1, shape) for shape in shapes]
        return [self.b.weight(f"w{k}", value.shape, value=value, role=role) for k, value in enumerate(values)]

    def graph(self, op: str, *inputs: str, **attrs: Any) -> Graph:
        return check(self.b.graph({"y": self.b.op(op, "op", *inputs, **attrs)}), holes=())


def on_picture(op: str, *shapes: tuple[int, ...], dtype: str = "float32", **attrs: Any) -> Callable[[], Graph]:
    def make() -> Graph:
        one = One(dtype)
        return one.graph(op, one.x, *one.weights(*shapes), **attrs)

    return make


def twice(op: str, **attrs: Any) -> Callable[[], Graph]:
    def make() -> Graph:
        one = One()
        return one.graph(op, one.x, one.b.input("z", "float32", (6, 6, 4)), **attrs)

    return make


def spread(op: str) -> Callable[[], Graph]:
    """The op on a picture and one number per pixel."""

    def make() -> Graph:
        one = One()
        return one.graph(op, one.x, one.b.input("z", "float32", (6, 6, 1)))

    return make


def rows_of_a_table() -> Graph:
    one = One()
    return one.graph("gather", one.b.input("rows", "uint8", (5,)), *one.weights((200, 3)))


def a_rescaled_picture() -> Graph:
    one = One("int8")
    multiplier = one.b.weight("m", (4,), value=np.array([1, 300, 20_000, -7]), role="fixed", dtype="int32")
    return one.graph("rescale", one.x, multiplier, shift=-3, to="int8")


SQUARE = {"stride": (1, 2), "pad": ((1, 0), (1, 1)), "dilation": (1, 1)}
WINDOW = {"size": (2, 3), "stride": (2, 1)}
SAMPLES: dict[str, Callable[[], Graph]] = {
    "cast": on_picture("cast", dtype="uint8"),
    "affine": on_picture("affine", (4,), (1,)),
    "dense": on_picture("dense", (3, 6, 6, 4), (3,)),
    "conv": on_picture("conv", (8, 3, 3, 2), (8,), groups=2, **SQUARE),
    "normalise": on_picture("normalise", (4,), (4,), (4,), (4,)),
    "relu": on_picture("relu"),
    "clip": on_picture("clip", low=-0.5, high=0.7),
    "add": twice("add"),
    "multiply": spread("multiply"),
    "divide": spread("divide"),
    "exp": on_picture("exp"),
    "log": on_picture("log"),
    "sqrt": on_picture("sqrt"),
    "sin": on_picture("sin"),
    "maxpool": on_picture("maxpool", **WINDOW),
    "meanpool": on_picture("meanpool", **WINDOW),
    "argmax": on_picture("argmax"),
    "maximum": on_picture("maximum"),
    "concat": twice("concat", axis=2),
    "slice": on_picture("slice", axis=1, first=1, last=5, step=2),
    "reshape": on_picture("reshape", shape=(9, 16)),
    "transpose": on_picture("transpose", axes=(2, 0, 1)),
    "rescale": a_rescaled_picture,
    "gather": rows_of_a_table,
}
WORK = {
    "affine": 144,
    "dense": 432,
    "conv": 5 * 3 * 8 * 9 * 2,
    "normalise": 144,
    "add": 144,
    "multiply": 144,
    "divide": 144,
    "rescale": 144,
    "sqrt": 144,
    "exp": 1440,
    "log": 1440,
    "sin": 1440,
}
HELPERS = {
    "argmax": {"Cast"},
    "rescale": {"Cast", "Add", "Clip"},
    "gather": {"Cast", "Clip"},
}  # what ONNX needs besides to mean the same


def test_the_table_is_closed_and_small() -> None:
    assert set(SAMPLES) == set(OPS)
    assert not set(OPS) & set(SOURCES)
    assert len(OPS) <= MOST


@pytest.mark.parametrize("op", OPS)
def test_it_has_a_shape_rule_a_meaning_and_a_cost(op: str) -> None:
    graph = SAMPLES[op]()
    found = interpret(graph, inputs_for(graph))["y"]
    type_ = graph.by_name["op"].type
    assert (found.dtype.name, found.shape) == (type_.dtype, (3, *type_.shape))
    [cost] = node_costs(graph)
    assert cost.work == WORK.get(op, 0)
    assert cost.kind in ("product", "threshold", "other")
    weights = [node for node in graph.weights if node.name in graph.by_name["op"].inputs]
    assert len(weights) == OPS[op].weights
    assert cost.weights == sum(node.type.nbytes for node in weights)


@pytest.mark.parametrize("op", OPS)
def test_it_has_a_torch_form(op: str) -> None:
    graph = SAMPLES[op]()
    inputs = inputs_for(graph)
    values = {node.name: torch.tensor(node.value) for node in graph.weights}
    values |= {name: torch.from_numpy(array) for name, array in inputs.items()}
    found = walk(graph, values, ["op"], forms=FORMS)["op"].numpy()
    assert_alike(found, interpret(graph, inputs)["y"])
    assert set(FITTING_FORMS) == set(FORMS) == set(OPS)


@pytest.mark.parametrize("op", OPS)
def test_it_has_the_counterpart_in_onnx_that_the_table_names(op: str) -> None:
    model = onnx.load_from_string(export(SAMPLES[op](), "one"))
    found = {node.op_type for node in model.graph.node}
    named = set(OPS[op].onnx.split("+"))
    helpers = {"Transpose", "Identity", "Flatten"} | HELPERS.get(op, set())
    assert named <= found <= named | helpers
    assert set(exporting.FORMS) == set(OPS)


@pytest.mark.parametrize("op", OPS)
def test_it_has_a_kernel_in_c(op: str, tmp_path: Path) -> None:
    graph = SAMPLES[op]()
    inputs = inputs_for(graph)
    assert_alike(poisoned(compiled(graph, tmp_path), inputs)["y"], interpret(graph, inputs)["y"])


def test_there_are_no_other_kernels() -> None:
    assert set(KERNELS) | ELEMENTWISE == {*OPS, "copy", "each"}  # which arrange makes and no Graph holds


def rows(head: str = "| op | | arguments → result | meaning | ONNX |") -> dict[str, list[str]]:
    """The rows of the table of docs/ops.md under this head, by op."""
    table = PAGE.read_text(encoding="utf-8").split(f"{head}\n")[1].split("\n\n")[0]
    lines = re.findall(r"^\| `(\w+)` \|(.*)\|$", table, re.MULTILINE)
    return {op: [cell.strip() for cell in cells.split(" | ")] for op, cells in lines}


def test_the_page_lists_the_ops_that_are_built_and_no_more() -> None:
    table = rows()
    built = {op for op, cells in table.items() if cells[0] == "built"}
    assert set(table) == built == set(OPS) | set(SOURCES)
    assert len(OPS) <= MOST


@pytest.mark.parametrize("op", OPS)
def test_the_page_names_the_onnx_counterpart(op: str) -> None:
    assert rows()[op][3] == OPS[op].onnx


def test_the_page_lists_the_adjoints() -> None:
    table = rows("| op | | arguments → result | meaning |")
    assert set(table) == set(ADJOINTS)
    assert {op for op, cells in table.items() if cells[0] == "whole"} == {
        op for op in ADJOINTS if ADJOINTS[op].is_summing
    }
    for op, cells in table.items():
        told = set(re.findall(r"`(\w+)`", " ".join(cells)))
        named = set(ADJOINTS[op].attrs) - {"stride", "pad", "dilation", "groups"}
        assert named <= told, op


def test_the_page_gives_the_rule_of_every_op() -> None:
    table = rows("| op | what goes back, for the gradient g of the result y |")
    assert set(table) == set(RULES) | WITHOUT_GRADIENT
    assert {op for op, cells in table.items() if cells == ["nothing"]} == WITHOUT_GRADIENT
