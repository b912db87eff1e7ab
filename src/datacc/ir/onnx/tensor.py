"""What an ONNX name stands for while a model is read: a known array, or a view of a node of the Graph.

A view says, for each axis of the ONNX tensor, which axes of the node make it up, the slowest first; axes of size 1 are
in none. So what only renames axes (transposing, flattening, squeezing) costs nothing: the reader of a view asks for
the order that it wants, and weights are put into the order that is there.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from datacc.frozen import frozen
from datacc.ir.onnx.model import Array

Groups = tuple[tuple[int, ...], ...]


@frozen(eq=False)
class Known:
    """A value that is the same for every input."""

    array: Array

    @property
    def dims(self) -> tuple[int, ...]:
        """The ONNX shape."""
        return self.array.shape


@frozen
class View:
    """A node of the Graph, as ONNX sees it.

    `dtype` is ONNX's element type; a node says int64 as int32 and bool as uint8. `shape` is the node's.
    """

    node: str
    dtype: str
    shape: tuple[int, ...]
    axes: Groups

    @property
    def dims(self) -> tuple[int, ...]:
        """The ONNX shape."""
        return tuple(math.prod(self.shape[axis] for axis in group) for group in self.axes)

    @property
    def order(self) -> tuple[int, ...]:
        """The node's axes in the order in which ONNX counts the elements."""
        return tuple(axis for group in self.axes for axis in group)

    def in_stand(self, order: Sequence[int]) -> bool:
        """Whether the node's elements stand as the ONNX axes in this order count them."""
        flat = [axis for k in order for axis in self.axes[k]]
        return flat == sorted(flat)


Tensor = Known | View


def plain(node: str, dtype: str, shape: Sequence[int]) -> View:
    """The view of a node whose shape is the ONNX shape."""
    return View(node=node, dtype=dtype, shape=tuple(shape), axes=groups_of(shape))


def groups_of(shape: Sequence[int]) -> Groups:
    """Each axis by itself; those of size 1 in no group."""
    return tuple((k,) if n > 1 else () for k, n in enumerate(shape))


def permuted(view: View, order: Sequence[int]) -> View:
    """ONNX axes in another order."""
    return replace(view, axes=tuple(view.axes[k] for k in order))


def regrouped(view: View, dims: Sequence[int]) -> View | None:
    """The same elements under other ONNX dims, where that cuts no axis of the node; otherwise None."""
    axes, groups = list(view.order), []
    for n in dims:
        group: list[int] = []
        size = 1
        while size < n and axes:
            size *= view.shape[axes[0]]
            group.append(axes.pop(0))
        if size != n:
            return None
        groups.append(tuple(group))
    return None if axes else replace(view, axes=tuple(groups))


def refined(view: View, dims: Sequence[int]) -> tuple[tuple[int, ...], Groups] | None:
    """How the node's axes must be cut so that `regrouped` works: the node's new shape, and the new view's axes.

    None where no cut does, since an axis of one side straddles two of the other.
    """
    steps = _common([view.shape[axis] for axis in view.order], dims)
    if steps is None:
        return None
    parts: dict[int, list[int]] = {axis: [] for axis in range(len(view.shape))}
    waiting, found = iter(steps), list[tuple[int, int]]()
    for axis in view.order:
        left = view.shape[axis]
        while left > 1:
            n = next(waiting)
            found.append((axis, len(parts[axis])))
            parts[axis].append(n)
            left //= n
    first, shape = dict[int, int](), list[int]()
    for axis, cut in parts.items():
        first[axis] = len(shape)
        shape += cut
    flat = [first[axis] + k for axis, k in found]
    return (tuple(shape) or (1,)), _gathered(flat, shape, dims)


def _gathered(flat: Sequence[int], shape: Sequence[int], dims: Sequence[int]) -> Groups:
    groups, waiting = [], list(flat)
    for n in dims:
        group: list[int] = []
        while n > 1:
            group.append(waiting.pop(0))
            n //= shape[group[-1]]
        groups.append(tuple(group))
    return tuple(groups)


def _common(left: Sequence[int], right: Sequence[int]) -> list[int] | None:
    """Sizes from which both shapes can be put together, in order; None when there are none."""
    marks = sorted({math.prod(left[:k]) for k in range(len(left) + 1)} | set(_marks(right)))
    steps = []
    for low, high in pairwise(marks):
        if high % low:
            return None
        steps.append(high // low)
    return steps


def _marks(dims: Sequence[int]) -> Iterable[int]:
    return (math.prod(dims[:k]) for k in range(len(dims) + 1))


def laid(view: View, array: Array) -> Array:
    """A known array, whose dims are those of the view or 1, with the node's axes; of size 1 where nothing varies."""
    array = array.reshape((1,) * (len(view.axes) - array.ndim) + array.shape)
    sizes: list[int] = []
    for group, n in zip(view.axes, array.shape, strict=True):
        sizes += [view.shape[axis] if n > 1 else 1 for axis in group]
    pieces = array.reshape(sizes)
    order = view.order
    pieces = pieces.transpose([order.index(axis) for axis in sorted(order)])
    shape = [1] * len(view.shape)
    for axis, n in zip(sorted(order), pieces.shape, strict=True):
        shape[axis] = n
    return pieces.reshape(shape)


def broadcast(*dims: tuple[int, ...]) -> tuple[int, ...] | None:
    """The dims that all spread to; None when they do not fit."""
    try:
        return tuple(int(n) for n in np.broadcast_shapes(*dims))
    except ValueError:
        return None
