"""The second closed table: six kernels that gradients need beside the ops. They never reach a built program.

Values have a leading batch axis B, *whole* values none: weights, what the summing kernels give, and what follows from
whole values alone. A dense layer is a convolution whose `stride`, `pad` and `dilation` are ().
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.ir import shapes
from datacc.ir.graph import Graph, Type, float32
from datacc.ir.ops import OPS

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Adjoint:
    """One kernel: shape rule and meaning in NumPy, as those of an op; the names of its attributes.

    `is_summing`: its result is whole, a sum over the batch.
    """

    shape: Callable[..., Type]
    meaning: Callable[..., Any]
    attrs: tuple[str, ...]
    is_summing: bool = False


def conv_input(dy: Array, weight: Array, *, stride: Any, pad: Any, dilation: Any, groups: int, shape: Any) -> Array:
    """What a convolution's gradient (B, *spatial′, O) says of its input (B, *shape): the transposed convolution."""
    if not stride:
        return (dy @ weight.reshape(len(weight), -1)).reshape(len(dy), *shape)
    room = [size + before + after for size, (before, after) in zip(shape, pad, strict=False)]
    padded = np.zeros((len(dy), *room, shape[-1]), dy.dtype)
    for tap in np.ndindex(*weight.shape[1:-1]):
        matrix = weight[(slice(None), *tap)]  # O, I / groups
        parts = zip(np.split(dy, groups, axis=-1), np.split(matrix, groups), strict=True)
        padded[_at(tap, stride, dilation, dy.shape)] += np.concatenate([part @ m for part, m in parts], axis=-1)
    inside = tuple(slice(before, before + size) for size, (before, _) in zip(shape, pad, strict=False))
    return padded[(slice(None), *inside)]


def conv_weight(x: Array, dy: Array, *, stride: Any, pad: Any, dilation: Any, groups: int, shape: Any) -> Array:
    """What a convolution's gradient says of its weights `shape` = (O, *K, I / groups), over the whole batch."""
    if not stride:
        return (dy.T @ x.reshape(len(x), -1)).reshape(shape)
    padded = np.pad(x, ((0, 0), *pad, (0, 0)))
    found = np.zeros(shape, dy.dtype)
    for tap in np.ndindex(*shape[1:-1]):
        seen = padded[_at(tap, stride, dilation, dy.shape)]
        parts = zip(np.split(dy, groups, axis=-1), np.split(seen, groups, axis=-1), strict=True)
        each = [d.reshape(-1, d.shape[-1]).T @ s.reshape(-1, s.shape[-1]) for d, s in parts]
        found[(slice(None), *tap)] = np.concatenate(each)
    return found


def _at(tap: tuple[int, ...], stride: Any, dilation: Any, out: tuple[int, ...]) -> tuple[slice, ...]:
    """The padded inputs that one tap of the window meets, over all outputs (B, *spatial′, O)."""
    first = [d * t for d, t in zip(dilation, tap, strict=True)]
    ends = [f + s * (n - 1) + 1 for f, s, n in zip(first, stride, out[1:-1], strict=True)]
    return (slice(None), *(slice(f, e, s) for f, e, s in zip(first, ends, stride, strict=True)))


def gate(dy: Array, x: Array, *, low: float, high: float) -> Array:
    """dy where low < x < high, else 0, whatever dy is."""
    return np.where((x > low) & (x < high), dy, np.zeros((), dy.dtype))


def pool_scatter(dy: Array, x: Array, *, size: Any, stride: Any) -> Array:
    """dy of each window to the first largest element of its window of x; overlapping windows add up."""
    rank = len(size)
    windows = sliding_window_view(x, tuple(size), axis=tuple(range(1, 1 + rank)))
    windows = windows[(slice(None), *(slice(None, None, s) for s in stride))]
    first = windows.reshape(*windows.shape[:-rank], -1).argmax(axis=-1)
    found = np.zeros_like(x, dtype=dy.dtype)
    index = list(np.indices(first.shape, sparse=True))
    for axis, tap in enumerate(np.unravel_index(first, tuple(size))):
        index[1 + axis] = index[1 + axis] * stride[axis] + tap
    np.add.at(found, tuple(index), dy)
    return found


