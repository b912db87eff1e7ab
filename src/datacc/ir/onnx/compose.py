"""Arithmetic on views: what ONNX says in one word and the op table in a few. Exact where the comment says so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.compose import sigmoid as sigmoid_of
from datacc.ir.compose import tanh as tanh_of
from datacc.ir.onnx.sketch import Sketch, viewed
from datacc.ir.onnx.tensor import View, broadcast

HUGE: Final = 1e38  # twice, it takes the smallest subnormal above 1
WHOLE: Final = 2.0**23  # from here on, every float32 is a whole number


def pair(s: Sketch, op: str, a: View, b: View) -> View:
    """add, multiply or divide of two values, either spread over the other by ONNX's rules."""
    dims = broadcast(a.dims, b.dims)
    s.call.demand(dims is not None, f"shapes {a.dims} and {b.dims} do not fit together")
    assert dims is not None
    a, b = s.unsqueezed(a, len(dims)), s.unsqueezed(b, len(dims))
    if a.dims != dims and b.dims == dims and op != "divide":
        a, b = b, a
    a = s.expand(a, dims)
    if (a.shape, a.axes) == (b.shape, b.axes):
        return _same(s, op, a, b)
    order = s.order_of(a)
    if b.dims != dims:
        spread = [k for k in order if dims[k] > 1 and b.dims[k] == 1]
        rest = [k for k in order if dims[k] > 1 and b.dims[k] > 1]
        if [*rest, *spread] == [k for k in order if dims[k] > 1]:
            return _spread(s, op, a, b, order, len(spread))
        b = s.expand(b, dims)
    return _same(s, op, s.ordered(a, order), s.ordered(b, order))


def _same(s: Sketch, op: str, a: View, b: View) -> View:
    node = s.op(op, a.node, b.node)
    return View(node=node, dtype=a.dtype, shape=a.shape, axes=a.axes)


def _spread(s: Sketch, op: str, a: View, b: View, order: tuple[int, ...], count: int) -> View:
    """b has one number for the last `count` axes, in the order in which a stands."""
    dims = [a.dims[k] for k in order if a.dims[k] > 1]
    lead = tuple(dims[: len(dims) - count])
    last = int(np.prod(dims[len(dims) - count :]))
    shape = tuple(a.dims[k] for k in order)
    left = s.reshape(s.stand(a, order), (*lead, last))
    node = s.op(op, left, s.reshape(s.stand(b, order), (*lead, 1)))
    return viewed(s.reshape(node, shape), a.dtype, a.dims, order)


def negative(s: Sketch, x: View) -> View:
    """−x."""
    return s.affine(x, -1.0)


def subtract(s: Sketch, a: View, b: View) -> View:
    """a − b."""
    return pair(s, "add", a, negative(s, b))


def constant(s: Sketch, x: View, value: float) -> View:
    """`value` in x's shape; NaN where x is NaN."""
    return s.each("clip", x, low=value, high=value)


def reciprocal(s: Sketch, x: View, over: float = 1.0) -> View:
    """over / x."""
    return pair(s, "divide", constant(s, x, over), x)


def absolute(s: Sketch, x: View) -> View:
    """|x|, exactly: one of the two thresholds is zero."""
    return pair(s, "add", s.each("relu", x), s.each("relu", negative(s, x)))


def step(s: Sketch, x: View) -> View:
    """1 where x > 0, else 0, exactly; 0 for NaN, which no cast to bytes lets through."""
    for _ in range(2):
        x = s.each("clip", s.affine(x, HUGE), low=0.0, high=1.0)
    return s.each("cast", s.each("cast", x, to="uint8"), to="float32")


def is_number(s: Sketch, x: View) -> View:
    """1 where x is a number, infinity too; 0 for NaN."""
    return s.each("cast", s.each("cast", constant(s, x, 1.0), to="uint8"), to="float32")


