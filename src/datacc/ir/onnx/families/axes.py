"""Calls that only say how the same elements are counted: they change the view, and seldom compute anything."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Final

import numpy as np

from datacc.ir.onnx.families import Form
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import Known, Tensor, permuted


def _regrouped(s: Sketch, x: Tensor, dims: Sequence[int]) -> Tensor:
    s.call.demand(prod(dims) == prod(x.dims), f"{x.dims} has not as many elements as {tuple(dims)}")
    if isinstance(x, Known):
        return Known(array=x.array.reshape(tuple(dims)))
    return s.regroup(x, dims)


def _reshape(s: Sketch) -> Tensor:
    x = s.arg(0)
    asked = list(s.numbers(1)) if s.opset >= 5 else list(s.call.wholes("shape", ()))
    s.call.demand(all(-1 <= n <= 1 << 40 for n in asked) and asked.count(-1) <= 1, f"{asked[:8]} is no shape")
    if not s.call.whole("allowzero", 0):
        s.call.demand(
            all(n or k < len(x.dims) for k, n in enumerate(asked)), f"{asked[:8]} copies an axis there is not"
        )
        asked = [n or x.dims[k] for k, n in enumerate(asked)]
    if -1 in asked:
        rest = prod(n for n in asked if n != -1)
        s.call.demand(rest > 0 and prod(x.dims) % rest == 0, f"{x.dims} does not divide into {asked[:8]}")
        asked[asked.index(-1)] = prod(x.dims) // rest
    return _regrouped(s, x, asked)


def _flatten(s: Sketch) -> Tensor:
    x = s.arg(0)
    axis = s.call.whole("axis", 1)
    s.call.demand(-len(x.dims) <= axis <= len(x.dims), f"there is no axis {axis}")
    axis = axis + len(x.dims) if axis < 0 else axis
    return _regrouped(s, x, (prod(x.dims[:axis]), prod(x.dims[axis:])))


def _axes(s: Sketch, rank: int, since: int = 13) -> list[int] | None:
    if s.opset >= since:
        given = s.numbers(1) if s.has(1) else None
    else:
        given = s.call.wholes("axes", ()) if "axes" in s.call.attrs else None
    if given is None:
        return None
    s.call.demand(all(-rank <= k < rank for k in given), f"axes {given} are not those of {rank}")
    axes = [k % rank for k in given]
    s.call.demand(len(set(axes)) == len(axes), f"axes {given} repeat themselves")
    return axes


def _squeeze(s: Sketch) -> Tensor:
    x = s.arg(0)
    axes = _axes(s, len(x.dims))
    axes = [k for k, n in enumerate(x.dims) if n == 1] if axes is None else axes
    s.call.demand(all(x.dims[k] == 1 for k in axes), f"axes {axes} of {x.dims} are not of size 1")
    return _regrouped(s, x, [n for k, n in enumerate(x.dims) if k not in axes])


def _unsqueeze(s: Sketch) -> Tensor:
    x = s.arg(0)
    count = len(s.numbers(1)) if s.opset >= 13 else len(s.call.wholes("axes", ()))
    axes = _axes(s, len(x.dims) + count) or []
    waiting = iter(x.dims)
    return _regrouped(s, x, [1 if k in axes else next(waiting) for k in range(len(x.dims) + count)])


def _transpose(s: Sketch) -> Tensor:
    x = s.arg(0)
    order = s.call.wholes("perm", tuple(reversed(range(len(x.dims)))))
    s.call.demand(sorted(order) == list(range(len(x.dims))), f"{order} does not order the axes of {x.dims}")
    return Known(array=x.array.transpose(order)) if isinstance(x, Known) else permuted(x, order)


def _same(s: Sketch) -> Tensor:
    return s.arg(0)


def _dropout(s: Sketch) -> tuple[Tensor, ...]:
    """Inference: nothing is dropped, and the mask is all true."""
    x = s.arg(0)
    if s.has(2):
        s.call.demand(not s.known(2).any(), "it is in training mode", "export with training_mode false")
    mask = Known(array=np.ones(x.dims, np.bool_)) if prod(x.dims) <= 1 << 24 else x
    return (x, mask)


def _depth_to_space(s: Sketch) -> Tensor:
    x, b = s.view(0), s.call.whole("blocksize", 1)
    s.call.demand(len(x.dims) == 4 and b >= 1 and x.dims[1] % (b * b) == 0, f"{x.dims} has no blocks of {b}")
    n, channels, h, w = x.dims
    if s.call.text("mode", "DCR") == "DCR":
        split = s.regroup(x, (n, b, b, channels // (b * b), h, w))
        moved = permuted(split, (0, 3, 4, 1, 5, 2))
    else:
        split = s.regroup(x, (n, channels // (b * b), b, b, h, w))
        moved = permuted(split, (0, 1, 4, 2, 5, 3))
    return s.regroup(moved, (n, channels // (b * b), h * b, w * b))


def _space_to_depth(s: Sketch) -> Tensor:
    x, b = s.view(0), s.call.whole("blocksize", 1)
    fits = len(x.dims) == 4 and b >= 1 and x.dims[2] % b == 0 and x.dims[3] % b == 0
    s.call.demand(fits, f"{x.dims} has no blocks of {b}")
    n, channels, h, w = x.dims
    split = s.regroup(x, (n, channels, h // b, b, w // b, b))
    moved = (0, 3, 5, 1, 2, 4) if s.call.text("mode", "DCR") == "DCR" else (0, 1, 3, 5, 2, 4)
    return s.regroup(permuted(split, moved), (n, channels * b * b, h // b, w // b))


def _shape(s: Sketch) -> Tensor:
    dims = s.arg(0).dims
    first, last = s.call.whole("start", 0), s.call.whole("end", len(dims))
    return Known(array=np.array(dims[slice(first, last)], np.int64))


def _size(s: Sketch) -> Tensor:
    return Known(array=np.array(prod(s.arg(0).dims), np.int64))


def _expand(s: Sketch) -> Tensor:
    x = s.arg(0)
    asked = s.numbers(1)
    s.call.demand(all(n >= 1 for n in asked) and prod(asked) <= 1 << 26, f"{asked[:8]} is no shape")
    rank = max(len(asked), len(x.dims))
    wide = (1,) * (rank - len(asked)) + tuple(asked)
    mine = (1,) * (rank - len(x.dims)) + x.dims
    fits = all(1 in pair or pair[0] == pair[1] for pair in zip(wide, mine, strict=True))
    dims = tuple(max(pair) for pair in zip(wide, mine, strict=True))
    s.call.demand(fits and prod(dims) <= 1 << 26, f"{x.dims} does not spread over {asked[:8]}")
    return Known(array=np.broadcast_to(x.array, dims)) if isinstance(x, Known) else s.expand(x, dims)


def _tile(s: Sketch) -> Tensor:
    x, counts = s.view(0), s.numbers(1)
    fits = len(counts) == len(x.dims) and all(n >= 1 for n in counts) and prod(counts) * prod(x.dims) <= 1 << 26
    s.call.demand(fits, f"{counts[:8]} does not say how often to repeat {x.dims}")
    inner = replace(x, axes=tuple(group for one in x.axes for group in ((), one)))
    wide = s.expand(inner, tuple(n for pair in zip(counts, x.dims, strict=True) for n in pair))
    return s.regroup(wide, tuple(a * b for a, b in zip(counts, x.dims, strict=True)))


FORMS: Final[Mapping[str, Form]] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Identity": _same,
    "Dropout": _dropout,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "Shape": _shape,
    "Size": _size,
    "Expand": _expand,
    "Tile": _tile,
}