def sum_(x: Array, *, keep: int) -> Array:
    """The sum over the batch and all axes but the last `keep`; of all when that is 0, as (1,)."""
    total: Array = x.sum(axis=tuple(range(x.ndim - keep)), dtype=x.dtype)
    return total if keep else total.reshape(1)


def sum_by(dy: Array, rows: Array, *, size: int) -> Array:
    """The rows of dy (B, N, F) that came from one row of a table added up, for all `size` rows: gather's gradient."""
    found = np.zeros((size, dy.shape[-1]), dy.dtype)
    np.add.at(found, rows.clip(0, size - 1), dy)
    return found


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what)


def _of_conv(x: Type, weight: Type, attrs: Mapping[str, Any]) -> Type:
    """The type of the convolution, or dense layer, that the attributes are those of."""
    bias = float32(weight.shape[0])
    return shapes.conv(x, weight, bias, **attrs) if attrs["stride"] else shapes.dense(x, weight, bias)


def _conv_input(dy: Type, weight: Type, *, shape: tuple[int, ...], **attrs: Any) -> Type:
    x = float32(*shape)
    _demand(_of_conv(x, weight, attrs) == dy, f"{dy.shape} is not the gradient of such a product of {shape}")
    return x


def _conv_weight(x: Type, dy: Type, *, shape: tuple[int, ...], **attrs: Any) -> Type:
    weight = float32(*shape)
    _demand(_of_conv(x, weight, attrs) == dy, f"{dy.shape} is not the gradient of such a product of {x.shape}")
    return weight


def _gate(dy: Type, x: Type, *, low: float, high: float) -> Type:
    _demand(dy == x and x.dtype == "float32", f"a gradient {dy.shape} of {x.shape}")
    _demand(type(low) is float and type(high) is float and not math.isnan(low + high if low != -high else 0), "limits")
    return dy


def _pool_scatter(dy: Type, x: Type, *, size: tuple[int, ...], stride: tuple[int, ...]) -> Type:
    _demand(shapes.maxpool(x, size=size, stride=stride) == dy, f"{dy.shape} is not the gradient of such a pool")
    return x


def _sum(x: Type, *, keep: int) -> Type:
    _demand(type(keep) is int and 0 <= keep <= len(x.shape), f"{x.shape} has no {keep} last axes")
    return float32(*x.shape[len(x.shape) - keep :]) if keep else float32(1)


def _sum_by(dy: Type, rows: Type, *, size: int) -> Type:
    _demand(len(dy.shape) == 2 and rows.shape == dy.shape[:1], f"{dy.shape} are not rows by {rows.shape}")
    return float32(size, dy.shape[1])


_CONV: Final = ("dilation", "groups", "pad", "shape", "stride")

ADJOINTS: Final[Mapping[str, Adjoint]] = MappingProxyType(
    {
        "conv_input": Adjoint(shape=_conv_input, meaning=conv_input, attrs=_CONV),
        "conv_weight": Adjoint(shape=_conv_weight, meaning=conv_weight, attrs=_CONV, is_summing=True),
        "gate": Adjoint(shape=_gate, meaning=gate, attrs=("high", "low")),
        "pool_scatter": Adjoint(shape=_pool_scatter, meaning=pool_scatter, attrs=("size", "stride")),
        "sum": Adjoint(shape=_sum, meaning=sum_, attrs=("keep",), is_summing=True),
        "sum_by": Adjoint(shape=_sum_by, meaning=sum_by, attrs=("size",), is_summing=True),
    }
)

# How the reference interpreter computes a Graph that holds both.
FORMS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {name: op.meaning for name, op in (*OPS.items(), *ADJOINTS.items())}
)


def wholes(graph: Graph) -> frozenset[str]:
    """The names of all whole values: those without a batch axis."""
    found: set[str] = set()
    for node in graph.nodes:
        follows = bool(node.inputs) and found.issuperset(node.inputs)
        if node.op == "weight" or follows or (node.op in ADJOINTS and ADJOINTS[node.op].is_summing):
            found.add(node.name)
    return frozenset(found)
