"""Graphs of steps, interpreted: in NumPy as they stand, or in torch, in which precision may be double."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datacc.fit.adjoints import ADJOINTS, STEP_OPS
from datacc.fit.torch import FORMS
from datacc.ir.graph import Graph
from datacc.ir.interpret import walk

NUMPY = {name: op.meaning for name, op in STEP_OPS.items()}


def _in_torch(meaning: Any) -> Any:
    """The NumPy meaning on tensors: torch gives it no form, and so does not check itself."""
    return lambda *xs, **attrs: torch.from_numpy(np.array(meaning(*(x.detach().numpy() for x in xs), **attrs)))


TORCH = {**FORMS, **{name: _in_torch(op.meaning) for name, op in ADJOINTS.items()}}


def torch_forms(dtype: torch.dtype) -> dict[str, Any]:
    """All forms, in which what is cast to floats is cast to `dtype`."""
    return {**TORCH, "cast": lambda x, to: x.to(dtype) if to == "float32" else TORCH["cast"](x, to=to)}


def in_numpy(graph: Graph, given: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The outputs by field; `given` has the inputs and the holes."""
    values: dict[str, Any] = {node.name: node.value for node in graph.weights if node.value is not None}
    values.update(given)
    walk(graph, values, graph.ends, forms=NUMPY)
    return {field: values[name] for field, name in graph.outputs}


def in_torch(
    graph: Graph, given: Mapping[str, Tensor], dtype: torch.dtype, forms: Mapping[str, Any] | None = None
) -> dict[str, Tensor]:
    """The values of all nodes, floats as `dtype`; `forms` replace the usual ones."""
    values = {node.name: torch.from_numpy(node.value.copy()) for node in graph.weights if node.value is not None}
    values.update(given)
    values = {name: v.to(dtype) if v.is_floating_point() and v.dtype != dtype else v for name, v in values.items()}
    return walk(graph, values, graph.ends, forms={**torch_forms(dtype), **(forms or {})})
