"""A Graph as an ONNX model: the same arrays go in and come out; inside, pictures are channels-first."""

from typing import Any, Final

from onnx import checker, helper, numpy_helper

from datacc.ir.check import check
from datacc.ir.graph import SOURCES, Graph, Type, needed
from datacc.ir.onnx.draft import DTYPES, Draft
from datacc.ir.onnx.forms import FORMS

OPSET: Final = 17
IR_VERSION: Final = 8  # the oldest that carries opset 17, so that older runtimes read it too
ROWS: Final = "rows"  # the name of the batch axis


def export(graph: Graph, name: str) -> bytes:
    """The serialised model of a complete Graph; equal Graphs give equal bytes.

    Inputs and outputs have the Graph's names, dtypes and channels-last shapes behind a batch axis. A state `s` is
    an input `s` and an output `s_next`; any other name that would stand twice gets a number. Raises `GraphError`
    when a hole is open.
    """
    model = _model(Draft(check(graph, holes=())), name)
    checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _model(draft: Draft, name: str) -> Any:
    keep = needed(draft.graph, [value for _, value in draft.results])
    for node in draft.graph.nodes:
        if node.op == "input":
            draft.tensors[node.name, False] = node.name
        elif node.op not in SOURCES and node.name in keep:
            FORMS[node.op](draft, node)
    for result, value in draft.results:
        draft.nodes.append(helper.make_node("Identity", [draft.tensor(value, first=False)], [result]))
    return helper.make_model(
        helper.make_graph(
            draft.nodes,
            name,
            [_described(node.name, node.type) for node in draft.graph.inputs],
            [_described(result, draft.type(value)) for result, value in draft.results],
            [numpy_helper.from_array(array, name) for name, array in draft.weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="datacc",
    )


def _described(name: str, type_: Type) -> Any:
    return helper.make_tensor_value_info(name, DTYPES[type_.dtype], [ROWS, *type_.shape])
