"""Inputs to prove with: what is special in a type (zeros, subnormals, NaN, infinities, limits), then random ones."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.runtime.bound import row_type
from datacc.spec.interface import Port

ROWS: Final = 104
_FLOATS: Final = (0, -0.0, 1, -1, 1e-45, -1e-40, np.nan, np.inf, -np.inf, 1e30, -1e30, 3.4028235e38, -3.4028235e38)


def rows(ports: tuple[Port, ...], count: int, seed: int) -> NDArray[Any]:
    """`count` packed rows (count,): first the special ones, then mixed, small, large and arbitrary bits by `seed`."""
    random = np.random.default_rng(seed)
    made = np.zeros(count, row_type(ports))
    for port in ports:
        values = _values(np.dtype(port.dtype), port.shape, random)
        for row in range(count):
            made[port.name][row] = next(values)
    return made


def _values(dtype: np.dtype[Any], shape: tuple[int, ...], random: np.random.Generator) -> Iterator[NDArray[Any]]:
    special = _special(dtype)
    yield from (np.full(shape, value, dtype) for value in special)
    while True:
        yield random.choice(special, size=shape)
        yield _spread(dtype, shape, random)
        yield _bits(dtype, shape, random)


def _special(dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return np.array(_FLOATS, dtype)
    limits = np.iinfo(dtype)
    return np.array([0, 1, limits.min, limits.max, limits.max // 2], dtype)


def _spread(dtype: np.dtype[Any], shape: tuple[int, ...], random: np.random.Generator) -> NDArray[Any]:
    if dtype.kind == "f":
        return np.asarray(random.normal(0, 10 ** random.uniform(-3, 3), shape)).astype(dtype)
    return _bits(dtype, shape, random)


def _bits(dtype: np.dtype[Any], shape: tuple[int, ...], random: np.random.Generator) -> NDArray[Any]:
    count = int(np.prod(shape, dtype=int))
    return np.frombuffer(random.bytes(count * dtype.itemsize), dtype).reshape(shape)
