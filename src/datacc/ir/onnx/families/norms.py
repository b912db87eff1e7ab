"""Normalisation: by known statistics, by those of the value itself, and soft-max."""

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any, Final

import numpy as np

from datacc.ir.onnx import compose as c
from datacc.ir.onnx.families import Form
from datacc.ir.onnx.families.reductions import mean
from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import Tensor, View


def _batch_norm(s: Sketch) -> Tensor:
    """Known statistics: the op normalise, which folds into weights, where channels stand last; else an affine map."""
    s.call.demand(not s.call.whole("training_mode", 0), "it is in training mode", "export in inference mode")
    x = s.floats(0)
    s.call.demand(len(x.dims) >= 2, f"an input {x.dims} has no channels")
    gain, shift, average, variance = (s.known(i).reshape(-1).astype(np.float32) for i in range(1, 5))
    channels = x.dims[1]
    s.call.demand(
        all(len(v) == channels for v in (gain, shift, average, variance)), "four vectors, one for each channel"
    )
    epsilon = s.call.number("epsilon", 1e-5)
    s.call.demand(bool((variance + epsilon > 0).all()), "a variance is below zero")
    if x.axes[1] == (len(x.shape) - 1,) and 0 < epsilon < 1:
        node = s.op("normalise", x.node, *map(s.weight, (gain, shift, average, variance)), epsilon=epsilon)
        return replace(x, node=node)
    scale = gain.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    return s.affine(x, _channels(x, scale), _channels(x, shift - average * scale))


def _channels(x: View, vector: Any) -> Any:
    """A vector (C,) that spreads over x (N, C, …)."""
    return np.reshape(vector, (-1, *(1,) * (len(x.dims) - 2)))


def _centred(s: Sketch, x: View, axes: list[int], epsilon: float) -> View:
    """(x − mean) / √(variance + ε) over these axes."""
    rest = c.subtract(s, x, mean(s, x, axes))
    variance = mean(s, c.pair(s, "multiply", rest, rest), axes)
    return c.pair(s, "divide", rest, s.each("sqrt", s.affine(variance, 1.0, epsilon)))


def _instance_norm(s: Sketch) -> View:
    x = s.floats(0)
    s.call.demand(len(x.dims) >= 3, f"an input {x.dims} has no spatial axes")
    y = _centred(s, x, list(range(2, len(x.dims))), s.call.number("epsilon", 1e-5))
    return s.affine(y, _channels(x, s.known(1)), _channels(x, s.known(2)))


