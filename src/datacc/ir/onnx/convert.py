"""From a sound ONNX model to a Graph: call by call, each by its form, or refused with its place."""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

from datacc.errors import ModelError
from datacc.frozen import frozen
from datacc.ir.check import check
from datacc.ir.graph import Graph, needed
from datacc.ir.onnx.arrays import LARGEST
from datacc.ir.onnx.families import (
    Form,
    activations,
    arithmetic,
    axes,
    norms,
    padding,
    pieces,
    products,
    quantised,
    reductions,
    resampled,
    windows,
)
from datacc.ir.onnx.fold import TABLE, fold, size
from datacc.ir.onnx.model import Model, Value, shown
from datacc.ir.onnx.sketch import NODE_DTYPES, TAKEN, Sketch
from datacc.ir.onnx.tensor import Known, Tensor, View, groups_of

FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        name: form
        for family in (
            activations,
            arithmetic,
            axes,
            norms,
            padding,
            pieces,
            products,
            quantised,
            reductions,
            resampled,
            windows,
        )
        for name, form in family.FORMS.items()
    }
)
NEAREST: Final = {
    "Loop": "the body written out: export with fixed shapes",
    "Scan": "the body written out: export with fixed shapes",
    "If": "the branch that is taken: export with fixed shapes",
    "LSTM": "a convolution over time, or the steps written out as MatMul, Add, Sigmoid, Tanh",
    "GRU": "a convolution over time, or the steps written out as MatMul, Add, Sigmoid, Tanh",
    "RNN": "a convolution over time, or the steps written out as MatMul, Add, Tanh",
    "Einsum": "Transpose, Reshape and MatMul",
    "TopK": "ArgMax",
    "Hardmax": "ArgMax",
    "Attention": "MatMul and Softmax",
    "NonMaxSuppression": "a model that ends before it",
    "NonZero": "Greater, Where",
    "ConvInteger": "Conv on float32",
    "QLinearConv": "DequantizeLinear, Conv",
}


@frozen(eq=False)
class Converted:
    """The Graph of a model; its inputs and outputs have the model's names, order of axes and, but for a leading 1,
    shapes. `notes` say what a caller must know."""

    graph: Graph
    notes: tuple[str, ...]


def convert(model: Model) -> Converted:
    """The Graph that means the same. Raises `ModelError` that names the ONNX node which cannot be taken."""
    sketch = Sketch(model.opset)
    for name, array in model.constants.items():
        sketch.values[name] = Known(array=array)
    for value in model.inputs:
        sketch.values[value.name] = _input(sketch, value)
    for call in model.calls:
        sketch.call = call
        _carry_out(sketch)
    outputs = {name: _output(sketch, name) for name in model.outputs}
    graph = sketch.b.graph(outputs)
    keep = needed(graph, outputs.values())
    graph = replace(graph, nodes=tuple(n for n in graph.nodes if n.name in keep or n.op == "input"))
    return Converted(graph=check(graph, holes=()), notes=tuple(sketch.notes))


def _input(sketch: Sketch, value: Value) -> View:
    where = f"input {shown(value.name)}"
    if value.dtype not in TAKEN:
        raise ModelError(f"its elements are {value.dtype}", where=where, tries=["float32, uint8, int8, int16 or int32"])
    dims = value.shape
    shape = dims[1:] if len(dims) > 1 and dims[0] == 1 else dims or (1,)
    stored = NODE_DTYPES.get(value.dtype, value.dtype)
    if stored != value.dtype and value.dtype != "bool":
        sketch.notes.append(f"input {shown(value.name)}: {value.dtype} is passed as {stored}")
    sketch.b.input(value.name, stored, shape)
    axes = groups_of(shape)
    skipped = len(dims) - len(shape)
    return View(node=value.name, dtype=value.dtype, shape=shape, axes=((),) * skipped + axes if dims else ())


def _carry_out(sketch: Sketch) -> None:
    call = sketch.call
    known = [sketch.values[name] for name in call.inputs if name]
    results: Tensor | tuple[Tensor, ...] | None = None
    if all(isinstance(tensor, Known) for tensor in known) and not call.domain and call.op in TABLE:
        arrays = [tensor.array for tensor in known if isinstance(tensor, Known)]
        array = fold(call, arrays)
        if array is not None:
            sketch.folded += max(array.size, size(call, arrays))
            call.demand(sketch.folded <= LARGEST, "what is computed beforehand grows too large")
            results = Known(array=array)
    if results is None:
        form = _form(sketch)
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused where it becomes a weight
                results = form(sketch)
        except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, OverflowError) as error:
            call.refuse(f"its arguments do not fit together: {error}"[:300])
    found = results if isinstance(results, tuple) else (results,)
    for name, tensor in zip(call.outputs, found, strict=False):
        if name:
            sketch.values[name] = tensor
    for name in call.outputs[len(found) :]:
        call.demand(not name, f"its output {shown(name)} is not taken")


def _form(sketch: Sketch) -> Form:
    call = sketch.call
    if call.domain or call.op not in FORMS:
        close = difflib.get_close_matches(call.op, FORMS, n=1)
        tries = [NEAREST[call.op]] if call.op in NEAREST else close
        domain = f" of {shown(call.domain)}" if call.domain else ""
        call.refuse(
            f"the op {shown(call.op)}{domain} is outside the op table", *tries, "docs/onnx.md lists what is taken"
        )
    return FORMS[call.op]


def _output(sketch: Sketch, name: str) -> str:
    """The node that holds an output: stored as ONNX says its type, in ONNX's order of axes, without a leading 1."""
    sketch.call = replace(sketch.call, op="output", name=name, outputs=(name,), inputs=())
    tensor = sketch.values[name]
    x = sketch.stored(sketch.valued(tensor))
    sketch.call.demand(x.dtype in TAKEN, f"its elements are {x.dtype}", "float32")
    stored = NODE_DTYPES.get(x.dtype, x.dtype)
    if stored != x.dtype and x.dtype != "bool":
        sketch.notes.append(f"output {shown(name)}: {x.dtype} is given as {stored}")
    return sketch.stand(x, range(1 if len(x.dims) > 1 and x.dims[0] == 1 else 0, len(x.dims)))
