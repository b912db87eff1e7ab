"""The form of each op in ONNX: the nodes that mean the same."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from datacc.ir.graph import Node
from datacc.ir.onnx.draft import DTYPES, Draft


def _spread(array: NDArray[Any], rank: int, first: bool) -> NDArray[Any]:
    """A weight that spreads over the last axes of a value of `rank` axes, for that value's order of axes."""
    if not first:
        return array
    return np.moveaxis(array.reshape((1,) * (rank - array.ndim) + array.shape), -1, 0)


def _elementwise(op: str) -> "Form":
    def form(e: Draft, node: Node) -> None:
        first = e.is_first(node.inputs)
        e.add(op, node.name, [e.tensor(x, first=first) for x in node.inputs], first=first)

    return form


def _cast(e: Draft, node: Node) -> None:
    """ONNX cuts off and leaves what is out of range open, so integers are first rounded and limited as doubles."""
    first = e.is_first(node.inputs)
    x = e.tensor(node.inputs[0], first=first)
    if node["to"] != "float32":
        limits = np.iinfo(node["to"])
        x = e.between("Cast", f"{node.name}_64", [x], to=TensorProto.DOUBLE)
        zero, low, high = (e.weight(f"{node.name}_{n}", np.array(n, np.float64)) for n in (0, limits.min, limits.max))
        x = e.between("Where", f"{node.name}_number", [e.between("IsNaN", f"{node.name}_nan", [x]), zero, x])
        x = e.between("Clip", f"{node.name}_within", [e.between("Round", f"{node.name}_whole", [x]), low, high])
    e.add("Cast", node.name, [x], first=first, to=DTYPES[node["to"]])


def _clip(e: Draft, node: Node) -> None:
    first = e.is_first(node.inputs)
    limits = [e.weight(f"{node.name}_{which}", np.array(node[which], np.float32)) for which in ("low", "high")]
    e.add("Clip", node.name, [e.tensor(node.inputs[0], first=first), *limits], first=first)


def _affine(e: Draft, node: Node) -> None:
    x, scale, offset = node.inputs
    first, rank = e.is_first([x]), len(node.type.shape)
    factor, term = (e.weight(weight, _spread(e.array(weight), rank, first)) for weight in (scale, offset))
    scaled = e.between("Mul", f"{node.name}_scaled", [e.tensor(x, first=first), factor])
    e.add("Add", node.name, [scaled, term], first=first)


def _dense(e: Draft, node: Node) -> None:
    """The weights are put into the order in which the input stands, so that nothing is transposed."""
    x, weight, bias = node.inputs
    first, rank = e.is_first([x]), len(e.type(x).shape)
    matrix = np.moveaxis(e.array(weight), -1, 1) if first else e.array(weight)
    row = e.tensor(x, first=first)
    if rank > 1:
        row = e.between("Flatten", f"{node.name}_row", [row], axis=1)
    matrix, term = matrix.reshape(len(matrix), -1), e.weight(bias, e.array(bias))
    if node.type.dtype == "float32":
        e.add("Gemm", node.name, [row, e.weight(weight, matrix), term], first=False, transB=1)
    else:
        sums = e.between("MatMulInteger", f"{node.name}_sums", [row, e.weight(weight, matrix.T)])
        e.add("Add", node.name, [sums, term], first=False)


def _conv(e: Draft, node: Node) -> None:
    x, weight, bias = node.inputs
    kernel = np.moveaxis(e.array(weight), -1, 1)
    inputs = [e.tensor(x, first=True), e.weight(weight, kernel)]
    pads = [before for before, _ in node["pad"]] + [after for _, after in node["pad"]]
    attrs = {"strides": node["stride"], "pads": pads, "dilations": node["dilation"], "group": node["groups"]}
    if node.type.dtype == "float32":
        inputs.append(e.weight(bias, e.array(bias)))
        e.add("Conv", node.name, inputs, first=True, kernel_shape=kernel.shape[2:], **attrs)
    else:
        sums = e.between("ConvInteger", f"{node.name}_sums", inputs, kernel_shape=kernel.shape[2:], **attrs)
        term = e.weight(bias, _spread(e.array(bias), len(node.type.shape), first=True))
        e.add("Add", node.name, [sums, term], first=True)


def _rescale(e: Draft, node: Node) -> None:
    """Exact in doubles: ONNX divides integers towards zero, and this rounds halves upwards."""
    x, multiplier = node.inputs
    first, rank, name = e.is_first([x]), len(node.type.shape), node.name

    def constant(value: Any) -> str:
        tensor: str = e.weight(f"{name}_{value}", np.array(value, np.float64))
        return tensor

    def rounded(which: str, value: str, factor: str, low: int, high: int) -> str:
        scaled = e.between("Mul", f"{name}_{which}", [value, factor])
        up = e.between("Add", f"{name}_{which}_up", [scaled, constant(0.5)])
        whole = e.between("Floor", f"{name}_{which}_whole", [up])
        tensor: str = e.between("Clip", f"{name}_{which}_within", [whole, constant(low), constant(high)])
        return tensor

    wide = e.between("Cast", f"{name}_64", [e.tensor(x, first=first)], to=TensorProto.DOUBLE)
    short = rounded("short", wide, constant(2.0 ** -node["shift"]), -(2**15), 2**15 - 1)
    factors = _spread(e.array(multiplier) * 2.0**-15, rank, first)
    limits = np.iinfo(node["to"])
    result = rounded("result", short, e.weight(f"{name}_factor", factors), limits.min, limits.max)
    e.add("Cast", name, [result], first=first, to=DTYPES[node["to"]])


