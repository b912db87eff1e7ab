"""Numbers on a grid: to integers and back, exactly as ONNX says, roundings included."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.model import Array
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import Known, View

GRIDS: Final = ("uint8", "int8", "int16")


def _spread(s: Sketch, x: View, array: Array) -> Array:
    """A scale or zero point, one or one for each position of `axis`, with x's axes."""
    s.call.demand(not s.call.whole("block_size", 0), "it is quantised by blocks", "one scale, or one for each channel")
    if array.size == 1:
        return array.reshape(())
    axis = s.call.whole("axis", 1)
    s.call.demand(-len(x.dims) <= axis < len(x.dims), f"there is no axis {axis}")
    s.call.demand(array.shape == (x.dims[axis],), "its scale is neither one number nor one for each channel")
    shape = [1] * len(x.dims)
    shape[axis % len(x.dims)] = -1
    return array.reshape(shape)


def _zero_point(s: Sketch, x: View) -> tuple[Array, str]:
    """The zero point and the type that it gives the grid."""
    if s.has(2):
        array = s.known(2)
        return _spread(s, x, array), str(array.dtype)
    return np.zeros((), np.int32), "uint8"


def _quantise(s: Sketch) -> View:
    """The nearest of x / scale, ties to even, plus the zero point, limited to the type."""
    x, scale = s.floats(0), s.known(1)
    s.call.demand(scale.dtype == np.float32, f"its scale is {scale.dtype}", "a float32 scale")
    zero, to = _zero_point(s, x)
    s.call.demand(to in GRIDS, f"it quantises to {to}", *GRIDS)
    grid = c.nearest(s, c.pair(s, "divide", x, s.valued(Known(array=_spread(s, x, scale)))))
    limits = np.iinfo(to)
    moved = s.affine(grid, 1.0, zero.astype(np.float32)) if zero.any() else grid
    held = s.each("clip", moved, low=float(limits.min), high=float(limits.max))
    return s.stored(View(node=held.node, dtype=to, shape=held.shape, axes=held.axes))


def _dequantise(s: Sketch) -> View:
    """(x − zero point) · scale."""
    x, scale = s.view(0), s.known(1)
    s.call.demand(x.dtype in GRIDS, f"it is on {x.dtype}", *GRIDS)
    zero, _ = _zero_point(s, x)
    moved = s.affine(x, 1.0, -zero.astype(np.float32)) if zero.any() else s.as_float(x)
    found = s.affine(moved, _spread(s, x, scale).astype(np.float32))
    return View(node=found.node, dtype="float32", shape=found.shape, axes=found.axes)


FORMS: Final[Mapping[str, Form]] = {"QuantizeLinear": _quantise, "DequantizeLinear": _dequantise}
