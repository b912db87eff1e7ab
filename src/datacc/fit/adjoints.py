"""The second closed table: six ops that gradients need and programs never hold; all else of a gradient is the 24 ops.

Row form and conventions are those of `ir/ops.py`, without ONNX. Results of `conv_weight`, `sum` and `sum_by` are sums
over the batch: *whole* values, that have no batch axis, like weights.
"""

import math
from collections.abc import Mapping
from itertools import product as every
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from datacc.errors import GraphError
from datacc.frozen import frozen
from datacc.ir import shapes
from datacc.ir.graph import Type, float32
from datacc.ir.meaning import Array, pool_windows
from datacc.ir.ops import CONV_ATTRS, OPS, POOL_ATTRS, Op, no_work


@frozen
class Adjoint(Op):
    """One row: as an op, but nothing of ONNX. `is_summing`: the result is a sum over the batch."""

    onnx: str = ""
    is_summing: bool = False


# The shape rules: each asks the op whose gradient it is part of.


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what)


def _check_product(x: Type, weight: Type, dy: Type, attrs: Mapping[str, Any]) -> None:
    """That dy is what a convolution, or without a stride a dense layer, makes of x."""
    bias = float32(*weight.shape[:1])
    out = shapes.conv(x, weight, bias, **attrs) if attrs["stride"] else shapes.dense(x, weight, bias)
    _demand(out == dy, f"{x.shape} by {weight.shape} gives {out.shape}, not {dy.shape}")


def _conv_input_shape(dy: Type, weight: Type, *, shape: tuple[int, ...], **attrs: Any) -> Type:
    _check_product(float32(*shape), weight, dy, attrs)
    return float32(*shape)


def _conv_weight_shape(x: Type, dy: Type, *, shape: tuple[int, ...], **attrs: Any) -> Type:
    _check_product(x, float32(*shape), dy, attrs)
    return float32(*shape)


def _gate_shape(dy: Type, x: Type, *, low: float, high: float) -> Type:
    _demand(type(low) is float and type(high) is float, "the limits are floats")
    _demand(dy == shapes.same(x), f"{dy.shape} is not {x.shape}")
    return dy


def _pool_scatter_shape(dy: Type, x: Type, **attrs: Any) -> Type:
    out = shapes.maxpool(shapes.same(x), **attrs)
    _demand(out == dy, f"windows of {x.shape} are {out.shape}, not {dy.shape}")
    return x


def _sum_shape(x: Type, *, keep: int) -> Type:
    _demand(type(keep) is int and 0 <= keep <= len(x.shape), f"{x.shape} has not {keep!r} axes to keep")
    return float32(*shapes.same(x).shape[len(x.shape) - keep :]) if keep else float32(1)


def _sum_by_shape(dy: Type, rows: Type, *, size: int) -> Type:
    _demand(type(size) is int and size >= 1, f"a table of {size!r} rows")
    _demand(dy == shapes.gather(rows, float32(size, dy.shape[-1])), f"{dy.shape} are not rows for {rows.shape}")
    return float32(size, dy.shape[-1])


# The meanings in NumPy, in whatever precision the arguments have.


def conv_input(dy: Array, weight: Array, *, shape: Any, stride: Any, pad: Any, dilation: Any, groups: int) -> Array:
    """The gradient of a convolution to its input: every tap sends dy back to where it had read."""
    if not stride:
        return (dy @ weight.reshape(len(weight), -1)).reshape(len(dy), *shape)
    padded = [before + n + after for n, (before, after) in zip(shape, pad, strict=False)]
    dx = np.zeros((len(dy), *padded, shape[-1]), dy.dtype)
    for tap in _taps(weight.shape[1:-1]):
        place = _read_by(tap, dy.shape[1:-1], stride, dilation)
        for ours, theirs in _groups(groups, shape[-1], len(weight)):
            dx[(..., *place, ours)] += dy[..., theirs] @ weight[(theirs, *tap)]
    inside: Any = (slice(before, before + n) for n, (before, _) in zip(shape, pad, strict=False))
    return dx[(slice(None), *inside)]


def conv_weight(x: Array, dy: Array, *, shape: Any, stride: Any, pad: Any, dilation: Any, groups: int) -> Array:
    """The gradient of a convolution to its weight: every tap has dy times what it had read, over all windows."""
    if not stride:
        return (dy.T @ x.reshape(len(x), -1)).reshape(shape)
    x = np.pad(x, ((0, 0), *pad, (0, 0)))
    dw = np.zeros(shape, dy.dtype)
    for tap in _taps(shape[1:-1]):
        place = _read_by(tap, dy.shape[1:-1], stride, dilation)
        for ours, theirs in _groups(groups, x.shape[-1], len(dw)):
            read, back = x[(..., *place, ours)], dy[..., theirs]
            dw[(theirs, *tap)] = back.reshape(-1, back.shape[-1]).T @ read.reshape(-1, read.shape[-1])
    return dw


