"""Windows over pictures and sequences: convolution, pooling, their padding."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from datacc.frozen import frozen
from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.families.padding import padded
from datacc.ir.onnx.sketch import MOST_PARTS, Sketch, viewed
from datacc.ir.onnx.tensor import View, groups_of

LOWEST: Final = float(np.finfo(np.float32).min)


@frozen
class Window:
    """Per spatial axis: taps, step, distance of taps, zeros (before, after); `ceil` lets the last window reach over."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pad: tuple[tuple[int, int], ...]
    ceil: bool = False

    @property
    def reach(self) -> tuple[int, ...]:
        """How many positions a window covers."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.size, self.dilation, strict=True))


def window(s: Sketch, sizes: Sequence[int], taps: tuple[int, ...]) -> Window:
    """The window that the attributes of the call describe, over axes of these sizes."""
    call, rank = s.call, len(sizes)
    given = call.wholes("kernel_shape", taps)
    call.demand(rank in (1, 2), f"it runs over {rank} axes", "one axis (Conv1d) or two (Conv2d)")
    call.demand(len(given) == rank and (not taps or given == taps), f"kernel_shape {given} does not fit")
    stride, dilation = call.wholes("strides", (1,) * rank), call.wholes("dilations", (1,) * rank)
    fits = len(stride) == len(dilation) == rank and all(1 <= n <= 1 << 20 for n in (*given, *stride, *dilation))
    call.demand(fits, "kernel, strides and dilations must be at least 1, one for each axis")
    reach = [d * (k - 1) + 1 for k, d in zip(given, dilation, strict=True)]
    pad = _pads(s, sizes, reach, stride)
    over = bool(call.whole("ceil_mode", 0))
    return Window(size=given, stride=stride, dilation=dilation, pad=pad, ceil=over)


def _pads(s: Sketch, sizes: Sequence[int], reach: Sequence[int], stride: Sequence[int]) -> tuple[tuple[int, int], ...]:
    auto, rank = s.call.text("auto_pad", "NOTSET"), len(sizes)
    if auto == "VALID":
        return ((0, 0),) * rank
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        sums = [max(0, (-(-n // t) - 1) * t + r - n) for n, r, t in zip(sizes, reach, stride, strict=True)]
        halves = [(total // 2, total - total // 2) for total in sums]
        return tuple(half if auto == "SAME_UPPER" else half[::-1] for half in halves)
    s.call.demand(auto == "NOTSET", f"there is no auto_pad {auto[:40]!r}")
    flat = s.call.wholes("pads", (0,) * (2 * rank))
    fits = len(flat) == 2 * rank and all(0 <= n <= 1 << 20 for n in flat)
    s.call.demand(fits, "pads must be two numbers from 0 for each axis")
    return tuple(zip(flat[:rank], flat[rank:], strict=True))


def rows_of(s: Sketch, x: View) -> list[View]:
    """x (N, …) as N values with N = 1."""
    count = x.dims[0]
    s.call.demand(count <= MOST_PARTS, f"a batch of {count} is written out row by row", "a batch of 1")
    return [x] if count == 1 else [s.cut(x, 0, k, k) for k in range(count)]


def together(s: Sketch, rows: list[View]) -> View:
    """Values with N = 1 as one, put side by side along N."""
    if len(rows) == 1:
        return rows[0]
    rank = len(rows[0].dims)
    order = (0, *range(2, rank), 1)
    dims = (len(rows), *rows[0].dims[1:])
    return viewed(s.join([s.stand(row, order) for row in rows], 0), rows[0].dtype, dims, order)


def last(s: Sketch, x: View) -> str:
    """The node of x (1, C, *spatial) as (*spatial, C)."""
    return s.stand(x, (*range(2, len(x.dims)), 1))


def first(s: Sketch, node: str) -> View:
    """A node (*spatial, C) as ONNX (1, C, *spatial)."""
    shape = s.type(node).shape
    channels, *spatial = groups_of((shape[-1], *shape[:-1]))
    axes = ((), tuple(len(shape) - 1 for _ in channels), *(tuple(k - 1 for k in group) for group in spatial))
    return View(node=node, dtype="float32", shape=shape, axes=axes)


def _conv(s: Sketch) -> View:
    x, weight = s.floats(0), s.known(1)
    bias = s.known(2).reshape(-1) if s.has(2) else np.zeros(len(weight) if weight.ndim else 0, np.float32)
    s.call.demand(weight.ndim == len(x.dims) >= 3, f"weights {weight.shape} do not fit an input {x.dims}")
    found = window(s, x.dims[2:], weight.shape[2:])
    kernel = s.weight(np.moveaxis(weight, 1, -1))
    offset = s.weight(bias)
    groups = s.call.whole("group", 1)
    return together(s, [convolved(s, row, found, kernel, offset, groups) for row in rows_of(s, x)])


def convolved(s: Sketch, x: View, found: Window, kernel: str, offset: str, groups: int) -> View:
    """Pads that reach past a window are put around the picture before."""
    fits = all(max(pad) < r for pad, r in zip(found.pad, found.reach, strict=True))
    pad = found.pad
    if not fits:
        x, pad = padded(s, x, ((0, 0), (0, 0), *pad), 0.0), ((0, 0),) * len(pad)
    node = s.op(
        "conv", last(s, x), kernel, offset,
        stride=found.stride, pad=pad, dilation=found.dilation, groups=groups,
    )  # fmt: skip
    return first(s, node)


def _overhang(x: View, found: Window) -> tuple[tuple[int, int], ...]:
    """The pads, with what `ceil_mode` adds behind: a window must begin inside the picture or the pad before it."""
    pads = []
    for n, r, t, (before, after) in zip(x.dims[2:], found.reach, found.stride, found.pad, strict=True):
        space = n + before + after - r
        count = (-(-space // t) if found.ceil else space // t) + 1
        if found.ceil and (count - 1) * t >= n + before:
            count -= 1
        pads.append((before, max(after, (count - 1) * t + r - n - before)))
    return tuple(pads)


def _pooling_window(s: Sketch, x: View) -> Window:
    s.call.demand(len(x.dims) >= 3, f"an input {x.dims} has no spatial axes")
    s.call.demand("kernel_shape" in s.call.attrs, "kernel_shape is missing")
    found = window(s, x.dims[2:], ())
    wide = all(n + a + b >= r for n, r, (a, b) in zip(x.dims[2:], found.reach, found.pad, strict=True))
    s.call.demand(wide, f"a window of {found.reach} does not fit into {x.dims[2:]}")
    return found


def _max_pool(s: Sketch) -> View:
    x = s.view(0)
    s.call.demand(len(s.call.outputs) == 1 or not s.call.outputs[1], "it asks for positions", "MaxPool of one output")
    found = _pooling_window(s, x)
    pads = ((0, 0), (0, 0), *_overhang(x, found))
    if any(map(any, pads)):
        x = padded(s, x, pads, LOWEST)
    return together(s, [_max_pooled(s, row, found) for row in rows_of(s, x)])


def _max_pooled(s: Sketch, x: View, found: Window) -> View:
    if all(d == 1 for d in found.dilation):
        node = s.op("maxpool", last(s, x), size=found.size, stride=found.stride)
        return View(**{**vars(first(s, node)), "dtype": x.dtype})
    for axis, (k, d, t) in enumerate(zip(found.size, found.dilation, found.stride, strict=True), start=2):
        count = (x.dims[axis] - d * (k - 1) - 1) // t + 1
        taps = [s.cut(x, axis, j * d, j * d + (count - 1) * t, t) for j in range(k)]
        x = taps[0]
        for tap in taps[1:]:
            x = c.largest(s, x, tap)
    return x


def _mean_pool(s: Sketch) -> View:
    x = s.floats(0)
    found = _pooling_window(s, x)
    return together(s, [_mean_pooled(s, row, found) for row in rows_of(s, x)])


def _mean_pooled(s: Sketch, x: View, found: Window) -> View:
    pads = _overhang(x, found)
    if not any(map(any, pads)) and all(d == 1 for d in found.dilation):
        return first(s, s.op("meanpool", last(s, x), size=found.size, stride=found.stride))
    fits = all(max(pad) < r for pad, r in zip(pads, found.reach, strict=True))
    shares = 1 / _counts(s, x, found, pads)
    if not fits:
        x, pads = padded(s, x, ((0, 0), (0, 0), *pads), 0.0), ((0, 0),) * len(pads)
    channels = x.dims[1]
    ones = s.weight(np.ones((channels, *found.size, 1), np.float32))
    node = s.op(
        "conv", last(s, x), ones, s.weight(np.zeros(channels)),
        stride=found.stride, pad=pads, dilation=found.dilation, groups=channels,
    )  # fmt: skip
    return s.affine(first(s, node), shares)


def _counts(s: Sketch, x: View, found: Window, pads: Sequence[tuple[int, int]]) -> np.ndarray:
    """How many positions each window's mean runs over; those that only `ceil_mode` adds never count."""
    counted = bool(s.call.whole("count_include_pad", 0))
    counts = np.ones((), np.int64)
    spatial = zip(x.dims[2:], found.size, found.stride, found.dilation, found.pad, pads, strict=True)
    for n, k, t, d, (before, after), (_, reach) in spatial:
        inside = np.zeros(before + n + max(after, reach), np.int64)
        inside[0 if counted else before : before + n + (after if counted else 0)] = 1
        positions = range(0, before + n + max(after, reach) - d * (k - 1), t)
        along = np.array([sum(inside[p + d * j] for j in range(k)) for p in positions])
        counts = counts[..., None] * along
    s.call.demand(bool((counts > 0).all()), "a window lies in the padding alone")
    return counts[None, None]


def _global(op: str) -> Form:
    def form(s: Sketch) -> View:
        x = s.view(0)
        s.call.demand(len(x.dims) >= 3, f"an input {x.dims} has no spatial axes")
        axes = list(range(2, len(x.dims)))
        if op == "max":
            return c.maximum(s, x, axes)
        size = int(np.prod([x.dims[k] for k in axes]))
        return c.total(s, s.as_float(x), axes, 1 / size)

    return form


FORMS: Final[Mapping[str, Form]] = {
    "Conv": _conv,
    "MaxPool": _max_pool,
    "AveragePool": _mean_pool,
    "GlobalAveragePool": _global("mean"),
    "GlobalMaxPool": _global("max"),
}
