"""Putting Graphs together, cutting them, and walking them with hooks."""

import numpy as np
import pytest

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import Graph, needed
from datacc.ir.interpret import interpret, walk
from datacc.ir.join import join, side_by_side
from datacc.ir.narrow import narrow


def front(name: str = "x", width: int = 4) -> Graph:
    b = Builder()
    x = b.op("cast", f"{name}.float", b.input(name, "uint8", (width,)))
    return b.graph({f"{name}.features": x})


def layer(source: str, target: str, inputs: int, outputs: int, *, dims: tuple[str, str] = ("", "")) -> Graph:
    b = Builder()
    x = b.input(source, "float32", (inputs,))
    weight = b.weight(f"{target}.w", (outputs, inputs), value=np.arange(inputs), dims=dims)
    bias = b.weight(f"{target}.b", (outputs,), value=np.arange(outputs), dims=dims[:1])
    return b.graph({target: b.op("relu", f"{target}.relu", b.op("dense", f"{target}.dense", x, weight, bias))})


def test_joined_graphs_compute_one_after_the_other() -> None:
    first, second = front(), layer("x.features", "y", 4, 3)
    joined = check(join(first, second))
    x = {"x": np.array([[1, 2, 3, 4]], np.uint8)}
    features = interpret(first, x)["x.features"]
    np.testing.assert_array_equal(interpret(joined, x)["y"], interpret(second, {"x.features": features})["y"])
    assert [node.name for node in joined.inputs] == ["x"]


def test_an_output_may_be_the_input_itself() -> None:
    b = Builder()
    b.input("x.features", "float32", (4,))
    through = join(layer("a", "x.features", 2, 4), b.graph({"y": "x.features"}, loss="x.features"))
    assert through.outputs == (("y", "x.features.relu"),)
    assert through.loss == "x.features.relu"


def test_the_loss_of_either_is_kept() -> None:
    first, second = front(), layer("x.features", "y", 4, 3)
    assert join(first, second).loss == ""
    with_loss = Graph(nodes=first.nodes, outputs=first.outputs, loss="x.float")
    assert join(with_loss, second).loss == "x.float"


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (layer("x.features", "y", 5, 3), "wants"),
        (layer("z", "y", 4, 3), "nothing connects"),
        (layer("x.features", "x", 4, 3), None),
        (front(), "nothing connects"),
    ],
)
def test_what_cannot_be_joined(second: Graph, message: str | None) -> None:
    if message is None:
        check(join(front(), second))  # node names differ, although the output is called like an input
        return
    with pytest.raises(GraphError, match=message):
        join(front(), second)


def test_names_must_not_clash() -> None:
    b = Builder()
    x = b.input("x.features", "float32", (4,))
    with pytest.raises(GraphError, match=r"'x\.float'.*both Graphs have a node"):
        join(front(), b.graph({"y": b.op("relu", "x.float", x)}))
    with pytest.raises(GraphError, match="share the names"):
        side_by_side((front(), front()))


def test_side_by_side() -> None:
    both = check(side_by_side((front("a"), front("b"))))
    found = interpret(both, {"a": np.zeros((1, 4), np.uint8), "b": np.ones((1, 4), np.uint8)})
    assert found["a.features"].tolist() == [[0, 0, 0, 0]]
    assert found["b.features"].tolist() == [[1, 1, 1, 1]]


def test_narrowing_cuts_every_axis_of_the_name() -> None:
    wide = join(layer("x", "h", 4, 6, dims=("h", "")), layer("h", "y", 6, 2, dims=("", "h")))
    slim = check(narrow(wide, {"h": 3}))
    assert slim.by_name["h.w"].type.shape == (3, 4)
    assert slim.by_name["y.w"].type.shape == (2, 3)
    assert slim.by_name["h.relu"].type.shape == (3,)
    value, kept = wide.by_name["y.w"].value, slim.by_name["y.w"].value
    assert value is not None
    assert kept is not None
    np.testing.assert_array_equal(kept, value[:, :3])
    assert check(narrow(wide, {"h": 99})).digest == wide.digest
    assert narrow(wide, {"other": 1}).digest == wide.digest
    with pytest.raises(GraphError, match="below 1"):
        narrow(wide, {"h": 0})


def test_a_cut_that_leaves_a_misfit_is_refused() -> None:
    lopsided = join(layer("x", "h", 4, 6, dims=("h", "")), layer("h", "y", 6, 2))
    with pytest.raises(GraphError, match=r"y\.dense"):
        narrow(lopsided, {"h": 3})


def test_hooks_see_every_op_in_order_and_may_replace() -> None:
    graph = join(front(), layer("x.features", "y", 4, 2))
    x = {"x": np.array([[1, 2, 3, 4]], np.uint8)}
    given_names, seen_names = [], []

    def given(node, args):  # type: ignore[no-untyped-def]
        given_names.append(node.name)
        return [args[0] * 0, *args[1:]] if node.op == "dense" else args

    def seen(node, value):  # type: ignore[no-untyped-def]
        seen_names.append(node.name)
        return value + 100 if node.op == "relu" else value

    found = interpret(graph, x, given=given, seen=seen)
    assert given_names == seen_names == ["x.float", "y.dense", "y.relu"]
    assert found["y"].tolist() == [[100, 101]]


def test_only_what_is_needed_is_computed() -> None:
    b = Builder()
    x = b.input("x", "float32", (2,))
    b.op("relu", "unused", x)
    graph = b.graph({"y": b.op("exp", "y", x)})
    values = walk(graph, {"x": np.zeros((1, 2), np.float32)}, ["y"])
    assert set(values) == {"x", "y"}
    assert needed(graph, ["y"]) == {"x", "y"}


def test_what_has_no_value_is_named() -> None:
    b = Builder()
    x = b.input("x", "float32", (2,))
    graph = b.graph({"y": b.op("dense", "y", x, b.weight("w", (1, 2)), b.weight("b", (1,), value=0))})
    with pytest.raises(GraphError, match="weight 'w' has no value"):
        interpret(graph, {"x": np.zeros((1, 2), np.float32)})
    with pytest.raises(GraphError, match="input 'x' has no value"):
        interpret(graph, {})


def test_states_are_given_and_left() -> None:
    b = Builder()
    x, before = b.input("x", "float32", (2,)), b.input("sum", "float32", (2,))
    after = b.op("add", "after", x, before)
    graph = check(b.graph({"y": b.op("relu", "y", after)}, states=(("sum", after),)))
    total = np.zeros((1, 2), np.float32)
    for step in range(1, 4):
        found = interpret(graph, {"x": np.full((1, 2), -1, np.float32), "sum": total})
        total = found["sum"]
        assert total.tolist() == [[-step, -step]]
        assert found["y"].tolist() == [[0, 0]]


def test_filling_names_only_weights() -> None:
    graph = layer("x", "y", 2, 2)
    with pytest.raises(KeyError, match="nothing"):
        graph.fill({"nothing": np.zeros(2)})
    with pytest.raises(KeyError, match="x"):
        graph.fill({"x": np.zeros(2)})
