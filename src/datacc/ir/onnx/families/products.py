"""Matrix products: weights are put into the order in which the value stands, so that nothing is flattened."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.model import Array
from datacc.ir.onnx.sketch import MOST_PARTS, Sketch, viewed
from datacc.ir.onnx.tensor import Known, View, broadcast, permuted

MOST_SPREAD: Final = 1 << 22  # elements of a product of two values, before its sum


def through(s: Sketch, x: View, matrix: Array, bias: Array | None = None) -> View:
    """x (…, K) times a known matrix (K, N): (…, N)."""
    inputs, outputs = matrix.shape
    s.call.demand(x.dims[-1] == inputs, f"an input {x.dims} does not fit a matrix {matrix.shape}")
    dims = (*x.dims[:-1], outputs)
    rows = int(np.prod(dims[:-1]))
    offset = np.zeros(outputs) if bias is None else np.broadcast_to(bias, (outputs,))
    if rows == 1:
        return replace(_dense(s, x, matrix.T, offset), axes=(*((),) * (len(dims) - 1), (0,) if outputs > 1 else ()))
    order = [*[k for k in s.order_of(x) if k != len(dims) - 1], len(dims) - 1]
    node = c.matrix(s, s.reshape(s.stand(x, order), (rows, inputs)), matrix.T, offset)
    return viewed(s.reshape(node, tuple(dims[k] for k in order)), "float32", dims, order)


def _dense(s: Sketch, x: View, weight: Array, bias: Array) -> View:
    """The weights (N, K) take the shape and the order of axes of the node behind x."""
    outputs = len(weight)
    order = x.order
    cut = weight.reshape(outputs, *(x.shape[axis] for axis in order))
    cut = cut.transpose(0, *(1 + order.index(axis) for axis in sorted(order)))
    node = s.op("dense", x.node, s.weight(cut.reshape(outputs, *x.shape)), s.weight(bias))
    return View(node=node, dtype="float32", shape=(outputs,), axes=((0,) if outputs > 1 else (),))


def _gemm(s: Sketch) -> View:
    a, b = s.arg(0), s.arg(1)
    call = s.call
    alpha, beta = call.number("alpha", 1.0), call.number("beta", 1.0)
    call.demand(len(a.dims) == len(b.dims) == 2, f"{a.dims} and {b.dims} are not two matrices")
    if isinstance(b, Known):
        matrix = (b.array.T if call.whole("transB", 0) else b.array).astype(np.float32) * np.float32(alpha)
        x = s.floats(0)
        x = permuted(x, (1, 0)) if call.whole("transA", 0) else x
        bias = _row_bias(s, matrix.shape[1], beta)
        y = through(s, x, matrix, bias)
        if bias is not None or not s.has(2):
            return y
    else:
        x, y = s.floats(0), s.floats(1)
        x = permuted(x, (1, 0)) if call.whole("transA", 0) else x
        y = permuted(y, (1, 0)) if call.whole("transB", 0) else y
        y = s.affine(product(s, x, y), alpha) if alpha != 1 else product(s, x, y)
        if not s.has(2):
            return y
    if isinstance(s.arg(2), Known):
        return s.affine(y, 1.0, s.known(2) * np.float32(beta))
    z = s.floats(2)
    return c.pair(s, "add", y, s.affine(z, beta) if beta != 1 else z)


def _row_bias(s: Sketch, outputs: int, beta: float) -> Array | None:
    """The third argument of Gemm when it is known and the same for every row."""
    if not s.has(2) or isinstance(s.arg(2), View):
        return None
    array = s.known(2).astype(np.float32) * np.float32(beta)
    fits = array.size in (1, outputs) and (array.ndim == 0 or array.shape[-1] == array.size)
    return array.reshape(-1) if fits else None


def _matmul(s: Sketch) -> View:
    a, b = s.arg(0), s.arg(1)
    s.call.demand(bool(a.dims) and bool(b.dims), "an argument is a single number")
    if isinstance(a, View) and isinstance(b, Known) and b.array.ndim == 1:
        y = through(s, s.floats(0), b.array[:, None])
        return replace(y, axes=y.axes[:-1])
    if isinstance(a, View) and isinstance(b, Known) and b.array.size == np.prod(b.array.shape[-2:]):
        matrix = b.array.reshape(b.array.shape[-2:])
        y = through(s, s.floats(0), matrix)
        return s.unsqueezed(y, max(len(b.dims), len(a.dims)) if len(a.dims) > 1 else len(b.dims) - 1)
    if isinstance(a, Known) and isinstance(b, View) and a.array.ndim == 2 and len(b.dims) >= 2:
        x = s.floats(1)
        swap = (*range(len(x.dims) - 2), len(x.dims) - 1, len(x.dims) - 2)
        return permuted(through(s, permuted(x, swap), a.array.T), swap)
    return _batched(s, s.floats(0), b)


def _batched(s: Sketch, x: View, other: Known | View) -> View:
    """Products of stacks of matrices, one by one."""
    drop = (len(x.dims) == 1, len(other.dims) == 1)
    x = s.unsqueezed(x, max(2, len(x.dims)))
    if isinstance(other, Known):
        y: Known | View = Known(array=other.array[:, None]) if drop[1] else other
    else:
        y = s.as_float(other)
        y = replace(y, axes=(*y.axes, ())) if drop[1] else y
    lead = broadcast(x.dims[:-2], y.dims[:-2])
    s.call.demand(lead is not None, f"shapes {x.dims} and {y.dims} do not fit together")
    assert lead is not None
    x = s.unsqueezed(x, len(lead) + 2)
    count = int(np.prod(lead))
    if count == 1 and isinstance(y, View):
        z = product(s, _plane(s, x, ()), _plane(s, s.unsqueezed(y, len(lead) + 2), ()))
        z = s.unsqueezed(z, len(lead) + 2)
    else:
        s.call.demand(count <= MOST_PARTS, f"a stack of {count} matrices is written out one by one")
        planes = [_one(s, x, y, at) for at in np.ndindex(*lead)]
        rows, columns = planes[0].dims
        node = s.join([s.reshape(s.stand(plane, (0, 1)), (1, rows, columns)) for plane in planes], 0)
        z = s.regroup(viewed(node, "float32", (count, rows, columns), (0, 1, 2)), (*lead, rows, columns))
    axes = z.axes
    axes = (*axes[:-2], axes[-1]) if drop[0] else axes
    return replace(z, axes=axes[:-1] if drop[1] else axes)


def _one(s: Sketch, x: View, y: Known | View, at: tuple[int, ...]) -> View:
    left = _plane(s, x, at)
    if isinstance(y, Known):
        lead = (1,) * (len(at) + 2 - y.array.ndim) + y.array.shape
        index = tuple(k if n > 1 else 0 for k, n in zip(at, lead[:-2], strict=True))
        return through(s, left, y.array.reshape(lead)[index])
    return product(s, left, _plane(s, s.unsqueezed(y, len(at) + 2), at))


def _plane(s: Sketch, x: View, at: tuple[int, ...]) -> View:
    """The matrix at this place of a stack; a stack of one stands for all."""
    for k, n in enumerate(at):
        if x.dims[k] > 1:
            x = s.cut(x, k, n, n)
    return replace(x, axes=x.axes[-2:])


def product(s: Sketch, a: View, b: View) -> View:
    """Two values (M, K) and (K, N), neither known: spread, multiplied, summed over the last axis."""
    (m, k), (same, n) = a.dims, b.dims
    s.call.demand(k == same, f"shapes {a.dims} and {b.dims} do not fit together")
    s.call.demand(m * k * n <= MOST_SPREAD, f"a product of two values, {m} × {k} × {n}, is too large")
    left = replace(a, axes=(a.axes[0], (), a.axes[1]))
    right = replace(b, axes=((), b.axes[1], b.axes[0]))
    left, right = s.expand(s.ordered(left, (0, 1, 2)), (m, n, k)), s.expand(s.ordered(right, (0, 1, 2)), (m, n, k))
    total = c.total(s, c.pair(s, "multiply", left, right), [2])
    return replace(total, axes=total.axes[:2])


FORMS: Final[Mapping[str, Form]] = {"Gemm": _gemm, "MatMul": _matmul}