def _normalise(e: Draft, node: Node) -> None:
    x, *vectors = node.inputs
    inputs = [e.tensor(x, first=True), *(e.weight(vector, e.array(vector)) for vector in vectors)]
    e.add("BatchNormalization", node.name, inputs, first=True, epsilon=node["epsilon"])


def _pool(op: str) -> "Form":
    def form(e: Draft, node: Node) -> None:
        x = e.tensor(node.inputs[0], first=True)
        _through_double(e, op, node, x, first=True, kernel_shape=node["size"], strides=node["stride"])

    return form


def _through_double(e: Draft, op: str, node: Node, x: str, *, first: bool, **attributes: Any) -> None:
    """`op` on floats as they are; on integers, of which runtimes know few, exactly by way of doubles."""
    dtype = e.type(node.inputs[0]).dtype
    if dtype == "float32":
        e.add(op, node.name, [x], first=first, **attributes)
        return
    double = e.between("Cast", f"{node.name}_64", [x], to=TensorProto.DOUBLE)
    result = e.between(op, f"{node.name}_of_64", [double], **attributes)
    e.add("Cast", node.name, [result], first=first, to=DTYPES[dtype])


def _channels(e: Draft, node: Node) -> tuple[bool, int]:
    """Whether the input stands channels-first, and where its channels are."""
    first = e.is_first(node.inputs)
    return first, 1 if first else len(e.type(node.inputs[0]).shape)


def _argmax(e: Draft, node: Node) -> None:
    first, axis = _channels(e, node)
    x = e.tensor(node.inputs[0], first=first)
    if e.type(node.inputs[0]).dtype != "float32":
        x = e.between("Cast", f"{node.name}_double", [x], to=TensorProto.DOUBLE)
    position = e.between("ArgMax", f"{node.name}_64", [x], axis=axis, keepdims=1)
    e.add("Cast", node.name, [position], first=first, to=TensorProto.INT32)


def _maximum(e: Draft, node: Node) -> None:
    first, axis = _channels(e, node)
    x = e.tensor(node.inputs[0], first=first)
    _through_double(e, "ReduceMax", node, x, first=first, axes=[axis], keepdims=1)


def _axis(e: Draft, node: Node) -> tuple[bool, int]:
    """Whether the inputs stand channels-first, and where the node's axis is then."""
    first, last = e.is_first(node.inputs), len(node.type.shape) - 1
    axis = node["axis"] + 1
    if first:
        axis = 1 if node["axis"] == last else node["axis"] + 2
    return first, axis


def _concat(e: Draft, node: Node) -> None:
    first, axis = _axis(e, node)
    e.add("Concat", node.name, [e.tensor(x, first=first) for x in node.inputs], first=first, axis=axis)


def _slice(e: Draft, node: Node) -> None:
    first, axis = _axis(e, node)
    block = {"first": node["first"], "end": node["last"] + 1, "axis": axis, "step": node["step"]}
    numbers = [e.weight(f"{node.name}_{name}", np.array([n], np.int64)) for name, n in block.items()]
    e.add("Slice", node.name, [e.tensor(node.inputs[0], first=first), *numbers], first=first)


def _reshape(e: Draft, node: Node) -> None:
    shape = e.weight(f"{node.name}_shape", np.array([-1, *node["shape"]], np.int64))
    e.add("Reshape", node.name, [e.tensor(node.inputs[0], first=False), shape], first=False)


def _transpose(e: Draft, node: Node) -> None:
    order = [0, *(axis + 1 for axis in node["axes"])]
    e.add("Transpose", node.name, [e.tensor(node.inputs[0], first=False)], first=False, perm=order)


def _gather(e: Draft, node: Node) -> None:
    x, table = node.inputs
    ends = [
        e.weight(f"{node.name}_{end}", np.array(n, np.int64))
        for end, n in (("first", 0), ("last", len(e.array(table)) - 1))
    ]
    number = e.between("Cast", f"{node.name}_64", [e.tensor(x, first=False)], to=TensorProto.INT64)
    row = e.between("Clip", f"{node.name}_row", [number, *ends])
    e.add("Gather", node.name, [e.weight(table, e.array(table)), row], first=False, axis=0)


Form = Callable[[Draft, Node], None]

FORMS: Final[Mapping[str, Form]] = {
    "cast": _cast,
    "affine": _affine,
    "dense": _dense,
    "conv": _conv,
    "normalise": _normalise,
    "relu": _elementwise("Relu"),
    "clip": _clip,
    "add": _elementwise("Add"),
    "multiply": _elementwise("Mul"),
    "divide": _elementwise("Div"),
    "exp": _elementwise("Exp"),
    "log": _elementwise("Log"),
    "sqrt": _elementwise("Sqrt"),
    "sin": _elementwise("Sin"),
    "maxpool": _pool("MaxPool"),
    "meanpool": _pool("AveragePool"),
    "argmax": _argmax,
    "maximum": _maximum,
    "concat": _concat,
    "slice": _slice,
    "reshape": _reshape,
    "transpose": _transpose,
    "rescale": _rescale,
    "gather": _gather,
}
