"""The ids of rows, as arrays that the cache keeps, and where rows of now are among those of then."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DIGITS: Final = 32  # of an id: sixteen bytes


def packed(ids: Sequence[str]) -> NDArray[np.uint8]:
    """The bytes of N ids, one after the other."""
    return np.frombuffer(bytes.fromhex("".join(ids)), np.uint8)


def unpacked(array: NDArray[np.uint8]) -> tuple[str, ...]:
    """The N ids that `packed` made these bytes of."""
    digits = array.tobytes().hex()
    return tuple(digits[start : start + _DIGITS] for start in range(0, len(digits), _DIGITS))


def places(ids: Sequence[str], known: Sequence[str]) -> NDArray[np.intp]:
    """Where each id is among the `known` ones (N,), −1 where it is not."""
    place = dict(zip(known, range(len(known)), strict=True))
    return np.array([place.get(one, -1) for one in ids], np.intp)