def largest(s: Sketch, a: View, b: View) -> View:
    """The larger one, exactly: both stacked, then pooled."""
    dims = broadcast(a.dims, b.dims)
    s.call.demand(dims is not None, f"shapes {a.dims} and {b.dims} do not fit together")
    assert dims is not None
    a, b = s.expand(a, dims), s.expand(b, dims)
    if (a.shape, a.axes) != (b.shape, b.axes):
        order = s.order_of(a)
        a, b = s.ordered(a, order), s.ordered(b, order)
    count = s.type(a.node).count
    both = s.op("concat", s.reshape(a.node, (1, count)), s.reshape(b.node, (1, count)), axis=0)
    node = s.reshape(s.op("maxpool", both, size=(2,), stride=(2,)), a.shape)
    return View(node=node, dtype=a.dtype, shape=a.shape, axes=a.axes)


def smallest(s: Sketch, a: View, b: View) -> View:
    """The smaller one, exactly."""
    return negative(s, largest(s, negative(s, a), negative(s, b)))


def nearest(s: Sketch, x: View) -> View:
    """The nearest whole number, ties to even, exactly: beyond 2²³ every number is whole already."""
    small = s.each("clip", x, low=-WHOLE, high=WHOLE)
    whole = s.each("cast", s.each("cast", small, to="int32"), to="float32")
    return pair(s, "add", whole, subtract(s, x, small))


def floor(s: Sketch, x: View) -> View:
    """The largest whole number that is not above x, exactly."""
    whole = nearest(s, x)
    return subtract(s, whole, step(s, subtract(s, whole, x)))


def truncated(s: Sketch, x: View) -> View:
    """The whole number towards zero, exactly."""
    up, down = floor(s, s.each("relu", x)), floor(s, s.each("relu", negative(s, x)))
    return subtract(s, up, down)


def sigmoid(s: Sketch, x: View) -> View:
    """1 / (1 + e^−x)."""
    return composed(s, "sigmoid", sigmoid_of, x)


def tanh(s: Sketch, x: View) -> View:
    """The hyperbolic tangent."""
    return composed(s, "tanh", tanh_of, x)


def composed(s: Sketch, word: str, nodes: Callable[[Builder, str, str], str], x: View) -> View:
    """A composition of the op table that goes element by element."""
    try:
        return replace(x, node=nodes(s.b, s.fresh(f"{word}#{len(s.b.nodes)}"), x.node))
    except GraphError as error:
        s.call.refuse(error.what)


def softplus(s: Sketch, x: View) -> View:
    """log(1 + e^x), without overflow."""
    tail = s.each("log", s.affine(s.each("exp", negative(s, absolute(s, x))), 1.0, 1.0))
    return pair(s, "add", s.each("relu", x), tail)


def below(s: Sketch, x: View) -> View:
    """min(x, 0), exactly."""
    return negative(s, s.each("relu", negative(s, x)))


def expm1_below(s: Sketch, x: View, scale: float = 1.0) -> View:
    """scale · (e^min(x, 0) − 1)."""
    return s.affine(s.each("exp", below(s, x)), scale, -scale)


# Abramowitz and Stegun, 7.1.26: |error| ≤ 1.5e-7.
_ERF: Final = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def erf(s: Sketch, x: View) -> View:
    """The error function, within 2e-7."""
    size = absolute(s, x)
    t = reciprocal(s, s.affine(size, 0.3275911, 1.0))
    series = s.affine(t, _ERF[-1], _ERF[-2])
    for factor in _ERF[-3::-1]:
        series = s.affine(pair(s, "multiply", series, t), 1.0, factor)
    series = pair(s, "multiply", series, t)
    bell = s.each("exp", negative(s, pair(s, "multiply", x, x)))
    tail = s.affine(pair(s, "multiply", series, bell), -1.0, 1.0)
    sign = s.affine(step(s, x), 2.0, -1.0)
    return pair(s, "multiply", sign, tail)


