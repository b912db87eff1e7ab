"""Quantised Graphs: products over bytes alone, answers near those of floats, the same from the compiled program."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from datacc.compiler.calibrate import calibrate
from datacc.compiler.grid import supposed
from datacc.compiler.quantise import is_product, quantise
from datacc.compiler.simplify import simplify
from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned
from tests.emit.nets import Net, digits, record, residual
from tests.ir.graphs import graphs, inputs_for
from tests.laws import about


def integers(graph: Graph, rows: int = 200, share: float = 1.0) -> Graph:
    simple = simplify(graph)
    return quantise(simple, calibrate(simple, inputs_for(simple, rows), share))


def mixed() -> Graph:
    """Branches of every kind: a sum of two products, one joined with what it came from, a depthwise one, a mean."""
    net = Net()
    x = net.conv("stem", net.picture(12, 12, 3), 8, relu=False)
    a, b = net.conv("left", x, 8), net.conv("right", x, 8, 1, relu=False)
    total = net.b.op("add", "total", a, b)
    joined = net.b.op("concat", "joined", total, x, axis=2)
    y = net.conv("deep", joined, 16, groups=16)
    y = net.b.op("maxpool", "largest", y, size=(2, 2), stride=(2, 2))
    return net.answers(net.dense("logits", net.b.op("meanpool", "mean", y, size=(3, 3), stride=(3, 3)), 4))


NETS = {"digits": digits((8, 16), 14), "residual": residual(), "record": record(), "mixed": mixed()}


@pytest.mark.parametrize("name", NETS)
def test_every_product_is_one_of_integers(name: str) -> None:
    graph = integers(NETS[name])
    products = [node for node in graph.nodes if is_product(graph, node)]
    assert {node.type.dtype for node in products} == {"int32"}
    floats = [node for node in NETS[name].nodes if is_product(NETS[name], node)]
    assert len(products) >= len(floats) > 1


def test_numbers_of_rows_stay_exact() -> None:
    """Rows of a table that are found by sums: the sums stay floats, the product behind them is of integers."""
    net, random = Net(), np.random.default_rng(0)
    b = net.b
    x = b.op("cast", "wide", b.input("x", "uint8", (16, 1)))
    taps = b.weight("taps", (1, 2, 1), role="fixed", value=np.array([[[13.0], [7.0]]]))
    each = {"stride": (1,), "pad": ((0, 1),), "dilation": (1,)}
    sums = b.op("conv", "sums", x, taps, b.weight("zero", (1,), role="fixed", value=np.zeros(1)), **each)
    numbers = b.op("cast", "numbers", b.op("reshape", "line", sums, shape=(16,)), to="int32")
    rows = b.op("gather", "rows", numbers, b.weight("table", (5101, 3), value=random.normal(size=(5101, 3))))
    weights = b.weight("w", (4, 16, 3), value=random.normal(size=(4, 16, 3))), b.weight("b", (4,), value=np.zeros(4))
    graph = b.graph({"y": b.op("dense", "product", rows, *weights)})
    whole = integers(graph)
    assert whole.by_name["sums"].type.dtype == "float32"
    assert "int32" in {node.type.dtype for node in whole.nodes if node.op == "dense"}
    given_ = inputs_for(graph, 50, seed=2)
    floats, found = interpret(graph, given_)["y"], interpret(whole, given_)["y"]
    assert np.abs(floats - found).max() < 0.1 * floats.std()


@pytest.mark.parametrize("name", NETS)
def test_answers_are_near_those_of_floats(name: str) -> None:
    """The distance of logits is a small part of their spread, on rows that no range was taken from."""
    graph = NETS[name]
    logits = graph.loss
    simple = simplify(Graph(nodes=graph.nodes, outputs=(("y", logits),)))
    whole = quantise(simple, calibrate(simple, inputs_for(simple, 200)))
    inputs = inputs_for(simple, 100, seed=1)
    floats, found = interpret(simple, inputs)["y"], interpret(whole, inputs)["y"]
    assert np.abs(found - floats).mean() < 0.06 * floats.std()


@pytest.mark.parametrize("name", NETS)
def test_the_compiled_program_gives_the_very_same_scores(name: str, tmp_path: Path) -> None:
    graph = integers(NETS[name])
    inputs = inputs_for(graph, 20, seed=2)
    answers = poisoned(compiled(graph, tmp_path), inputs)
    for field, expected in interpret(graph, inputs).items():
        np.testing.assert_array_equal(answers[field], expected)


@settings(max_examples=about(25))
@given(graphs(most=8, states=False))
def test_any_graph_can_be_quantised(graph: Graph) -> None:
    """What integers cannot say stays in floats."""
    simple = simplify(graph)
    whole = quantise(simple, calibrate(simple, inputs_for(simple, 8)))
    inputs = inputs_for(simple, 3, seed=1)
    found, floats = interpret(whole, inputs), interpret(simple, inputs)
    for field in floats:
        assert found[field].shape == floats[field].shape
        assert np.isfinite(found[field]).all() or not np.isfinite(floats[field]).all()


def test_costs_follow_from_the_form_alone() -> None:
    """A Graph that nobody has fitted is quantised with ranges that could be, into as many bytes."""
    simple = simplify(residual())
    one, other = quantise(simple, supposed(simple)), integers(residual())
    assert [(n.op, n.type) for n in one.nodes] == [(n.op, n.type) for n in other.nodes]


def test_a_sum_of_too_many_products_is_refused() -> None:
    b = Builder()
    x = b.op("cast", "float", b.input("x", "uint8", (300, 300, 1)))
    weight, bias = b.weight("w", (2, 300, 300, 1), value=np.ones(1)), b.weight("b", (2,), value=np.zeros(1))
    graph = simplify(b.graph({"y": b.op("dense", "wide", x, weight, bias)}))
    with pytest.raises(GraphError, match="90,000 products could overflow"):
        quantise(graph, supposed(graph))


def test_rare_values_may_lie_outside() -> None:
    """A range without the rarest values is narrower."""
    simple = simplify(digits((8,), 8))
    inputs = inputs_for(simple, 50)
    whole, most = (calibrate(simple, inputs, share)["conv1.relu"].high for share in (1.0, 0.99))
    assert 0 < most < whole


def test_a_state_stays_a_state() -> None:
    """What comes back with the next input is handed on in floats; answers are those of the Graph that has it."""
    net = Net()
    x, before = net.b.input("x", "float32", (6,)), net.b.input("before", "float32", (8,))
    both = net.b.op("concat", "both", x, before, axis=0)
    after = net.dense("after", both, 8, relu=True)
    graph = simplify(net.b.graph({"y": net.dense("y", after, 3)}, states=(("before", after),)))
    inputs = inputs_for(graph, 50)
    whole = quantise(graph, calibrate(graph, inputs))
    assert [given for given, _ in whole.states] == ["before"]
    floats, found = interpret(graph, inputs), interpret(whole, inputs)
    assert np.abs(found["before"] - floats["before"]).mean() < 0.05 * floats["before"].std()
