"""Parts of values: joined, cut, taken by number."""

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Final

import numpy as np

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.arrays import dtype_of
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.families.padding import taken
from datacc.ir.onnx.sketch import NODE_DTYPES, TAKEN, Sketch, viewed
from datacc.ir.onnx.tensor import Known, Tensor, View


def _axis(s: Sketch, rank: int, default: int | None = None) -> int:
    s.call.demand(default is not None or "axis" in s.call.attrs, "axis is missing")
    axis = s.call.whole("axis", default or 0)
    s.call.demand(-rank <= axis < rank, f"there is no axis {axis}")
    return axis % rank


def _concat(s: Sketch) -> Tensor:
    tensors = [s.arg(i) for i in range(len(s.call.inputs))]
    axis = _axis(s, len(tensors[0].dims), None if s.opset >= 4 else 1)
    rest = {t.dims[:axis] + t.dims[axis + 1 :] for t in tensors}
    s.call.demand(len(rest) == 1 and len({len(t.dims) for t in tensors}) == 1, "shapes do not fit together")
    values = [s.valued(tensor) for tensor in tensors if prod(tensor.dims)]
    s.call.demand(len({value.dtype for value in values}) == 1, "element types differ")
    if len(values) == 1:
        return values[0]
    values = [s.stored(value) for value in values]
    order = s.order_of(values[0])
    node = s.join([s.stand(value, order) for value in values], order.index(axis))
    dims = tuple(sum(v.dims[axis] for v in values) if k == axis else n for k, n in enumerate(values[0].dims))
    return viewed(node, values[0].dtype, dims, order)


def _slice(s: Sketch) -> Tensor:
    x = s.view(0)
    rank = len(x.dims)
    if s.opset < 10:
        starts, ends = s.call.wholes("starts", ()), s.call.wholes("ends", ())
        axes, steps = s.call.wholes("axes", tuple(range(len(starts)))), (1,) * len(starts)
    else:
        starts, ends = s.numbers(1), s.numbers(2)
        axes = s.numbers(3) if s.has(3) else tuple(range(len(starts)))
        steps = s.numbers(4) if s.has(4) else (1,) * len(starts)
    s.call.demand(len(starts) == len(ends) == len(axes) == len(steps), "starts, ends, axes and steps differ in length")
    for first, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        s.call.demand(-rank <= axis < rank and step != 0, f"there is no axis {axis}, or a step is 0")
        positions = range(x.dims[axis % rank])[slice(first, end, step)]
        s.call.demand(len(positions) > 0, "it leaves nothing")
        if step > 0:
            x = s.cut(x, axis % rank, positions[0], positions[-1], step)
        else:
            x = taken(s, x, axis % rank, positions)
    return x


def _split(s: Sketch) -> tuple[Tensor, ...]:
    x, count = s.view(0), len(s.call.outputs)
    axis = _axis(s, len(x.dims), 0)
    given = s.numbers(1) if s.has(1) else s.call.wholes("split", ())
    size = x.dims[axis]
    if not given:
        each = -(-size // s.call.whole("num_outputs", count))
        given = tuple(max(0, min(each, size - k * each)) for k in range(count))
    s.call.demand(len(given) == count and sum(given) == size and min(given) > 0, f"{given[:8]} does not split {size}")
    ends = np.cumsum(given)
    return tuple(s.cut(x, axis, int(end - n), int(end - 1)) for n, end in zip(given, ends, strict=True))


def _gather(s: Sketch) -> Tensor:
    """Known positions are slices; positions that depend on the input read rows of a known table."""
    x, index = s.arg(0), s.arg(1)
    axis = _axis(s, len(x.dims), 0)
    if isinstance(index, View):
        return _rows(s, x, index, axis)
    positions = index.array.astype(np.int64)
    size = x.dims[axis]
    fits = positions.size and positions.min() >= -size and positions.max() < size and positions.size <= 1 << 16
    s.call.demand(bool(fits), f"its positions are none, too many, or outside 0 … {size - 1}")
    found = taken(s, s.valued(x), axis, [int(k) % size for k in positions.reshape(-1)])
    return s.regroup(found, (*x.dims[:axis], *positions.shape, *x.dims[axis + 1 :]))


def _rows(s: Sketch, table: Tensor, index: View, axis: int) -> View:
    s.call.demand(isinstance(table, Known), "both its table and its positions depend on the input", "a known table")
    assert isinstance(table, Known)
    s.call.demand(axis == 0 and table.array.ndim >= 1, f"it reads along axis {axis}", "Gather with axis 0")
    s.call.demand(table.array.dtype == np.float32, "its table is not float32")
    if index.dtype not in ("uint8", "bool"):
        x = s.as_float(index)
        wrapped = c.pair(s, "add", x, s.affine(c.step(s, c.negative(s, x)), len(table.array)))
        index = s.stored(replace(wrapped, dtype="int32"))
    dims = (*index.dims, *table.array.shape[1:])
    node = s.reshape(s.stand(index, range(len(index.dims))), (prod(index.dims),))
    rows = s.op("gather", node, s.weight(table.array.reshape(len(table.array), -1)))
    flat = viewed(rows, "float32", s.type(rows).shape, (0, 1))
    return s.regroup(flat, dims)


def _cast(s: Sketch) -> Tensor:
    """To integers ONNX cuts off; to bool, whatever is not 0 is true."""
    x, to = s.arg(0), _target(s)
    return Known(array=x.array.astype(to)) if isinstance(x, Known) else cast(s, x, to)


def _target(s: Sketch) -> str:
    if s.call.op == "CastLike":
        like = s.arg(1)
        return like.dtype if isinstance(like, View) else str(like.array.dtype)
    return dtype_of(s.call.whole("to", 0), s.call.place)


def cast(s: Sketch, x: View, to: str) -> View:
    """x as another ONNX type. Refuses what could change a value that ONNX keeps."""
    whole = {x.dtype, to} <= {"int32", "int64"}
    if x.dtype == to or whole:
        return replace(x, dtype=to)
    s.call.demand(to in TAKEN, f"it casts to {to}", "Cast to float32 or to integers of at most 32 bits")
    if to == "float32":
        return replace(s.as_float(x), dtype=to)
    if x.dtype == "float32":
        if to == "bool":
            yes = c.pair(s, "add", c.step(s, x), c.step(s, c.negative(s, x)))
            return replace(yes, dtype="bool")
        x = c.truncated(s, x)
    elif to == "bool":
        return replace(c.step(s, c.absolute(s, s.as_float(x))), dtype="bool")
    widest = np.can_cast(NODE_DTYPES.get(x.dtype, x.dtype), NODE_DTYPES.get(to, to), "safe")
    s.call.demand(x.dtype == "float32" or widest, f"it casts {x.dtype} to {to}, which wraps around", "wider integers")
    return s.stored(replace(s.as_float(x), dtype=to))


FORMS: Final[Mapping[str, Form]] = {
    "Concat": _concat,
    "Slice": _slice,
    "Split": _split,
    "Gather": _gather,
    "Cast": _cast,
    "CastLike": _cast,
}