def power(s: Sketch, x: View, exponent: float) -> View:
    """x to a known power: whole powers by products, halves by roots, others (of x ≥ 0) by logarithms."""
    if exponent == 0:
        return constant(s, x, 1.0)
    if exponent < 0:
        return reciprocal(s, power(s, x, -exponent))
    if exponent == int(exponent) and exponent <= 64:
        result, square, rest = None, x, int(exponent)
        while rest:
            if rest & 1:
                result = square if result is None else pair(s, "multiply", result, square)
            rest >>= 1
            square = pair(s, "multiply", square, square) if rest else square
        assert result is not None
        return result
    if exponent == 0.5:
        return s.each("sqrt", x)
    return s.each("exp", s.affine(s.each("log", x), exponent))


def total(s: Sketch, x: View, axes: list[int], weights: Any = 1.0) -> View:
    """The sum over ONNX axes, times a known factor; they stay, with size 1."""
    kept = [k for k in range(len(x.axes)) if k not in axes]
    dims = tuple(1 if k in axes else n for k, n in enumerate(x.dims))
    size = int(np.prod([x.dims[k] for k in axes]))
    if size == 1:
        return s.affine(x, weights) if weights != 1.0 else x
    rows = int(np.prod([x.dims[k] for k in kept]))
    if rows == 1:
        weight = s.weight(np.full((1, *x.shape), weights, np.float32))
        node = s.op("dense", x.node, weight, s.weight(np.zeros(1)))
        return View(node=node, dtype="float32", shape=(1,), axes=((),) * len(dims))
    if _stands_first(s, x, axes):
        node = s.op("meanpool", s.reshape(x.node, (size, rows)), size=(size,), stride=(size,))
        order = s.order_of(x)
        mean = viewed(s.reshape(node, tuple(dims[k] for k in order)), "float32", dims, order)
        return mean if weights * size == 1 else s.affine(mean, weights * size)
    order = (*[k for k in s.order_of(x) if k in kept], *axes)
    node = s.reshape(s.stand(x, order), (rows, size))
    node = matrix(s, node, np.full((1, size), weights, np.float32))
    shape = tuple(dims[k] for k in order)
    return viewed(s.reshape(node, shape), "float32", dims, order)


def _stands_first(s: Sketch, x: View, axes: list[int]) -> bool:
    """Whether these axes are the slowest as x stands, so that windows over rows run over them."""
    order = [k for k in s.order_of(x) if x.dims[k] > 1]
    count = sum(k in axes for k in order)
    return x.in_stand(order) and count < len(order) and all(k in axes for k in order[:count])


def maximum(s: Sketch, x: View, axes: list[int]) -> View:
    """The largest over ONNX axes; they stay, with size 1. Any type."""
    kept = [k for k in range(len(x.axes)) if k not in axes]
    dims = tuple(1 if k in axes else n for k, n in enumerate(x.dims))
    size = int(np.prod([x.dims[k] for k in axes]))
    if size == 1:
        return x
    if _stands_first(s, x, axes):
        rows, stands = s.type(x.node).count // size, s.order_of(x)
        node = s.op("maxpool", s.reshape(x.node, (size, rows)), size=(size,), stride=(size,))
        return viewed(s.reshape(node, tuple(dims[k] for k in stands)), x.dtype, dims, stands)
    order = (*[k for k in s.order_of(x) if k in kept], *axes)
    flat = s.reshape(s.stand(x, order), (int(np.prod([x.dims[k] for k in kept])), size))
    node = s.reshape(s.op("maximum", flat), tuple(dims[k] for k in order))
    return viewed(node, x.dtype, dims, order)


def matrix(s: Sketch, rows: str, weight: Any, bias: Any = None) -> str:
    """Rows (M, K) through a known matrix (N, K): (M, N), one product for each row."""
    count = s.type(rows).shape[0]
    outputs, inputs = np.shape(weight)
    offset = s.weight(np.zeros(outputs) if bias is None else bias)
    if count == 1:
        one = s.op("dense", s.reshape(rows, (inputs,)), s.weight(weight), offset)
        return s.reshape(one, (1, outputs))
    kernel = s.weight(np.reshape(weight, (outputs, 1, inputs)))
    return s.op("conv", rows, kernel, offset, stride=(1,), pad=((0, 0),), dilation=(1,))
