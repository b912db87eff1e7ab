"""The meaning of each op in NumPy: the reference that compiled programs are compared with.

Activations carry a leading batch axis B; weights do not. All arithmetic is float32, or exact integers.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]  # the reductions of NumPy are untyped, hence the annotated results below

_ieee = np.errstate(all="ignore")  # overflow and what is no number are results like any other


def cast(x: Array, *, to: str) -> Array:
    """The nearest number of type `to`: ties to even, saturating; what is no number becomes 0 among integers."""
    if to == "float32":
        return x.astype(np.float32)
    limits = np.iinfo(to)
    nearest = np.rint(x.astype(np.float64)).clip(limits.min, limits.max)
    return np.where(np.isnan(nearest), 0, nearest).astype(to)


@_ieee
def affine(x: Array, scale: Array, offset: Array) -> Array:
    """x · scale + offset."""
    found: Array = x * _laid(scale, x)
    found += _laid(offset, x)
    return found


def dense(x: Array, weight: Array, bias: Array) -> Array:
    """One matrix product over all input axes."""
    return _products(x.reshape(len(x), -1), weight.reshape(len(weight), -1)) + bias


def _products(rows: Array, matrix: Array) -> Array:
    """rows (N, K) times matrix (O, K) → (N, O); integers by way of floats that hold every partial sum exactly."""
    if rows.dtype == np.float32:
        is_total = len(matrix) == 1 and bool((matrix == np.float32(1)).all())  # added in order, as every program does
        found: Array = np.add.accumulate(rows, axis=1)[:, -1:] if is_total else rows @ matrix.T
        return found
    exact = np.float32 if matrix.shape[1] * 2**15 < 2**24 else np.float64
    sums: Array = (rows.astype(exact) @ matrix.T.astype(exact)).astype(np.int32)
    return sums


def conv(x: Array, weight: Array, bias: Array, *, stride: Any, pad: Any, dilation: Any, groups: int) -> Array:
    """Cross-correlation with zero padding, as in ONNX Conv and torch."""
    rank = x.ndim - 2
    axes = tuple(range(1, 1 + rank))
    padded = np.pad(x, ((0, 0), *pad, (0, 0)))
    reach = tuple(d * (k - 1) + 1 for k, d in zip(weight.shape[1:-1], dilation, strict=True))
    windows = sliding_window_view(padded, reach, axis=axes)  # B, *spatial, C, *reach
    every = (slice(None), *(slice(None, None, s) for s in stride), slice(None))
    windows = windows[(*every, *(slice(None, None, d) for d in dilation))]
    windows = np.moveaxis(windows, 1 + rank, -1)  # B, *spatial, *K, C
    per_in, per_out = x.shape[-1] // groups, len(weight) // groups
    parts = []
    for g in range(groups):
        part = windows[..., g * per_in : (g + 1) * per_in]
        matrix = weight[g * per_out : (g + 1) * per_out].reshape(per_out, -1)
        parts.append(_products(_rows(part, matrix.shape[1]), matrix))
    flat = parts[0] if groups == 1 else np.concatenate(parts, axis=1)
    sums: Array = flat.reshape(*windows.shape[: 1 + rank], len(weight))
    sums += _laid(bias, sums)
    return sums


def _rows(windows: Array, width: int) -> Array:
    """Windows (B, *spatial, *K, C) one a row (N, width); of a single channel one place of all after the other."""
    if windows.shape[-1] > 1:
        return windows.reshape(-1, width)
    rows = np.empty(windows.shape, windows.dtype)
    kernel = windows.shape[windows.ndim // 2 : -1]
    for place in np.ndindex(*kernel):
        rows[(..., *place, 0)] = windows[(..., *place, 0)]
    return rows.reshape(-1, width)


def _laid(per_channel: Array, x: Array) -> Array:
    """What each channel of x (B, *shape, C) has, laid out over an example: NumPy is slow at many short rows."""
    return np.broadcast_to(per_channel, x.shape[1:]).copy() if x.ndim > 2 and per_channel.ndim == 1 else per_channel


def normalise(x: Array, gain: Array, shift: Array, mean: Array, variance: Array, *, epsilon: float) -> Array:
    """(x − mean) / √(variance + ε) · gain + shift."""
    scale = gain / np.sqrt(variance + np.float32(epsilon))
    found: Array = x - _laid(mean, x)
    found *= _laid(scale, x)
    found += _laid(shift, x)
    return found


def relu(x: Array) -> Array:
    """The threshold: max(x, 0)."""
    return np.maximum(x, np.float32(0))


def clip(x: Array, *, low: float, high: float) -> Array:
    """The nearest number between two limits."""
    return np.clip(x, np.float32(low), np.float32(high))


@_ieee
def add(a: Array, b: Array) -> Array:
    """a + b; sums of int32 wrap around."""
    return a + b


@_ieee
def multiply(a: Array, b: Array) -> Array:
    """a · b."""
    return a * b


@_ieee
def divide(a: Array, b: Array) -> Array:
    """a / b by IEEE: x / 0 is ±∞, 0 / 0 is no number."""
    return a / b


@_ieee
def exp(x: Array) -> Array:
    """e to the x, in the very operations of the C kernel (`emit/functions.py`): the same bits."""
    f = np.float32
    within = np.where(x < f(-104), f(-104), np.where(x > f(89), f(89), x)).astype(f)
    shifted = within * f(1.44269504) + f(12582912)  # 1.5 · 2^23: nothing behind the point stays
    n = shifted - f(12582912)
    r = within - n * f(0.693359375) + n * f(2.12194440e-4)
    p = np.full_like(r, f(1.9875691500e-4))
    for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = p * r + f(c)
    power = shifted.view(np.uint32) - np.uint32(0x4B400000 - 254)  # n + 254, in two steps: 2^n may overflow
    half = power >> np.uint32(1)
    scales = [(part << np.uint32(23)).view(f) for part in (half, power - half)]
    power_of_e: Array = (p * r * r + r + f(1)) * scales[0] * scales[1]
    return power_of_e


@_ieee
def log(x: Array) -> Array:
    """The natural logarithm: −∞ of 0, no number of what is below."""
    return np.log(x)


@_ieee
def sqrt(x: Array) -> Array:
    """The square root by IEEE: −0 of −0, no number of what is below."""
    return np.sqrt(x)


@_ieee
def sin(x: Array) -> Array:
    """The sine of x in radians; no number of ±∞."""
    return np.sin(x)


def pool_windows(x: Array, size: Any, stride: Any) -> Array:
    """The windows of x (B, *spatial, C): one per result, its elements on the last axes."""
    axes = tuple(range(1, 1 + len(size)))
    windows = sliding_window_view(x, tuple(size), axis=axes)
    return windows[(slice(None), *(slice(None, None, s) for s in stride))]


def maxpool(x: Array, *, size: Any, stride: Any) -> Array:
    """The largest value of each window; one place of all windows after the other, since long rows are quick."""
    windows = pool_windows(x, size, stride)
    places: list[Any] = [(..., *tap) for tap in np.ndindex(*size)]
    largest: Array = windows[places[0]].copy()
    for place in places[1:]:
        np.maximum(largest, windows[place], out=largest)
    return largest


def meanpool(x: Array, *, size: Any, stride: Any) -> Array:
    """The mean of each window."""
    mean: Array = pool_windows(x, size, stride).mean(axis=tuple(range(-len(size), 0)), dtype=np.float32)
    return mean


def rescale(x: Array, multiplier: Array, *, shift: int, to: str) -> Array:
    """x / 2^shift, limited to 16 bits, times multiplier / 2^15, limited to `to`; both times the nearest, halves up."""
    wide = x.astype(np.int64)
    short = (wide + (1 << shift >> 1)) >> shift if shift >= 0 else wide << -shift
    short = short.clip(-(2**15), 2**15 - 1)
    limits = np.iinfo(to)
    return ((short * multiplier + 2**14) >> 15).clip(limits.min, limits.max).astype(to)


def argmax(x: Array) -> Array:
    """The position of the first largest element of the last axis."""
    first: Array = x.argmax(axis=-1, keepdims=True).astype(np.int32)
    return first


def maximum(x: Array) -> Array:
    """The largest element of the last axis."""
    largest: Array = x.max(axis=-1, keepdims=True)
    return largest


def concat(*xs: Array, axis: int) -> Array:
    """Side by side along one axis (counted without the batch)."""
    return np.concatenate(xs, axis=axis + 1)


def slice_(x: Array, *, axis: int, first: int, last: int, step: int) -> Array:
    """Positions `first`, `first` + `step` … `last` (included) of one axis."""
    return np.take(x, range(first, last + 1, step), axis=axis + 1)


def reshape(x: Array, *, shape: Any) -> Array:
    """The same elements in the same order."""
    return x.reshape(len(x), *shape)


def transpose(x: Array, *, axes: Any) -> Array:
    """Axis i of the result is axis `axes[i]` of x."""
    return x.transpose(0, *(axis + 1 for axis in axes))


def gather(x: Array, table: Array) -> Array:
    """Rows of the table; a number outside takes the nearest row."""
    rows: Array = table[x.clip(0, len(table) - 1)]
    return rows
