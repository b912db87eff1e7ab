"""Pictures of another size: transposed convolution as convolution between zeros, interpolation as matrices."""

from collections.abc import Callable, Mapping
from math import floor
from typing import Any, Final

import numpy as np

from datacc.ir.onnx.families import Form
from datacc.ir.onnx.families.padding import padded, taken
from datacc.ir.onnx.families.products import through
from datacc.ir.onnx.families.windows import Window, convolved, rows_of, together
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import View, permuted

MOST: Final = 1 << 13  # positions of one axis


def _conv_transpose(s: Sketch) -> View:
    x, weight, call = s.floats(0), s.known(1), s.call
    rank, groups = len(x.dims) - 2, call.whole("group", 1)
    call.demand(rank in (1, 2), f"it runs over {rank} axes", "one axis or two")
    fits = weight.ndim == rank + 2 and weight.shape[0] == x.dims[1] and groups >= 1 and x.dims[1] % groups == 0
    call.demand(fits, f"weights {weight.shape} do not fit an input {x.dims}")
    taps = weight.shape[2:]
    call.demand(call.wholes("kernel_shape", taps) == taps, "kernel_shape does not fit")
    ones, none = (1,) * rank, (0,) * rank
    stride, dilation = call.wholes("strides", ones), call.wholes("dilations", ones)
    extra = call.wholes("output_padding", none)
    small = all(
        len(t) == rank and all(low <= n <= 64 for n in t) for t, low in ((stride, 1), (dilation, 1), (extra, 0))
    )
    call.demand(small, "strides, dilations and output_padding are at most 64, one for each axis")
    reach = [d * (k - 1) + 1 for k, d in zip(taps, dilation, strict=True)]
    cut = _cut(s, x.dims[2:], reach, stride, extra)
    kernel = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)
    kernel = np.flip(kernel.reshape(-1, weight.shape[0] // groups, *taps), tuple(range(2, rank + 2)))
    x = _between_zeros(s, x, stride)
    ends = zip(reach, cut, extra, stride, strict=True)
    pads = [(r - 1 - before, r - 1 - after + more - (t - 1)) for r, (before, after), more, t in ends]
    x = padded(s, x, [(0, 0), (0, 0), *((min(a, 0), min(b, 0)) for a, b in pads)], 0.0)
    window = Window(size=taps, stride=ones, dilation=dilation, pad=tuple((max(a, 0), max(b, 0)) for a, b in pads))
    bias = s.known(2).reshape(-1) if s.has(2) else np.zeros(len(kernel))
    names = s.weight(np.moveaxis(kernel, 1, -1)), s.weight(bias)
    return together(s, [convolved(s, row, window, *names, groups) for row in rows_of(s, x)])


def _cut(s: Sketch, sizes: Any, reach: Any, stride: Any, extra: Any) -> list[tuple[int, int]]:
    """What is cut off each axis of the full result: (before, after)."""
    auto, rank = s.call.text("auto_pad", "NOTSET"), len(sizes)
    full = [t * (n - 1) + more + r for n, r, t, more in zip(sizes, reach, stride, extra, strict=True)]
    wanted = s.call.wholes("output_shape", ())
    if auto.startswith("SAME"):
        wanted = wanted or tuple(n * t for n, t in zip(sizes, stride, strict=True))
    if wanted:
        wanted = wanted[-rank:]
        s.call.demand(len(wanted) == rank and all(1 <= n <= 1 << 20 for n in wanted), "output_shape does not fit")
        sums = [n - size for n, size in zip(full, wanted, strict=True)]  # below 0: zeros are added behind
        halves = [(n // 2, n - n // 2) if n > 0 else (0, n) for n in sums]
        return [(a, b) if auto == "SAME_UPPER" or n <= 0 else (b, a) for n, (a, b) in zip(sums, halves, strict=True)]
    flat = s.call.wholes("pads", (0,) * (2 * rank)) if auto == "NOTSET" else (0,) * (2 * rank)
    s.call.demand(len(flat) == 2 * rank and all(0 <= n <= 1 << 20 for n in flat), "pads do not fit")
    return list(zip(flat[:rank], flat[rank:], strict=True))


def _between_zeros(s: Sketch, x: View, stride: tuple[int, ...]) -> View:
    """x with stride − 1 zeros behind each of its positions."""
    if all(t == 1 for t in stride):
        return x
    lead, spatial = x.dims[:2], x.dims[2:]
    split = s.regroup(x, (*lead, *(n for size in spatial for n in (size, 1))))
    zeros = padded(s, split, [(0, 0), (0, 0), *(pad for t in stride for pad in ((0, 0), (0, t - 1)))], 0.0)
    return s.regroup(zeros, (*lead, *(n * t for n, t in zip(spatial, stride, strict=True))))


def _resize(s: Sketch) -> View:
    x, call = s.floats(0), s.call
    mode = call.text("mode", "nearest")
    call.demand(mode in ("nearest", "linear"), f"its mode is {mode[:40]!r}", "nearest or linear")
    call.demand(not call.whole("antialias", 0), "it smooths before it shrinks", "antialias=0")
    stretch = call.text("keep_aspect_ratio_policy", "stretch") == "stretch"
    call.demand(stretch, "it keeps the aspect ratio", "sizes that say the result")
    for axis, (scale, size) in _scales(s, x).items():
        if (scale, size) != (1.0, x.dims[axis]):
            x = _along(s, x, axis, scale, size, mode)
    return x


def _scales(s: Sketch, x: View) -> dict[int, tuple[float, int]]:
    """For each axis that is resized: by how much, and to what size."""
    call, rank = s.call, len(x.dims)
    axes = [k % rank for k in call.wholes("axes", tuple(range(rank)))]
    sizes: tuple[int, ...] | None = None
    if s.opset < 9 and "scales" in call.attrs:
        numbers: Any = np.array(call.attrs["scales"], np.float64)
    else:
        at = 1 if call.op == "Upsample" or s.opset < 11 else 2
        sizes = s.numbers(3) if s.has(3) and s.arg(3).dims != (0,) else None
        numbers = None if sizes else s.known(at).astype(np.float64).reshape(-1)
    call.demand(len(axes) == len(sizes if sizes else numbers if numbers is not None else ()), "scales do not fit")
    found = {}
    for k, axis in enumerate(axes):
        n = x.dims[axis]
        scale = sizes[k] / n if sizes else float(numbers[k]) if numbers is not None else 1.0
        call.demand(0 < scale <= MOST and bool(np.isfinite(scale)), "its scales are not above zero")
        size = sizes[k] if sizes else floor(n * scale)
        call.demand(1 <= size <= MOST, f"it makes an axis of {size:,}")
        found[axis] = (scale, size)
    return found


def _along(s: Sketch, x: View, axis: int, scale: float, size: int, mode: str) -> View:
    n = x.dims[axis]
    at = _positions(s, n, size, scale)
    if mode == "linear":
        at = at.clip(0, n - 1)
        low = np.floor(at).astype(int).clip(0, max(0, n - 2))
        matrix = np.zeros((n, size), np.float32)
        np.add.at(matrix, (low, np.arange(size)), 1 - (at - low))
        np.add.at(matrix, ((low + 1).clip(0, n - 1), np.arange(size)), at - low)
        order = [k for k in range(len(x.dims)) if k != axis] + [axis]
        back = [order.index(k) for k in range(len(order))]
        return permuted(through(s, permuted(x, order), matrix), back)
    index = _rounded(s, at).clip(0, n - 1)
    if size % n == 0 and (index == np.repeat(np.arange(n), size // n)).all():
        split = s.regroup(x, (*x.dims[: axis + 1], 1, *x.dims[axis + 1 :]))
        wide = s.expand(split, (*x.dims[: axis + 1], size // n, *x.dims[axis + 1 :]))
        return s.regroup(wide, (*x.dims[:axis], size, *x.dims[axis + 1 :]))
    return taken(s, x, axis, [int(k) for k in index])


def _positions(s: Sketch, n: int, size: int, scale: float) -> Any:
    """Where in the old axis each new position lies."""
    new = np.arange(size, dtype=np.float64)
    default = "asymmetric" if s.opset < 11 or s.call.op == "Upsample" else "half_pixel"
    mode = s.call.text("coordinate_transformation_mode", default)
    if mode == "asymmetric":
        return new / scale
    if mode == "align_corners":
        whole = abs(n * scale - size) < 1e-6
        s.call.demand(whole, "its corners cannot be aligned with a size that is no whole number", "sizes, not scales")
        return new * (n - 1) / (size - 1) if size > 1 else new * 0
    if mode == "pytorch_half_pixel" and size == 1:
        return new * 0
    known = mode in ("half_pixel", "pytorch_half_pixel")
    s.call.demand(known, f"its coordinates are {mode[:40]!r}", "half_pixel, asymmetric or align_corners")
    return (new + 0.5) / scale - 0.5


def _rounded(s: Sketch, at: Any) -> Any:
    default = "floor" if s.opset < 11 or s.call.op == "Upsample" else "round_prefer_floor"
    mode = s.call.text("nearest_mode", default)
    forms: dict[str, Callable[[Any], Any]] = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_floor": lambda x: np.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    }
    s.call.demand(mode in forms, f"there is no nearest_mode {mode[:40]!r}")
    return forms[mode](at).astype(int)


FORMS: Final[Mapping[str, Form]] = {"ConvTranspose": _conv_transpose, "Resize": _resize, "Upsample": _resize}
