"""Many numbers to one: sums, means, extremes along axes, and the positions of the largest."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import View

MOST_FACTORS: Final = 256


def axes_of(s: Sketch, rank: int, since: int) -> list[int]:
    """The axes asked for, counted from 0: an attribute before opset `since`, then an argument; none means all."""
    given: tuple[int, ...] = ()
    if s.opset >= since:
        given = s.numbers(1) if s.has(1) else ()
        if not given and s.call.whole("noop_with_empty_axes", 0):
            return []
    elif "axes" in s.call.attrs:
        given = s.call.wholes("axes", ())
    s.call.demand(all(-rank <= k < rank for k in given), f"axes {given} are not those of {rank}")
    return sorted({k % rank for k in given}) if given else list(range(rank))


def dropped(s: Sketch, x: View, axes: list[int]) -> View:
    """x, which has size 1 along `axes`, without them where `keepdims` is 0."""
    if s.call.whole("keepdims", 1):
        return x
    return replace(x, axes=tuple(group for k, group in enumerate(x.axes) if k not in axes))


Reduce = Callable[[Sketch, View, list[int]], View]


def _reduction(meaning: Reduce, since: int = 18) -> Form:
    def form(s: Sketch) -> View:
        x = s.view(0)
        axes = axes_of(s, len(x.dims), since)
        if s.call.op not in ("ReduceMax", "ReduceMin"):
            s.call.demand(x.dtype == "float32", f"it is on {x.dtype}", "float32")
        return dropped(s, meaning(s, x, axes), axes)

    return form


def _squares(s: Sketch, x: View, axes: list[int]) -> View:
    return c.total(s, c.pair(s, "multiply", x, x), axes)


def _size(x: View, axes: list[int]) -> int:
    size = 1
    for k in axes:
        size *= x.dims[k]
    return size


def mean(s: Sketch, x: View, axes: list[int]) -> View:
    """The mean over ONNX axes; they stay, with size 1."""
    return c.total(s, x, axes, 1 / _size(x, axes))


def _log_sum_exp(s: Sketch, x: View, axes: list[int]) -> View:
    most = c.maximum(s, x, axes)
    rest = c.total(s, s.each("exp", c.subtract(s, x, most)), axes)
    return c.pair(s, "add", s.each("log", rest), most)


def _product(s: Sketch, x: View, axes: list[int]) -> View:
    for axis in axes:
        s.call.demand(x.dims[axis] <= MOST_FACTORS, f"it multiplies more than {MOST_FACTORS} numbers")
        result = s.cut(x, axis, 0, 0)
        for k in range(1, x.dims[axis]):
            result = c.pair(s, "multiply", result, s.cut(x, axis, k, k))
        x = result
    return x


def _largest(s: Sketch, x: View, axes: list[int]) -> View:
    return c.maximum(s, x, axes)


def _smallest(s: Sketch, x: View, axes: list[int]) -> View:
    s.call.demand(x.dtype in ("float32", "uint8", "int8", "int16"), f"it is on {x.dtype}", "float32")
    least = c.negative(s, c.maximum(s, c.negative(s, x), axes))
    return s.stored(replace(least, dtype=x.dtype))


def _position(negate: bool) -> Form:
    def form(s: Sketch) -> View:
        x = s.view(0)
        axis = s.call.whole("axis", 0)
        s.call.demand(-len(x.dims) <= axis < len(x.dims), f"there is no axis {axis}")
        axis %= len(x.dims)
        s.call.demand(not s.call.whole("select_last_index", 0), "it asks for the last of equals", "select_last_index=0")
        x = c.negative(s, x) if negate else x
        kept = [k for k in s.order_of(x) if k != axis]
        node = s.op("argmax", s.stand(x, [*kept, axis]))
        dims = tuple(1 if k == axis else n for k, n in enumerate(x.dims))
        shape = tuple(dims[k] for k in (*kept, axis))
        at = {k: place for place, k in enumerate((*kept, axis))}
        axes = tuple((at[k],) if n > 1 else () for k, n in enumerate(dims))
        return dropped(s, View(node=node, dtype="int64", shape=shape, axes=axes), [axis])

    return form


FORMS: Final[Mapping[str, Form]] = {
    "ReduceSum": _reduction(c.total, since=13),
    "ReduceMean": _reduction(mean),
    "ReduceMax": _reduction(_largest),
    "ReduceMin": _reduction(_smallest),
    "ReduceProd": _reduction(_product),
    "ReduceL1": _reduction(lambda s, x, axes: c.total(s, c.absolute(s, x), axes)),
    "ReduceL2": _reduction(lambda s, x, axes: s.each("sqrt", _squares(s, x, axes))),
    "ReduceSumSquare": _reduction(_squares),
    "ReduceLogSum": _reduction(lambda s, x, axes: s.each("log", c.total(s, x, axes))),
    "ReduceLogSumExp": _reduction(_log_sum_exp),
    "ArgMax": _position(negate=False),
    "ArgMin": _position(negate=True),
}