def _group_norm(s: Sketch) -> View:
    x, groups = s.floats(0), s.call.whole("num_groups", 1)
    s.call.demand(len(x.dims) >= 2 and groups >= 1 and x.dims[1] % groups == 0, f"{groups} groups do not divide")
    split = s.regroup(x, (x.dims[0], groups, x.dims[1] // groups, *x.dims[2:]))
    y = _centred(s, split, list(range(2, len(split.dims))), s.call.number("epsilon", 1e-5))
    y = s.regroup(y, x.dims)
    gain, shift = (np.repeat(a, x.dims[1] // len(a)) for a in (s.known(1), s.known(2)))
    return s.affine(y, _channels(x, gain), _channels(x, shift))


def _last_axes(s: Sketch, x: View) -> list[int]:
    """The axes from `axis` on."""
    axis = s.call.whole("axis", -1)
    s.call.demand(-len(x.dims) <= axis < len(x.dims), f"there is no axis {axis}")
    return list(range(axis % len(x.dims), len(x.dims)))


def _layer_norm(s: Sketch) -> tuple[View, ...]:
    """With the mean and one over the deviation, for those who ask."""
    x = s.floats(0)
    axes, epsilon = _last_axes(s, x), s.call.number("epsilon", 1e-5)
    y = s.affine(_centred(s, x, axes, epsilon), s.known(1), s.known(2) if s.has(2) else 0.0)
    if not any(s.call.outputs[1:]):
        return (y,)
    average = mean(s, x, axes)
    rest = c.subtract(s, x, average)
    variance = mean(s, c.pair(s, "multiply", rest, rest), axes)
    return y, average, c.reciprocal(s, s.each("sqrt", s.affine(variance, 1.0, epsilon)))


def _root_mean_square(s: Sketch) -> View:
    x = s.floats(0)
    size = mean(s, c.pair(s, "multiply", x, x), _last_axes(s, x))
    root = s.each("sqrt", s.affine(size, 1.0, s.call.number("epsilon", 1e-5)))
    return s.affine(c.pair(s, "divide", x, root), s.known(1))


def _mean_variance(s: Sketch) -> View:
    x = s.floats(0)
    return _centred(s, x, [k % len(x.dims) for k in s.call.wholes("axes", (0, 2, 3))], 1e-9)


def _lp_norm(s: Sketch) -> View:
    x, p = s.floats(0), s.call.whole("p", 2)
    axis = s.call.whole("axis", -1) % len(x.dims)
    s.call.demand(p in (1, 2), f"its order is {p}", "p = 1 or 2")
    size = c.absolute(s, x) if p == 1 else c.pair(s, "multiply", x, x)
    size = c.total(s, size, [axis])
    size = size if p == 1 else s.each("sqrt", size)
    return c.pair(s, "divide", x, _not_zero(s, size))


def _not_zero(s: Sketch, size: View) -> View:
    """A divisor that is 1 where `size` is 0: what is divided is 0 there too."""
    return c.pair(s, "add", size, s.affine(c.step(s, size), -1.0, 1.0))


def _local_response(s: Sketch) -> View:
    """Channels by the squares of their neighbours: a banded matrix over channels."""
    x, size = s.floats(0), s.call.whole("size", 1)
    s.call.demand(len(x.dims) >= 2 and size >= 1 and x.dims[1] <= 4096, "its size does not fit")
    n = np.arange(x.dims[1])
    low, high = n[:, None] - (size - 1) // 2, n[:, None] + size // 2
    band = ((n >= low) & (n <= high)).astype(np.float32) * (s.call.number("alpha", 1e-4) / size)
    square = c.pair(s, "multiply", x, x)
    order = [k for k in s.order_of(x) if k != 1] + [1]
    rows = s.reshape(s.stand(square, order), (prod(x.dims) // len(n), len(n)))
    around = c.matrix(s, rows, band, np.full(len(n), s.call.number("bias", 1.0)))
    there = s.ordered(x, order)
    node = s.reshape(around, there.shape)
    return c.pair(s, "divide", there, c.power(s, replace(there, node=node), s.call.number("beta", 0.75)))


def _softmax(s: Sketch) -> View:
    x, axes = _softmax_axes(s)
    raised = s.each("exp", c.subtract(s, x, c.maximum(s, x, axes)))
    return c.pair(s, "divide", raised, c.total(s, raised, axes))


def _softmax_axes(s: Sketch) -> tuple[View, list[int]]:
    """The value, standing so that the axes that sum to 1 come last; before opset 13 all axes from one on."""
    x = s.floats(0)
    rank = len(x.dims)
    axis = s.call.whole("axis", -1 if s.opset >= 13 else 1)
    s.call.demand(-rank <= axis < max(rank, 1), f"there is no axis {axis}")
    axes = [axis % rank] if s.opset >= 13 else list(range(axis % rank, rank))
    order = [*[k for k in s.order_of(x) if k not in axes], *axes]
    return s.ordered(x, order), axes


def _log_softmax(s: Sketch) -> View:
    x, axes = _softmax_axes(s)
    rest = c.subtract(s, x, c.maximum(s, x, axes))
    return c.subtract(s, rest, s.each("log", c.total(s, s.each("exp", rest), axes)))


FORMS: Final[Mapping[str, Form]] = {
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _root_mean_square,
    "MeanVarianceNormalization": _mean_variance,
    "LpNormalization": _lp_norm,
    "LRN": _local_response,
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
}
