"""One input and its answer in memory that stays, so that calling a program from Python costs next to nothing."""

import ctypes
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.spec.interface import Port

ALIGN = 64  # bytes


class Bound:
    """Fill `inputs`, call it, read `answers`: each maps a port's name to an array of its shape. For one thread.

    `single` is the program's C function; `input_row` and `answer_row` are the types of its structs. Where the program
    has one input, `array` may hold it: it is read where it lies, at every call. A program with states goes on with one
    stream, which begins with zeros: `states` hold what the next call finds.
    Raises `DataError` when it is not exactly what the program reads.
    """

    def __init__(
        self, single: Any, input_row: np.dtype[Any], answer_row: np.dtype[Any], state_row: np.dtype[Any],
        scratch_bytes: int, array: NDArray[Any] | None = None,
    ) -> None:  # fmt: skip
        rows = input_row, answer_row, state_row
        memory = [*(aligned(row.itemsize) for row in rows), aligned(scratch_bytes)]
        self.inputs, self.answers, self.states = map(_members, memory, rows)
        addresses = [part.ctypes.data for part in memory[: 3 if self.states else 2] + memory[3:]]
        if array is not None:
            addresses[0] = _demand_same(array, self.inputs).ctypes.data
            self.inputs = dict.fromkeys(self.inputs, array)
        self._memory = memory
        self._call = partial(single, *map(ctypes.c_void_p, addresses))

    def __call__(self) -> dict[str, NDArray[Any]]:
        """Answer what `inputs` hold now; the `answers`, which hold it until the next call."""
        self._call()
        return self.answers


def row_type(ports: tuple[Port, ...]) -> np.dtype[Any]:
    """The NumPy type of a C struct with these members."""
    return np.dtype([(port.name, port.dtype, port.shape) for port in ports], align=True)


def aligned(size: int) -> NDArray[np.uint8]:
    """That many zero bytes, beginning at a multiple of 64."""
    raw = np.zeros(size + ALIGN, np.uint8)
    first = -raw.ctypes.data % ALIGN
    return raw[first : first + size]


def _members(memory: NDArray[np.uint8], row: np.dtype[Any]) -> dict[str, NDArray[Any]]:
    found = {}
    for name, (type_, first, *_) in (row.fields or {}).items():
        plain, shape = type_.subdtype or (type_, ())
        size = prod(shape) * plain.itemsize
        found[name] = memory[first : first + size].view(plain).reshape(shape)
    return found


def _demand_same(array: NDArray[Any], inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
    if len(inputs) != 1:
        raise DataError(f"an array can be bound where there is one input; here are {', '.join(inputs)}",
                        tries=["bind() and fill its inputs"])  # fmt: skip
    [(name, own)] = inputs.items()
    alike = isinstance(array, np.ndarray) and (array.shape, array.dtype) == (own.shape, own.dtype)
    if not alike or not array.flags.c_contiguous or not array.flags.aligned:
        given = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        wanted = f"a contiguous array of {own.dtype} {own.shape}"
        raise DataError(f"{given} cannot be bound; it takes {wanted}", where=name)
    return array
