"""Values around a value: blocks of one number put side by side with it, and edges repeated."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from datacc.ir.onnx.families import Form
from datacc.ir.onnx.model import Array
from datacc.ir.onnx.sketch import NODE_DTYPES, Sketch, viewed
from datacc.ir.onnx.tensor import View

MOST_EDGE: Final = 512  # rows that are copied one by one
Pads = Sequence[tuple[int, int]]


def padded(s: Sketch, x: View, pads: Pads, value: float) -> View:
    """x with `value` around it: (before, after) for each ONNX axis; negative numbers cut off."""
    x = _cropped(s, x, pads)
    order = s.order_of(x)
    x = s.ordered(x, order)
    for at, k in enumerate(order):
        before, after = (max(0, n) for n in pads[k])
        if not before and not after:
            continue
        shape = s.type(x.node).shape
        sides = [_block(s, (*shape[:at], n, *shape[at + 1 :]), value, x.dtype) if n else "" for n in (before, after)]
        parts = [part for part in (sides[0], x.node, sides[1]) if part]
        dims = tuple(n + before + after if axis == k else n for axis, n in enumerate(x.dims))
        x = viewed(s.op("concat", *parts, axis=at), x.dtype, dims, order)
    return x


def _cropped(s: Sketch, x: View, pads: Pads) -> View:
    for k, (before, after) in enumerate(pads):
        first, last = max(0, -before), x.dims[k] - 1 - max(0, -after)
        s.call.demand(0 <= first <= last, "it cuts everything off")
        x = s.cut(x, k, first, last)
    return x


def _block(s: Sketch, shape: tuple[int, ...], value: float, dtype: str) -> str:
    """A node of this shape that holds one number."""
    s.call.demand(int(np.prod(shape, dtype=object)) <= 1 << 26, f"a block of {shape} is too large")
    number = s.zero() if value == 0 else s.op("affine", s.zero(), s.weight(np.zeros(1)), s.weight(np.full(1, value)))
    wanted = NODE_DTYPES.get(dtype, dtype)
    if wanted != "float32":
        number = s.op("cast", number, to=wanted)
    node = s.reshape(number, (1,) * len(shape))
    for axis in reversed(range(len(shape))):
        node = s.repeat(node, axis, shape[axis])
    return node


def _pad(s: Sketch) -> View:
    """Pad by one number, the edge, or a reflection."""
    x = s.view(0)
    rank = len(x.dims)
    mode = s.call.text("mode", "constant")
    if s.opset < 11:
        flat, value = s.call.wholes("pads", ()), s.call.number("value", 0.0)
    else:
        flat, value = s.numbers(1), _number(s, s.known(2)) if s.has(2) else 0.0
    axes = list(range(rank))
    if s.has(3):
        axes = list(s.numbers(3))
        s.call.demand(all(-rank <= k < rank for k in axes), f"axes {axes} are not those of {rank}")
    s.call.demand(len(flat) == 2 * len(axes) and all(abs(n) <= 1 << 24 for n in flat), "pads do not fit the axes")
    pads = [(0, 0)] * rank
    for i, k in enumerate(axes):
        pads[k % rank] = (flat[i], flat[len(axes) + i])
    if mode == "constant":
        return padded(s, x, pads, value)
    x = _cropped(s, x, pads)
    for k, (before, after) in enumerate(pads):
        x = _reflected(s, x, k, max(0, before), max(0, after), mode)
    return x


def _number(s: Sketch, array: Array) -> float:
    s.call.demand(array.size == 1 and bool(np.isfinite(array).all()), "the value to pad with is not one finite number")
    return float(array.reshape(-1)[0])


def _reflected(s: Sketch, x: View, axis: int, before: int, after: int, mode: str) -> View:
    """x with its own rows repeated before and after it along one axis."""
    if not before and not after:
        return x
    n = x.dims[axis]
    s.call.demand(mode in ("edge", "reflect", "wrap"), f"there is no mode {mode[:40]!r}", "constant, edge, reflect")
    s.call.demand(mode == "edge" or max(before, after) < n + (mode == "wrap"), "it reflects more than there is")
    s.call.demand(before + after <= MOST_EDGE, f"it copies more than {MOST_EDGE} rows")
    index = np.pad(np.arange(n), (before, after), mode="edge" if mode == "edge" else mode)  # type: ignore[call-overload]
    return taken(s, x, axis, [int(k) for k in index])


def taken(s: Sketch, x: View, axis: int, index: Sequence[int]) -> View:
    """The positions `index` of one ONNX axis, in this order: runs of equal steps are one slice each."""
    order = s.order_of(x)
    x = s.ordered(x, order)
    at = order.index(axis)
    runs: list[tuple[int, int, int]] = []
    for k in index:
        if runs and runs[-1][0] == runs[-1][1] and k > runs[-1][0]:
            runs[-1] = (runs[-1][0], k, k - runs[-1][0])
        elif runs and runs[-1][2] and k == runs[-1][1] + runs[-1][2]:
            runs[-1] = (runs[-1][0], k, runs[-1][2])
        else:
            runs.append((k, k, 0))
    dims = tuple(len(index) if k == axis else n for k, n in enumerate(x.dims))
    if len(runs) == 1 and runs[0] == (0, x.dims[axis] - 1, 1):
        return x
    s.call.demand(len(runs) <= 1 << 12, f"it takes {len(runs):,} pieces", "positions in runs of equal steps")
    cuts = [s.op("slice", x.node, axis=at, first=a, last=b, step=max(1, t)) for a, b, t in runs]
    return viewed(s.join(cuts, at), x.dtype, dims, order)


FORMS: Final[Mapping[str, Form]] = {"Pad": _pad}
