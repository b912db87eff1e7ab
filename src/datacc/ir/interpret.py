"""The reference interpreter: what a Graph means, in NumPy, on a batch; two hooks stand in for every fit mode."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.ir.graph import Graph, Node, needed
from datacc.ir.ops import OPS

Given = Callable[[Node, list[Any]], list[Any]]
Seen = Callable[[Node, Any], Any]
Forms = Mapping[str, Callable[..., Any]]

NUMPY: Forms = {name: op.meaning for name, op in OPS.items()}


def walk(
    graph: Graph,
    values: dict[str, Any],
    ends: Sequence[str],
    *,
    forms: Forms = NUMPY,
    given: Given | None = None,
    seen: Seen | None = None,
) -> dict[str, Any]:
    """Compute all nodes that `ends` need into `values`, which holds inputs, weights and what else is known by name.

    `forms` maps an op to what computes it (another back end passes its own). `given(node, args)` may replace the
    arguments (batch statistics); `seen(node, value)` may replace the value (dropout, fake quantisation, ranges).
    Shapes are not read: batch and time may differ from the types.
    """
    keep = needed(graph, ends, values)
    for node in graph.nodes:
        if node.name not in keep or node.name in values:
            continue
        if node.op not in forms:
            raise GraphError(f"{node.op} {node.name!r} has no value")
        args = [values[name] for name in node.inputs]
        if given is not None:
            args = given(node, args)
        value = forms[node.op](*args, **dict(node.attrs))
        values[node.name] = value if seen is None else seen(node, value)
    return values


def interpret(
    graph: Graph, inputs: Mapping[str, NDArray[Any]], *, given: Given | None = None, seen: Seen | None = None
) -> dict[str, NDArray[Any]]:
    """The outputs by field, each (B, *shape), of a complete Graph on `inputs`, each (B, *shape).

    Raises `GraphError` when an input or weight has no value.
    """
    values: dict[str, Any] = {node.name: node.value for node in graph.weights if node.value is not None}
    values.update({name: np.asarray(array) for name, array in inputs.items()})
    ends = [name for _, name in (*graph.outputs, *graph.states)]
    keep = needed(graph, ends, values)
    readers = Counter([*ends, *(name for node in graph.nodes if node.name in keep for name in node.inputs)])

    def spare(node: Node, value: Any) -> Any:
        """Give up what nothing more is computed from: what comes next takes its memory."""
        readers.subtract(node.inputs)
        for name in node.inputs:
            if not readers[name]:
                values.pop(name, None)
        return value if seen is None else seen(node, value)

    walk(graph, values, ends, given=given, seen=spare)
    return {field: values[name] for field, name in (*graph.outputs, *graph.states)}
