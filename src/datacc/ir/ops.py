"""The instruction set: one row per op with its shape rule, its meaning, its work and its ONNX counterpart."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from datacc.ir import meaning, shapes
from datacc.ir.graph import Type


def no_work(out: Type, *args: Type, **attrs: Any) -> int:
    """An op that multiplies nothing worth counting."""
    return 0


def each(out: Type, *args: Type, **attrs: Any) -> int:
    """One multiply-add, or comparison, per element of the result."""
    return out.count


def product(out: Type, x: Type, weight: Type, *rest: Type, **attrs: Any) -> int:
    """One multiply-add per element of the result and element of one output's weights."""
    return out.count * weight.count // weight.shape[0]


def windows(out: Type, x: Type, *, size: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """One comparison per element of every window."""
    return out.count * math.prod(size)


def every(out: Type, x: Type) -> int:
    """One comparison per element of the argument."""
    return x.count


@dataclass(frozen=True, kw_only=True)
class Op:
    """One instruction.

    `attrs` gives every attribute its default (None: must be given). `kind` is the group that `inspect` adds up:
    product, threshold, or other. `work` counts multiply-adds and `comparisons` what thresholds do instead, both from
    types and attributes alone.
    `weights` says how many of the last arguments are weight nodes; the others are values with a batch axis.
    """

    shape: Callable[..., Type]
    meaning: Callable[..., Any]
    onnx: str
    kind: str
    work: Callable[..., int] = no_work
    comparisons: Callable[..., int] = no_work
    weights: int = 0
    attrs: Mapping[str, Any] = field(default_factory=dict)


CONV_ATTRS = {"stride": None, "pad": None, "dilation": None, "groups": 1}
POOL_ATTRS = {"size": None, "stride": None}

OPS: Final[Mapping[str, Op]] = MappingProxyType(
    {
        "cast": Op(shape=shapes.cast, meaning=meaning.cast, onnx="Cast", kind="other"),
        "affine": Op(shape=shapes.affine, meaning=meaning.affine, onnx="Mul+Add", kind="other", work=each, weights=2),
        "dense": Op(shape=shapes.dense, meaning=meaning.dense, onnx="Gemm", kind="product", work=product, weights=2),
        "conv": Op(
            shape=shapes.conv,
            meaning=meaning.conv,
            onnx="Conv",
            kind="product",
            work=product,
            weights=2,
            attrs=CONV_ATTRS,
        ),
        "normalise": Op(
            shape=shapes.normalise,
            meaning=meaning.normalise,
            onnx="BatchNormalization",
            kind="other",
            work=each,
            weights=4,
            attrs={"epsilon": 1e-5},
        ),
        "relu": Op(shape=shapes.same, meaning=meaning.relu, onnx="Relu", kind="threshold", comparisons=each),
        "add": Op(shape=shapes.add, meaning=meaning.add, onnx="Add", kind="other", work=each),
        "maxpool": Op(
            shape=shapes.pool,
            meaning=meaning.maxpool,
            onnx="MaxPool",
            kind="threshold",
            comparisons=windows,
            attrs=POOL_ATTRS,
        ),
        "meanpool": Op(shape=shapes.pool, meaning=meaning.meanpool, onnx="AveragePool", kind="other", attrs=POOL_ATTRS),
        "softmax": Op(shape=shapes.same, meaning=meaning.softmax, onnx="Softmax", kind="other", work=each),
        "argmax": Op(shape=shapes.argmax, meaning=meaning.argmax, onnx="ArgMax", kind="threshold", comparisons=every),
        "maximum": Op(
            shape=shapes.maximum, meaning=meaning.maximum, onnx="ReduceMax", kind="threshold", comparisons=every
        ),
        "concat": Op(shape=shapes.concat, meaning=meaning.concat, onnx="Concat", kind="other", attrs={"axis": None}),
    }
)
