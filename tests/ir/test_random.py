"""Laws that hold for every Graph: shapes, torch's meaning, storage, digests, simplifying."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.simplify import simplify
from datacc.fit.torch import FORMS
from datacc.ir.cost import node_costs, weight_bytes, work
from datacc.ir.file import dump, load
from datacc.ir.graph import SOURCES, Graph
from datacc.ir.interpret import interpret, walk
from tests.ir.graphs import LOOSE, assert_alike, graphs, inputs_for


@given(graphs())
def test_every_value_has_the_type_that_the_shape_rule_gives(graph: Graph) -> None:
    wrong = []

    def seen(node, value):  # type: ignore[no-untyped-def]
        if (value.dtype.name, value.shape[1:]) != (node.type.dtype, node.type.shape):
            wrong.append((node.name, value.dtype, value.shape, node.type))
        return value

    interpret(graph, inputs_for(graph), seen=seen)
    assert wrong == []


@given(graphs(), st.integers(0, 9))
def test_torch_forms_mean_the_same(graph: Graph, seed: int) -> None:
    inputs = inputs_for(graph, seed=seed)
    values = {node.name: torch.from_numpy(node.value) for node in graph.weights}
    values |= {name: torch.from_numpy(array) for name, array in inputs.items()}
    walk(graph, values, graph.ends, forms=FORMS)
    for field, expected in interpret(graph, inputs).items():
        if field != "best":
            assert_alike(values[dict((*graph.outputs, *graph.states))[field]].numpy(), expected, LOOSE)


@given(graphs())
def test_rows_do_not_see_each_other(graph: Graph) -> None:
    inputs = inputs_for(graph)
    whole = interpret(graph, inputs)
    single = interpret(graph, {name: array[1:2] for name, array in inputs.items()})
    for field, value in whole.items():
        if field != "best":
            assert_alike(single[field][0], value[1], LOOSE)


@given(graphs())
def test_a_stored_graph_comes_back_the_same(graph: Graph) -> None:
    data = dump(graph)
    back = load(data)
    assert dump(back) == data
    assert back.digest == graph.digest
    inputs = inputs_for(graph)
    for field, value in interpret(graph, inputs).items():
        np.testing.assert_array_equal(interpret(back, inputs)[field], value)


@given(graphs(), st.data())
def test_a_changed_weight_changes_the_digest(graph: Graph, data: st.DataObject) -> None:
    if not graph.weights:
        return
    node = data.draw(st.sampled_from(graph.weights))
    assert node.value is not None
    assert graph.fill({node.name: node.value}).digest == graph.digest
    assert graph.fill({node.name: node.value + 1}).digest != graph.digest


@given(graphs())
def test_costs_add_up(graph: Graph) -> None:
    costs = node_costs(graph)
    assert [cost.name for cost in costs] == [node.name for node in graph.nodes if node.op not in SOURCES]
    assert work(graph) == sum(cost.work for cost in costs)
    assert weight_bytes(graph) == sum(node.value.nbytes for node in graph.weights if node.value is not None)


@given(graphs(), st.integers(0, 9))
def test_simplifying_keeps_the_answers(graph: Graph, seed: int) -> None:
    simple = simplify(graph)
    assert len(simple.nodes) <= len(graph.nodes)
    assert simple.loss == ""
    assert simple.inputs == graph.inputs
    inputs = inputs_for(graph, seed=seed)
    before, after = interpret(graph, inputs), interpret(simple, inputs)
    assert before.keys() == after.keys()
    for field, value in before.items():
        if field != "best":
            assert_alike(after[field], value, LOOSE)