def _taps(size: Any) -> Any:
    """The places within a window, in order."""
    return every(*map(range, size))


def _read_by(tap: Any, windows: Any, stride: Any, dilation: Any) -> Any:
    """What one element of every window reads, along each axis of the padded input."""
    starts = [t * d for t, d in zip(tap, dilation, strict=True)]
    return [slice(a, a + s * (n - 1) + 1, s) for a, n, s in zip(starts, windows, stride, strict=True)]


def _groups(groups: int, inputs: int, outputs: int) -> Any:
    """The channels that each group reads, and those that it makes."""
    i, o = inputs // groups, outputs // groups
    return [(slice(g * i, g * i + i), slice(g * o, g * o + o)) for g in range(groups)]


def gate(dy: Array, x: Array, *, low: float, high: float) -> Array:
    """dy where low < x < high; elsewhere 0, whatever dy is."""
    return np.where((x > low) & (x < high), dy, dy.dtype.type(0))


def pool_scatter(dy: Array, x: Array, *, size: Any, stride: Any) -> Array:
    """Each dy to the first largest element of its window of x; what several windows send adds up."""
    windows = pool_windows(x, size, stride)
    first = windows.reshape(*dy.shape, -1).argmax(axis=-1)
    dx = np.zeros(x.shape, dy.dtype)
    for number, tap in enumerate(_taps(size)):
        place = _read_by(tap, dy.shape[1:-1], stride, (1,) * len(size))
        dx[(slice(None), *place)] += np.where(first == number, dy, dy.dtype.type(0))
    return dx


def sum_(x: Array, *, keep: int) -> Array:
    """The sum over the batch and all axes but the last `keep`; one number when none is kept."""
    found: Array = x.sum(axis=tuple(range(x.ndim - keep))) if keep else x.sum().reshape(1)
    return found


def sum_by(dy: Array, rows: Array, *, size: int) -> Array:
    """The gradient of `gather` to its table: each row of dy adds to the one that was read."""
    table = np.zeros((size, dy.shape[-1]), dy.dtype)
    np.add.at(table, rows.clip(0, size - 1).reshape(-1), dy.reshape(-1, dy.shape[-1]))
    return table


# What each costs.


def _as_conv(out: Type, dy: Type, weight: Type, **attrs: Any) -> int:
    return dy.count * math.prod(weight.shape[1:])


def _as_conv_weight(out: Type, x: Type, dy: Type, **attrs: Any) -> int:
    return dy.count * math.prod(out.shape[1:])


def _each(out: Type, x: Type, *rest: Type, **attrs: Any) -> int:
    return x.count


def _twice(out: Type, dy: Type, x: Type, **attrs: Any) -> int:
    return 2 * x.count


def _windows(out: Type, dy: Type, x: Type, *, size: tuple[int, ...], stride: tuple[int, ...]) -> int:
    return dy.count * math.prod(size)


def _row(shape: Any, meaning: Any, kind: str, work: Any = no_work, comparisons: Any = no_work, **more: Any) -> Adjoint:
    return Adjoint(shape=shape, meaning=meaning, kind=kind, work=work, comparisons=comparisons, **more)


_CONV: Final = {**CONV_ATTRS, "shape": None}
_LIMITS: Final = {"low": None, "high": None}

ADJOINTS: Final[Mapping[str, Adjoint]] = MappingProxyType(
    {
        "conv_input": _row(_conv_input_shape, conv_input, "product", _as_conv, attrs=_CONV, weights=1),
        "conv_weight": _row(_conv_weight_shape, conv_weight, "product", _as_conv_weight, attrs=_CONV, is_summing=True),
        "gate": _row(_gate_shape, gate, "threshold", comparisons=_twice, attrs=_LIMITS),
        "pool_scatter": _row(_pool_scatter_shape, pool_scatter, "threshold", comparisons=_windows, attrs=POOL_ATTRS),
        "sum": _row(_sum_shape, sum_, "other", _each, attrs={"keep": None}, is_summing=True),
        "sum_by": _row(_sum_by_shape, sum_by, "other", _each, attrs={"size": None}, is_summing=True, marked=True),
    }
)

STEP_OPS: Final[Mapping[str, Op]] = MappingProxyType({**OPS, **ADJOINTS})
"""All that a step Graph may hold."""
