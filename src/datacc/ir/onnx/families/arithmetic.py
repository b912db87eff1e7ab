"""Two or more values, element by element: sums, products, comparisons, choices."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Final

import numpy as np

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.model import Array
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import Known, Tensor, View, broadcast

INTEGERS: Final = ("int32", "int64")
EXACT: Final = ("float32", "uint8", "int8", "int16", "bool")  # types whose every value float32 can say


def _with(s: Sketch, x: View, array: Array, scale: bool) -> View:
    """x times a known array, or plus it, spread over each other."""
    dims = broadcast(x.dims, array.shape)
    s.call.demand(dims is not None, f"shapes {x.dims} and {array.shape} do not fit together")
    assert dims is not None
    x = s.expand(x, dims)
    return s.affine(x, array) if scale else s.affine(x, 1.0, array)


def _exact(s: Sketch, x: View) -> View:
    """x as float32, refused where that could change it."""
    s.call.demand(x.dtype in EXACT, f"it is on {x.dtype}", "float32, or integers of at most 16 bits")
    return s.as_float(x)


def _real(s: Sketch, i: int) -> View:
    x = s.view(i)
    s.call.demand(x.dtype == "float32", f"it is on {x.dtype}", "float32")
    return x


def _axis_of_old(s: Sketch, other: Tensor) -> Tensor:
    """The second argument of opset 6, which `broadcast` and `axis` may put below the last axes."""
    if s.opset >= 7 or not s.call.whole("broadcast", 0) or "axis" not in s.call.attrs:
        return other
    rank, mine = len(s.arg(0).dims), len(other.dims)
    axis = s.call.whole("axis", 0) % max(rank, 1)
    after = rank - axis - mine
    s.call.demand(after >= 0, "its axis does not fit")
    if isinstance(other, Known):
        return Known(array=other.array.reshape(*other.dims, *(1,) * after))
    return replace(other, axes=other.axes + ((),) * after)


def _pair(known: Callable[[Sketch, View, Array, bool], View], both: Callable[[Sketch, View, View], View]) -> Form:
    """A form of two arguments, with one for a known one, which says whether it comes first."""

    def form(s: Sketch) -> View:
        a, b = s.arg(0), _axis_of_old(s, s.arg(1))
        if isinstance(a, Known) and isinstance(b, View):
            return known(s, _real(s, 1), a.array, True)
        if isinstance(b, Known) and isinstance(a, View):
            return known(s, _real(s, 0), b.array, False)
        left, right = s.valued(a), s.valued(b)
        floats = left.dtype == right.dtype == "float32"
        if s.call.op == "Add" and left.dtype == right.dtype and left.dtype in INTEGERS:
            return c.pair(s, "add", left, right)
        s.call.demand(floats, f"it is on {left.dtype} and {right.dtype}", "float32")
        return both(s, left, right)

    return form


def _subtract_known(s: Sketch, x: View, array: Array, first: bool) -> View:
    if not first:
        return _with(s, x, -array, scale=False)
    return _with(s, c.negative(s, x), array, scale=False)


def _divide_known(s: Sketch, x: View, array: Array, first: bool) -> View:
    if not first:
        with np.errstate(all="ignore"):
            return _with(s, x, 1 / array.astype(np.float64), scale=True)
    if array.size == 1 and array.ndim <= len(x.dims):
        return c.reciprocal(s, x, float(array.reshape(-1)[0]))
    return c.pair(s, "divide", s.valued(Known(array=array)), x)


def _power(s: Sketch) -> View:
    """A known exponent, the same for all; for what is no whole number, negative bases give NaN as they must."""
    exponent = s.known(1)
    same = exponent.size and bool((exponent == exponent.flat[0]).all())
    s.call.demand(bool(same), "its exponents differ", "one known exponent for all elements")
    x = s.expand(_real(s, 0), broadcast(s.arg(0).dims, exponent.shape) or ())
    return c.power(s, x, float(exponent.flat[0]))


def _many(two: Callable[[Sketch, View, View], View]) -> Form:
    def form(s: Sketch) -> View:
        values = [_real(s, i) for i in range(len(s.call.inputs))]
        return reduce(lambda a, b: two(s, a, b), values)

    return form


def _sum(s: Sketch, a: View, b: View) -> View:
    return c.pair(s, "add", a, b)


def _mean(s: Sketch) -> View:
    return s.affine(_as_view(_many(_sum)(s)), 1 / len(s.call.inputs))


def _as_view(x: Tensor | tuple[Tensor, ...]) -> View:
    assert isinstance(x, View)
    return x


def _larger(s: Sketch, a: View, b: View) -> View:
    """1 where a > b. Their difference is zero only where they are equal; that of equal infinities is no number."""
    return c.step(s, c.subtract(s, a, b))


def _numbers(s: Sketch, a: View, b: View, yes: View) -> View:
    """`yes`, but 0 where either is NaN."""
    return c.pair(s, "multiply", c.pair(s, "multiply", yes, c.is_number(s, a)), c.is_number(s, b))


def _equal(s: Sketch, a: View, b: View) -> View:
    either = c.pair(s, "add", _larger(s, a, b), _larger(s, b, a))
    return _numbers(s, a, b, s.affine(either, -1.0, 1.0))


def _comparison(meaning: Callable[[Sketch, View, View], View]) -> Form:
    def form(s: Sketch) -> View:
        a, b = (_exact(s, s.view(i)) for i in (0, 1))
        return replace(meaning(s, a, b), dtype="bool")

    return form


def _at_least(s: Sketch, a: View, b: View) -> View:
    return _numbers(s, a, b, s.affine(_larger(s, b, a), -1.0, 1.0))


def _either(s: Sketch, a: View, b: View) -> View:
    return s.each("clip", _sum(s, a, b), low=0.0, high=1.0)


def _differ(s: Sketch, a: View, b: View) -> View:
    return c.absolute(s, c.subtract(s, a, b))


def _product(s: Sketch, a: View, b: View) -> View:
    return c.pair(s, "multiply", a, b)


def _not(s: Sketch) -> View:
    return replace(s.affine(_exact(s, s.view(0)), -1.0, 1.0), dtype="bool")


def _where(s: Sketch) -> View:
    """yes · a + no · b: exact for numbers, and NaN where the one that is not chosen is infinite."""
    yes, a, b = s.arg(0), _exact(s, s.view(1)), _exact(s, s.view(2))
    dims = broadcast(yes.dims, a.dims, b.dims)
    s.call.demand(dims is not None, "its three shapes do not fit together")
    if isinstance(yes, Known):
        mask = yes.array.astype(np.float32)
        left, right = _with(s, a, mask, scale=True), _with(s, b, 1 - mask, scale=True)
    else:
        gate = _exact(s, s.view(0))
        left, right = _product(s, a, gate), _product(s, b, s.affine(gate, -1.0, 1.0))
    return replace(_sum(s, left, right), dtype="float32")


def _no_number(s: Sketch) -> View:
    return replace(s.affine(c.is_number(s, _real(s, 0)), -1.0, 1.0), dtype="bool")


FORMS: Final[Mapping[str, Form]] = {
    "Add": _pair(lambda s, x, array, first: _with(s, x, array, scale=False), _sum),
    "Sub": _pair(_subtract_known, c.subtract),
    "Mul": _pair(lambda s, x, array, first: _with(s, x, array, scale=True), _product),
    "Div": _pair(_divide_known, lambda s, a, b: c.pair(s, "divide", a, b)),
    "Pow": _power,
    "Sum": _many(_sum),
    "Mean": _mean,
    "Max": _many(c.largest),
    "Min": _many(c.smallest),
    "Greater": _comparison(_larger),
    "Less": _comparison(lambda s, a, b: _larger(s, b, a)),
    "GreaterOrEqual": _comparison(_at_least),
    "LessOrEqual": _comparison(lambda s, a, b: _at_least(s, b, a)),
    "Equal": _comparison(_equal),
    "And": _comparison(_product),
    "Or": _comparison(_either),
    "Xor": _comparison(_differ),
    "Not": _not,
    "Where": _where,
    "IsNaN": _no_number,
}
