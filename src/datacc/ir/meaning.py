"""The meaning of each op in NumPy: the reference that compiled programs are compared with.

Activations carry a leading batch axis B; weights do not. All arithmetic is float32.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]  # the reductions of NumPy are untyped, hence the annotated results below


def cast(x: Array) -> Array:
    """Exact: every uint8, int8 and int16 is a float32."""
    return x.astype(np.float32)


def affine(x: Array, scale: Array, offset: Array) -> Array:
    """x · scale + offset."""
    return x * scale + offset


def dense(x: Array, weight: Array, bias: Array) -> Array:
    """One matrix product over all input axes."""
    return x.reshape(len(x), -1) @ weight.reshape(len(weight), -1).T + bias


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
        parts.append(part.reshape(-1, matrix.shape[1]) @ matrix.T)
    flat = parts[0] if groups == 1 else np.concatenate(parts, axis=1)
    return flat.reshape(*windows.shape[: 1 + rank], len(weight)) + bias


def normalise(x: Array, gain: Array, shift: Array, mean: Array, variance: Array, *, epsilon: float) -> Array:
    """(x − mean) / √(variance + ε) · gain + shift."""
    scale = gain / np.sqrt(variance + np.float32(epsilon))
    return (x - mean) * scale + shift


def relu(x: Array) -> Array:
    """The threshold: max(x, 0)."""
    return np.maximum(x, np.float32(0))


def add(a: Array, b: Array) -> Array:
    """a + b."""
    return a + b


def _pool_windows(x: Array, size: Any, stride: Any) -> Array:
    axes = tuple(range(1, 1 + len(size)))
    windows = sliding_window_view(x, tuple(size), axis=axes)
    return windows[(slice(None), *(slice(None, None, s) for s in stride))]


def maxpool(x: Array, *, size: Any, stride: Any) -> Array:
    """The largest value of each window."""
    largest: Array = _pool_windows(x, size, stride).max(axis=tuple(range(-len(size), 0)))
    return largest


def meanpool(x: Array, *, size: Any, stride: Any) -> Array:
    """The mean of each window."""
    mean: Array = _pool_windows(x, size, stride).mean(axis=tuple(range(-len(size), 0)), dtype=np.float32)
    return mean


def softmax(x: Array) -> Array:
    """Exponentials that sum to one, over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    scores: Array = e / e.sum(axis=-1, keepdims=True)
    return scores


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
