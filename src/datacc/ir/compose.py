"""What is no op but a composition of ops, node by node: sums over the last axis, soft-max, sigmoid, tanh."""

from typing import Any

import numpy as np

from datacc.ir.build import Builder

LEAST, MOST = -87.0, 88.0  # the whole numbers between which e to the x is a normal number


def total(b: Builder, name: str, x: str) -> str:
    """The sum over the last axis, (…, K) → (…, 1): a product with ones."""
    shape = b.type(x).shape
    bias = _fixed(b, f"{name}.zero", (1,), 0)
    if len(shape) == 1:
        return b.op("dense", name, x, _fixed(b, f"{name}.ones", (1, *shape), 1), bias)
    rows = shape[:-1] if len(shape) <= 3 else (int(np.prod(shape[:-1])),)
    if rows != shape[:-1]:
        x = b.op("reshape", f"{name}.rows", x, shape=(*rows, shape[-1]))
    ones = _fixed(b, f"{name}.ones", (1, *(1 for _ in rows), shape[-1]), 1)
    each: dict[str, Any] = {"stride": tuple(1 for _ in rows), "pad": tuple((0, 0) for _ in rows)}
    each |= {"dilation": each["stride"]}
    if rows == shape[:-1]:
        return b.op("conv", name, x, ones, bias, **each)
    return b.op("reshape", name, b.op("conv", f"{name}.sums", x, ones, bias, **each), shape=(*shape[:-1], 1))


def softmax(b: Builder, name: str, x: str) -> str:
    """Exponentials over the last axis that sum to one; the largest is subtracted, so that none overflows."""
    largest = _scaled(b, f"{name}.less", b.op("maximum", f"{name}.largest", x), -1)
    exponentials = b.op("exp", f"{name}.exp", b.op("add", f"{name}.centred", x, largest))
    return b.op("divide", name, exponentials, total(b, f"{name}.sum", exponentials))


def sigmoid(b: Builder, name: str, x: str) -> str:
    """e^x / (1 + e^x)."""
    power = b.op("exp", f"{name}.exp", b.op("clip", f"{name}.clip", x, low=LEAST, high=MOST))
    return b.op("divide", name, power, _shifted(b, f"{name}.more", power, 1))


def tanh(b: Builder, name: str, x: str) -> str:
    """(e^2x − 1) / (e^2x + 1); beyond 10 it is 1 to the last digit."""
    twice = _scaled(b, f"{name}.twice", b.op("clip", f"{name}.clip", x, low=-10.0, high=10.0), 2)
    power = b.op("exp", f"{name}.exp", twice)
    return b.op("divide", name, _shifted(b, f"{name}.less", power, -1), _shifted(b, f"{name}.more", power, 1))


def _scaled(b: Builder, name: str, x: str, scale: float) -> str:
    """x · scale. An offset of −0 changes no number, not even −0."""
    return b.op("affine", name, x, _fixed(b, f"{name}.scale", (1,), scale), _fixed(b, f"{name}.offset", (1,), -0.0))


def _shifted(b: Builder, name: str, x: str, offset: float) -> str:
    return b.op("affine", name, x, _fixed(b, f"{name}.scale", (1,), 1), _fixed(b, f"{name}.offset", (1,), offset))


def _fixed(b: Builder, name: str, shape: tuple[int, ...], value: float) -> str:
    return b.weight(name, shape, role="fixed", value=np.array(value))
