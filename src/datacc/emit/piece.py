"""What one step adds to the C file, and how kernels name the places they work on."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.plan import Place

C_TYPES = {"float32": "float", "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int32_t"}

# What the name of a kernel for other elements than floats ends in.
BY_TYPE = {"" if kind == "float" else f"_{dtype}": kind for dtype, kind in C_TYPES.items()}


@frozen
class Piece:
    """The body of a step's function, and the weights it names.

    `table` declares the constants and `body` calls kernels, both as C lines without the function's indentation.
    Weights are vectors of any element type in the order in which the kernel reads them, by C name.
    """

    table: tuple[str, ...] = ()
    body: tuple[str, ...]
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def at(name: str, offset: int | str = 0, *more: str) -> str:
    """A C pointer expression: `name + offset + …`, zeros left out."""
    terms = [str(term) for term in (offset, *more) if str(term) not in ("0", "")]
    return " + ".join([name, *terms])


def times(position: str, factor: int) -> str:
    """`position * factor` in its shortest form; positions are C variables, numbers, or nothing."""
    if position.isdigit():
        return str(int(position) * factor)
    return "" if factor == 0 or not position else position if factor == 1 else f"{position} * {factor}"


def stretches(place: Place) -> tuple[int, int, int]:
    """The fewest (rows, pixels, floats) loops that visit all true elements of a place in order."""
    rows, pixels, run = place.height, place.width, place.channels
    if place.is_packed:
        pixels, run = 1, pixels * run
        if not place.halo[1] and not place.halo[3]:
            rows, run = 1, rows * run
    elif rows > 1 and place.row == pixels * place.pixel:
        rows, pixels = 1, rows * pixels
    return rows, pixels, run


def vector(array: NDArray[Any]) -> NDArray[np.float32]:
    """Any array as one float32 vector."""
    return np.ascontiguousarray(array, dtype=np.float32).reshape(-1)
