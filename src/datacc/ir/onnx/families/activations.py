"""Functions of one value: thresholds, exponentials, gates."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import Known, View

LARGEST: Final = float(np.finfo(np.float32).max)


def _form(meaning: Callable[[Sketch, View], View]) -> Form:
    return lambda s: meaning(s, s.floats(0))


def _op(op: str) -> Form:
    return lambda s: s.each(op, s.floats(0))


def _leaky(s: Sketch, x: View) -> View:
    return leaky(s, x, np.float32(s.call.number("alpha", 0.01)))


def leaky(s: Sketch, x: View, slope: Any) -> View:
    """x above zero, slope · x below, exactly: relu(x) − slope · relu(−x)."""
    low = s.affine(s.each("relu", c.negative(s, x)), -np.asarray(slope))
    return c.pair(s, "add", s.each("relu", x), low)


def _prelu(s: Sketch) -> View:
    x, slope = s.floats(0), s.arg(1)
    if isinstance(slope, Known):
        old = s.opset < 7 and slope.array.ndim == 1 and len(x.dims) > 2
        return leaky(s, x, slope.array.reshape(-1, *(1,) * (len(x.dims) - 2)) if old else slope.array)
    low = c.pair(s, "multiply", s.each("relu", c.negative(s, x)), s.floats(1))
    return c.subtract(s, s.each("relu", x), low)


def _elu(s: Sketch, x: View) -> View:
    return c.pair(s, "add", s.each("relu", x), c.expm1_below(s, x, s.call.number("alpha", 1.0)))


def _celu(s: Sketch, x: View) -> View:
    alpha = s.call.number("alpha", 1.0)
    s.call.demand(alpha > 0, "alpha must be above zero")
    return c.pair(s, "add", s.each("relu", x), c.expm1_below(s, s.affine(x, 1 / alpha), alpha))


def _selu(s: Sketch, x: View) -> View:
    alpha, gamma = s.call.number("alpha", 1.67326319217681884765625), s.call.number("gamma", 1.05070102214813232421875)
    return c.pair(s, "add", s.affine(s.each("relu", x), gamma), c.expm1_below(s, x, alpha * gamma))


def _hard_sigmoid(s: Sketch, x: View) -> View:
    line = s.affine(x, s.call.number("alpha", 0.2), s.call.number("beta", 0.5))
    return s.each("clip", line, low=0.0, high=1.0)


def _hard_swish(s: Sketch, x: View) -> View:
    return c.pair(s, "multiply", x, s.each("clip", s.affine(x, 1 / 6, 0.5), low=0.0, high=1.0))


def _swish(s: Sketch, x: View) -> View:
    return c.pair(s, "multiply", x, c.sigmoid(s, s.affine(x, s.call.number("alpha", 1.0))))


def _mish(s: Sketch, x: View) -> View:
    return c.pair(s, "multiply", x, c.tanh(s, c.softplus(s, x)))


def _softsign(s: Sketch, x: View) -> View:
    return c.pair(s, "divide", x, s.affine(c.absolute(s, x), 1.0, 1.0))


def _thresholded(s: Sketch, x: View) -> View:
    alpha = s.call.number("alpha", 1.0)
    return c.pair(s, "multiply", x, c.step(s, s.affine(x, 1.0, -alpha)))


def _shrink(s: Sketch, x: View) -> View:
    bias, limit = s.call.number("bias", 0.0), s.call.number("lambd", 0.5)
    high = c.pair(s, "multiply", s.affine(x, 1.0, -bias), c.step(s, s.affine(x, 1.0, -limit)))
    low = c.pair(s, "multiply", s.affine(x, 1.0, bias), c.step(s, s.affine(x, -1.0, -limit)))
    return c.pair(s, "add", high, low)


def _gelu(s: Sketch, x: View) -> View:
    if s.call.text("approximate", "none") == "tanh":
        cube = c.pair(s, "multiply", x, s.affine(c.pair(s, "multiply", x, x), 0.044715, 1.0))
        gate = s.affine(c.tanh(s, s.affine(cube, np.sqrt(2 / np.pi))), 0.5, 0.5)
    else:
        gate = s.affine(c.erf(s, s.affine(x, np.sqrt(0.5))), 0.5, 0.5)
    return c.pair(s, "multiply", x, gate)


def _cosine(s: Sketch, x: View) -> View:
    return s.each("sin", s.affine(x, 1.0, np.pi / 2))


def _tangent(s: Sketch, x: View) -> View:
    return c.pair(s, "divide", s.each("sin", x), _cosine(s, x))


def _hyperbolic(sign: float) -> Callable[[Sketch, View], View]:
    def meaning(s: Sketch, x: View) -> View:
        down = s.affine(s.each("exp", c.negative(s, x)), sign / 2)
        return c.pair(s, "add", s.affine(s.each("exp", x), 0.5), down)

    return meaning


def _sign(s: Sketch, x: View) -> View:
    return c.subtract(s, c.step(s, x), c.step(s, c.negative(s, x)))


def _ceil(s: Sketch, x: View) -> View:
    return c.negative(s, c.floor(s, c.negative(s, x)))


def _relu(s: Sketch) -> View:
    x = s.view(0)
    s.call.demand(x.dtype == "float32", f"it is on {x.dtype}", "Relu on float32")
    return s.each("relu", x)


def _clip(s: Sketch) -> View:
    """Limits that are not given, or infinite, are those of float32."""
    x = s.view(0)
    s.call.demand(x.dtype == "float32", f"it is on {x.dtype}", "Clip on float32")
    if s.opset < 11:
        limits = [s.call.attrs.get("min", -LARGEST), s.call.attrs.get("max", LARGEST)]
        s.call.demand(all(isinstance(n, float) for n in limits), "its limits are not numbers")
    else:
        limits = [-LARGEST, LARGEST]
        for k in (0, 1):
            if s.has(k + 1):
                array = s.known(k + 1)
                s.call.demand(array.size == 1 and not np.isnan(array).any(), "its limits are not two numbers")
                limits[k] = float(array.reshape(-1)[0])
    low, high = (min(max(n, -LARGEST), LARGEST) for n in limits)
    return s.each("clip", x, low=min(low, high), high=high)


FORMS: Final[Mapping[str, Form]] = {
    "Relu": _relu,
    "Clip": _clip,
    "Exp": _op("exp"),
    "Log": _op("log"),
    "Sqrt": _op("sqrt"),
    "Sin": _op("sin"),
    "Cos": _form(_cosine),
    "Tan": _form(_tangent),
    "Sinh": _form(_hyperbolic(-1)),
    "Cosh": _form(_hyperbolic(1)),
    "Sigmoid": _form(c.sigmoid),
    "Tanh": _form(c.tanh),
    "Softplus": _form(c.softplus),
    "Softsign": _form(_softsign),
    "Erf": _form(c.erf),
    "Gelu": _form(_gelu),
    "LeakyRelu": _form(_leaky),
    "PRelu": _prelu,
    "Elu": _form(_elu),
    "Celu": _form(_celu),
    "Selu": _form(_selu),
    "HardSigmoid": _form(_hard_sigmoid),
    "HardSwish": _form(_hard_swish),
    "Swish": _form(_swish),
    "Mish": _form(_mish),
    "ThresholdedRelu": _form(_thresholded),
    "Shrink": _form(_shrink),
    "Abs": _form(c.absolute),
    "Neg": _form(c.negative),
    "Reciprocal": _form(c.reciprocal),
    "Sign": _form(_sign),
    "Floor": _form(c.floor),
    "Ceil": _form(_ceil),
    "Round": _form(c.nearest),
}
