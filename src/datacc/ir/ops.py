"""The instruction set: one row per op with its shape rule, its meaning, its work and its ONNX counterpart."""

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final

from datacc.frozen import frozen
from datacc.ir import meaning, shapes
from datacc.ir.graph import Type

Shape = Callable[..., Type]
Meaning = Callable[..., Any]
Count = Callable[..., int]


def no_work(out: Type, *args: Type, **attrs: Any) -> int:
    """An op that multiplies nothing worth counting."""
    return 0


def each(out: Type, *args: Type, **attrs: Any) -> int:
    """One multiply-add, or comparison, per element of the result."""
    return out.count


def product(out: Type, x: Type, weight: Type, *rest: Type, **attrs: Any) -> int:
    """One multiply-add per element of the result and element of one output's weights."""
    return out.count * weight.count // weight.shape[0]


def series(out: Type, *args: Type, **attrs: Any) -> int:
    """About ten multiply-adds of a polynomial per element of the result."""
    return 10 * out.count


def twice(out: Type, *args: Type, **attrs: Any) -> int:
    """Two comparisons per element of the result."""
    return 2 * out.count


def windows(out: Type, x: Type, *, size: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """One comparison per element of every window."""
    return out.count * math.prod(size)


def every(out: Type, x: Type) -> int:
    """One comparison per element of the argument."""
    return x.count


@frozen
class Op:
    """One instruction.

    `attrs` gives every attribute its default (None: must be given). `kind` is the group that `inspect` adds up:
    product, threshold, or other. `work` counts multiply-adds and `comparisons` what thresholds do instead, both from
    types and attributes alone.
    `weights` says how many of the last arguments are weight nodes; the others are values with a batch axis.
    `marked` ops read at addresses that depend on the input; a proof names them.
    """

    shape: Shape
    meaning: Meaning
    onnx: str
    kind: str
    work: Count = no_work
    comparisons: Count = no_work
    weights: int = 0
    marked: bool = False
    attrs: Mapping[str, Any] = field(default_factory=dict)


CONV_ATTRS = {"stride": None, "pad": None, "dilation": None, "groups": 1}
POOL_ATTRS = {"size": None, "stride": None}
RESCALE_ATTRS = {"shift": None, "to": None}
SLICE_ATTRS = {"axis": None, "first": None, "last": None, "step": 1}


def _product(shape: Shape, meaning: Meaning, onnx: str, **more: Any) -> Op:
    return Op(shape=shape, meaning=meaning, onnx=onnx, kind="product", work=product, weights=2, **more)


def _threshold(shape: Shape, meaning: Meaning, onnx: str, comparisons: Count, **attrs: Any) -> Op:
    return Op(shape=shape, meaning=meaning, onnx=onnx, kind="threshold", comparisons=comparisons, attrs=attrs)


def _other(shape: Shape, meaning: Meaning, onnx: str, work: Count = no_work, **more: Any) -> Op:
    return Op(shape=shape, meaning=meaning, onnx=onnx, kind="other", work=work, **more)


OPS: Final[Mapping[str, Op]] = MappingProxyType(
    {
        "cast": _other(shapes.cast, meaning.cast, "Cast", attrs={"to": "float32"}),
        "affine": _other(shapes.affine, meaning.affine, "Mul+Add", each, weights=2),
        "dense": _product(shapes.dense, meaning.dense, "Gemm"),
        "conv": _product(shapes.conv, meaning.conv, "Conv", attrs=CONV_ATTRS),
        "normalise": _other(
            shapes.normalise, meaning.normalise, "BatchNormalization", each, weights=4, attrs={"epsilon": 1e-5}
        ),
        "relu": _threshold(shapes.same, meaning.relu, "Relu", each),
        "clip": _threshold(shapes.clip, meaning.clip, "Clip", twice, low=None, high=None),
        "add": _other(shapes.add, meaning.add, "Add", each),
        "multiply": _other(shapes.pair, meaning.multiply, "Mul", each),
        "divide": _other(shapes.pair, meaning.divide, "Div", each),
        "exp": _other(shapes.same, meaning.exp, "Exp", series),
        "log": _other(shapes.same, meaning.log, "Log", series),
        "sqrt": _other(shapes.same, meaning.sqrt, "Sqrt", each),
        "sin": _other(shapes.same, meaning.sin, "Sin", series),
        "maxpool": _threshold(shapes.maxpool, meaning.maxpool, "MaxPool", windows, **POOL_ATTRS),
        "meanpool": _other(shapes.meanpool, meaning.meanpool, "AveragePool", attrs=POOL_ATTRS),
        "argmax": _threshold(shapes.argmax, meaning.argmax, "ArgMax", every),
        "maximum": _threshold(shapes.maximum, meaning.maximum, "ReduceMax", every),
        "concat": _other(shapes.concat, meaning.concat, "Concat", attrs={"axis": None}),
        "slice": _other(shapes.slice_, meaning.slice_, "Slice", attrs=SLICE_ATTRS),
        "reshape": _other(shapes.reshape, meaning.reshape, "Reshape", attrs={"shape": None}),
        "transpose": _other(shapes.transpose, meaning.transpose, "Transpose", attrs={"axes": None}),
        "rescale": _other(shapes.rescale, meaning.rescale, "Mul+Floor", each, weights=1, attrs=RESCALE_ATTRS),
        "gather": _other(shapes.gather, meaning.gather, "Gather", weights=1, marked=True),
    }
)
