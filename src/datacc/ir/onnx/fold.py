"""Calls whose arguments are all known, computed while the model is read; sizes are checked before."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Final

import numpy as np

from datacc.ir.onnx.arrays import LARGEST, dtype_of
from datacc.ir.onnx.model import Array, Call
from datacc.ir.onnx.tensor import broadcast

Fold = Callable[[Call, list[Array]], Any]


def _divided(a: Array, b: Array) -> Array:
    """Integers cut off towards zero, as ONNX has it."""
    if a.dtype.kind in "iu":
        if not b.all():
            raise ValueError("a division by zero")
        return np.asarray(np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)), a.dtype)
    return np.asarray(a / b)


def _cast(call: Call, args: list[Array]) -> Array:
    return args[0].astype(dtype_of(call.whole("to", 0), call.place))


def _cut(call: Call, args: list[Array]) -> Array:
    if len(args) > 1:
        starts, ends = args[1].reshape(-1), args[2].reshape(-1)
        axes = args[3].reshape(-1) if len(args) > 3 else np.arange(len(starts))
        steps = args[4].reshape(-1) if len(args) > 4 else np.ones(len(starts), np.int64)
    else:
        starts, ends = np.array(call.wholes("starts", ())), np.array(call.wholes("ends", ()))
        axes, steps = np.array(call.wholes("axes", tuple(range(len(starts))))), np.ones(len(starts), np.int64)
    where = [slice(None)] * args[0].ndim
    for first, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        where[int(axis)] = slice(int(first), int(end), int(step))
    return args[0][tuple(where)]


def _filled(call: Call, args: list[Array]) -> Array:
    value = np.asarray(call.attrs.get("value", np.zeros(1, np.float32)))
    return np.full([int(n) for n in args[0]], value.reshape(-1)[0], value.dtype)


def _constant(call: Call, args: list[Array]) -> Array:
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64),
                        ("value_ints", np.int64)):  # fmt: skip
        if name in call.attrs:
            return np.array(call.attrs[name], dtype)
    value = call.attrs.get("value")
    call.demand(isinstance(value, np.ndarray), "it holds no tensor of numbers")
    return np.asarray(value)


def _reduced(function: Callable[..., Any]) -> Fold:
    def fold(call: Call, args: list[Array]) -> Any:
        axes = tuple(int(n) for n in args[1].reshape(-1)) if len(args) > 1 else call.wholes("axes", ())
        if not axes and call.whole("noop_with_empty_axes", 0):
            return args[0]
        return function(args[0], axis=axes or None, keepdims=bool(call.whole("keepdims", 1)))

    return fold


def _each(function: Callable[..., Any]) -> Fold:
    return lambda call, args: function(*args)


def _dequantised(call: Call, args: list[Array]) -> Array:
    x, scale = args[0].astype(np.float64), args[1].astype(np.float64)
    zero = args[2].astype(np.float64) if len(args) > 2 else np.zeros(1)
    if scale.size > 1:
        shape = [1] * x.ndim
        shape[call.whole("axis", 1) % x.ndim] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape) if zero.size > 1 else zero
    return np.asarray((x - zero) * scale, np.float32)


def _squeezed_axes(call: Call, args: list[Array]) -> tuple[int, ...] | None:
    return tuple(int(n) for n in args[1].reshape(-1)) if len(args) > 1 else call.wholes("axes", ()) or None


TABLE: Final[Mapping[str, Fold]] = {
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Cast": _cast,
    "CastLike": lambda call, args: args[0].astype(args[1].dtype),
    "Slice": _cut,
    "Add": _each(np.add),
    "Sub": _each(np.subtract),
    "Mul": _each(np.multiply),
    "Div": _each(_divided),
    "Pow": lambda call, args: np.power(args[0], args[1]).astype(args[0].dtype),
    "Mod": _each(np.mod),
    "Neg": _each(np.negative),
    "Abs": _each(np.abs),
    "Sqrt": _each(np.sqrt),
    "Exp": _each(np.exp),
    "Log": _each(np.log),
    "Floor": _each(np.floor),
    "Ceil": _each(np.ceil),
    "Reciprocal": lambda call, args: (1 / args[0]).astype(args[0].dtype),
    "Sin": _each(np.sin),
    "Cos": _each(np.cos),
    "Min": lambda call, args: np.minimum.reduce(args),
    "Max": lambda call, args: np.maximum.reduce(args),
    "Equal": _each(np.equal),
    "Greater": _each(np.greater),
    "Less": _each(np.less),
    "GreaterOrEqual": _each(np.greater_equal),
    "LessOrEqual": _each(np.less_equal),
    "And": _each(np.logical_and),
    "Or": _each(np.logical_or),
    "Not": _each(np.logical_not),
    "Where": _each(np.where),
    "Concat": lambda call, args: np.concatenate(args, axis=call.whole("axis", 0)),
    "Gather": lambda call, args: np.take(args[0], args[1].astype(np.int64), axis=call.whole("axis", 0)),
    "Range": lambda call, args: np.arange(*(a.reshape(-1)[0] for a in args)).astype(args[0].dtype),
    "Squeeze": lambda call, args: np.squeeze(args[0], axis=_squeezed_axes(call, args)),
    "Unsqueeze": lambda call, args: np.expand_dims(args[0], _squeezed_axes(call, args) or ()),
    "Expand": lambda call, args: args[0] * np.ones([int(n) for n in args[1]], args[0].dtype),
    "Tile": lambda call, args: np.tile(args[0], [int(n) for n in args[1]]),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "ReduceMax": _reduced(np.max),
    "ReduceMin": _reduced(np.min),
    "ReduceMean": _reduced(np.mean),
    "DequantizeLinear": _dequantised,
    "MatMul": _each(np.matmul),
    "Trilu": lambda call, args: (np.triu if call.whole("upper", 1) else np.tril)(
        args[0], int(args[1].reshape(-1)[0]) if len(args) > 1 else 0
    ),
}


def fold(call: Call, args: Sequence[Array]) -> Array | None:
    """What the call gives for these known arguments; None when the table has no such op. Refuses what does not fit."""
    if call.op not in TABLE:
        return None
    try:
        call.demand(size(call, args) <= LARGEST, "its result is too large")
        with np.errstate(all="ignore"):
            array = np.asarray(TABLE[call.op](call, list(args)))
    except (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError) as error:
        call.refuse(f"it cannot be computed: {error}"[:300])
    return array


def size(call: Call, args: Sequence[Array]) -> int:
    """At least the elements of the result, of a matrix product its multiplications, before anything is computed."""
    call.demand(len(args) > 0 or call.op == "Constant", "its arguments are missing")
    if call.op == "Range":
        call.demand(len(args) == 3 and all(a.size == 1 for a in args), "start, limit and delta are three numbers")
        start, limit, delta = (float(a.reshape(-1)[0]) for a in args)
        return int(min(abs((limit - start) / delta), LARGEST + 1)) if delta else LARGEST + 1
    if call.op == "ConstantOfShape":
        return prod(max(0, int(n)) for n in args[0].reshape(-1))
    if call.op in ("Expand", "Tile"):
        call.demand(len(args) == 2 and args[1].size <= 8, "its second argument is no shape")
        return prod([max(1, int(n)) for n in args[1].reshape(-1)]) * max(1, args[0].size)
    if call.op == "Gather":
        return prod(a.size or 1 for a in args) if args[0].ndim > 1 else sum(a.size for a in args)
    if call.op == "MatMul":
        call.demand(len(args) == 2 and all(a.ndim for a in args), "two matrices are multiplied")
        return max(args[0].size, 1) * (max(args[1].size, 1) if args[1].ndim != 2 else args[1].shape[1])
    if call.op == "Concat":
        return sum(a.size for a in args)
    dims = broadcast(*(a.shape for a in args)) if call.op not in ("Slice",) else None
    return prod(dims) if dims is not None else max((a.size for a in args), default=1)
