"""The checker lets every good Graph pass and names what is wrong with a bad one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import Graph, Node, Type, float32
from tests.ir.graphs import graphs


def good() -> Graph:
    b = Builder()
    x = b.input("x", "uint8", (4,))
    row = b.op("affine", "row", b.op("cast", "float", x), *(b.weight(n, (1,), value=1) for n in ("scale", "offset")))
    top = b.op("dense", "top", row, b.weight("w", (3, 4), value=0.5), b.weight("b", (3,), role="fixed", value=0))
    return b.graph({"scores": b.op("exp", "exp", top), "best": b.op("argmax", "argmax", top)}, loss=top)


def changed(name: str, /, **changes: Any) -> Graph:
    """The good Graph with one node changed."""
    graph = good()
    nodes = tuple(replace(node, **changes) if node.name == name else node for node in graph.nodes)
    return replace(graph, nodes=nodes)


def without(name: str) -> Graph:
    graph = good()
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name != name))


def moved_to_the_end(name: str) -> Graph:
    graph = good()
    rest = tuple(node for node in graph.nodes if node.name != name)
    return replace(graph, nodes=(*rest, graph.by_name[name]))


NAN = np.full((3, 4), np.nan, np.float32)
BROKEN: dict[str, Callable[[], Graph]] = {
    "two nodes have this name": lambda: changed("scale", name="offset"),
    "there is no op 'magic'": lambda: changed("top", op="magic"),
    "there is no dtype": lambda: changed("x", type=Type(dtype="float16", shape=(4,))),
    "is empty": lambda: changed("x", type=Type(dtype="uint8", shape=(0,))),
    "at least one axis": lambda: changed("x", type=Type(dtype="uint8", shape=())),
    "too large": lambda: changed("x", type=Type(dtype="uint8", shape=(2**31, 2**31))),
    "is empty ": lambda: changed("x", type=Type(dtype="uint8", shape=(4.0,))),  # type: ignore[arg-type]
    "takes no arguments": lambda: changed("w", inputs=("x",)),
    "neither value nor role": lambda: changed("x", role="learnt"),
    "there is no role": lambda: changed("w", role="taught"),
    "dims must name every axis": lambda: changed("w", dims=("",)),
    r"the value is float32\(4, 3\)": lambda: changed("w", value=np.zeros((4, 3), np.float32)),
    "the value is float64": lambda: changed("w", value=np.zeros((3, 4))),
    "NaN or infinity": lambda: changed("w", value=NAN),
    "which no earlier node gives": lambda: without("row"),
    "which no earlier node gives ": lambda: moved_to_the_end("w"),
    "attributes .* unknown or missing": lambda: changed("top", attrs=(("bias", 1),)),
    "only weights have values": lambda: changed("top", value=np.zeros(3, np.float32)),
    "the type is": lambda: changed("top", type=float32(4)),
    "arguments do not fit": lambda: changed("exp", inputs=("top", "top")),
    "where a weight is wanted": lambda: changed("row", inputs=("float", "scale", "float")),
    "where a value is wanted": lambda: changed("exp", inputs=("b",)),
    "ends in 'lost', which is not a node": lambda: replace(good(), loss="lost"),
    "ends in 'gone', which is not a node": lambda: replace(good(), outputs=(("y", "gone"),)),
    "ends in 'w', which is a weight": lambda: replace(good(), outputs=(("y", "w"),)),
    "needs outputs": lambda: replace(good(), outputs=()),
    "a name of its own": lambda: replace(good(), outputs=(("y", "top"), ("y", "exp"))),
    "a name of its own ": lambda: replace(good(), outputs=(("x", "top"),), states=(("x", "x"),)),
    "state 'top'": lambda: replace(good(), states=(("top", "exp"),)),
    "state 'x'": lambda: replace(good(), states=(("x", "top"),)),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_graph_is_explained(message: str) -> None:
    with pytest.raises(GraphError, match=message.strip()):
        check(BROKEN[message]())


def test_attributes_stand_in_order() -> None:
    b = Builder()
    x = b.input("x", "float32", (4, 4, 1))
    pool = b.op("maxpool", "pool", x, stride=(1, 1), size=(2, 2))
    graph = b.graph({"y": pool})
    assert [key for key, _ in graph.by_name["pool"].attrs] == ["size", "stride"]
    node = replace(graph.by_name["pool"], attrs=tuple(reversed(graph.by_name["pool"].attrs)))
    with pytest.raises(GraphError, match="standard form"):
        check(replace(graph, nodes=(*graph.nodes[:-1], node)))


def test_holes_may_be_open_only_where_it_is_said() -> None:
    graph = changed("w", value=None, role="learnt")
    assert check(graph) is graph
    assert check(graph, holes=("learnt",)) is graph
    with pytest.raises(GraphError, match=r"node 'w': this learnt hole is still open"):
        check(graph, holes=("mean",))


@given(graphs(), st.data())
def test_a_value_of_another_type_is_noticed(graph: Graph, data: st.DataObject) -> None:
    node: Node = data.draw(st.sampled_from([node for node in graph.nodes if node.op not in ("input", "weight")]))
    wrong = replace(node, type=Type(dtype=node.type.dtype, shape=(*node.type.shape, 2)))
    with pytest.raises(GraphError, match="the type is"):
        check(replace(graph, nodes=tuple(wrong if n is node else n for n in graph.nodes)))


def test_the_builder_refuses_what_the_checker_would() -> None:
    b = Builder()
    x = b.input("x", "float32", (4,))
    with pytest.raises(GraphError, match="two nodes"):
        b.input("x", "float32", (4,))
    with pytest.raises(GraphError, match="no op"):
        b.op("magic", "y", x)
    with pytest.raises(GraphError, match=r"node 'y' \(relu\): attributes"):
        b.op("relu", "y", x, leak=0.1)
    with pytest.raises(GraphError, match=r"node 'y' \(maxpool\): attributes"):
        b.op("maxpool", "y", x, size=(2,))
    with pytest.raises(GraphError, match=r"node 'y' \(dense\)"):
        b.op("dense", "y", x)


def test_a_weight_is_a_copy() -> None:
    """A Graph is frozen: what the caller does with its array afterwards does not reach it."""
    mine = np.zeros(3, np.float32)
    b = Builder()
    b.weight("w", (3,), value=mine)
    mine[0] = 7
    assert b.nodes["w"].value is not None
    assert b.nodes["w"].value.tolist() == [0, 0, 0]


def test_integer_weights_are_exact() -> None:
    b = Builder()
    b.weight("w", (2, 3), value=np.arange(3), role="fixed", dtype="int8")
    assert b.type("w") == Type(dtype="int8", shape=(2, 3))
    for wrong in (128, 0.5):
        with pytest.raises(GraphError, match="does not fit into int8"):
            b.weight("v", (1,), value=np.array([wrong]), role="fixed", dtype="int8")


def test_half_bytes_are_the_high_halves_of_what_tables_hold() -> None:
    def rows(value: int, dtype: str = "int4") -> Graph:
        b = Builder()
        table = b.weight("table", (4, 3), value=np.full((4, 3), value), role="fixed", dtype=dtype)
        return b.graph({"y": b.op("gather", "y", b.input("x", "uint8", (2,)), table)})

    graph = check(rows(-112), holes=())
    assert graph.by_name["y"].type == Type(dtype="int8", shape=(2, 3))
    assert graph.by_name["table"].type.nbytes == 8  # each row of three begins with a byte of its own
    with pytest.raises(GraphError, match="low half of a byte is not 0"):
        check(rows(8))
    with pytest.raises(GraphError, match="there is no dtype 'int4'"):
        check(changed("x", type=Type(dtype="int4", shape=(4,))))


def test_only_floats_are_learnt() -> None:
    b = Builder()
    top = b.op("gather", "top", b.input("x", "uint8", (2,)), b.weight("table", (3, 2)))
    b.weight("more", (1,), dtype="int8")
    with pytest.raises(GraphError, match="a learnt weight is float32"):
        check(b.graph({"y": top}))
