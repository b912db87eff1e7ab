"""Example ids as numbers: 128 bits in two columns, so that a million are sorted, compared and searched at once."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 32

Ids = NDArray[np.uint64]  # (N, 2): the first and the last 16 digits of each

_VALUES: Final = np.full(256, 255, np.uint8)  # of a hex digit as it stands in a text; 255 for what is none
_VALUES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def parse_ids(digits: NDArray[np.uint8]) -> Ids:
    """The ids in `digits`, (N, 32) bytes of text. Raises `ValueError` where they are not lower-case hex digits."""
    values = _VALUES[digits]
    if values.max(initial=0) == 255:
        raise ValueError("an id is not 32 hex digits")
    octets = values[:, ::2] << 4 | values[:, 1::2]
    return np.ascontiguousarray(octets).view(">u8").astype(np.uint64)


def to_ids(texts: Sequence[str]) -> Ids:
    """The ids that texts of 32 digits say. Raises `ValueError` for any other text."""
    if any(len(text) != DIGITS for text in texts):
        raise ValueError("an id is not 32 hex digits")
    return parse_ids(np.frombuffer("".join(texts).encode(errors="replace"), np.uint8).reshape(-1, DIGITS))


def to_texts(ids: Ids) -> list[str]:
    """The texts of ids."""
    digits = ids.astype(">u8").tobytes().hex()
    return [digits[at : at + DIGITS] for at in range(0, len(digits), DIGITS)]


def to_text(id: NDArray[np.uint64]) -> str:
    """The text of one."""
    return f"{id[0]:016x}{id[1]:016x}"


def are_sorted(ids: Ids) -> bool:
    """Whether none is smaller than the one before it."""
    high, low = ids[:, 0], ids[:, 1]
    return bool(np.all((high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] >= low[:-1]))))


def places(ids: Ids, wanted: Sequence[str]) -> Iterator[tuple[str, int]]:
    """(id, row) of every row of the sorted `ids` that is one of `wanted`."""
    if not len(ids) or not wanted:
        return
    keys = to_ids(wanted)
    high = ids[:, 0]
    starts, ends = (np.searchsorted(high, keys[:, 0], side).tolist() for side in ("left", "right"))
    for text, start, end, low in zip(wanted, starts, ends, keys[:, 1], strict=True):
        for row in range(start, end):
            if ids[row, 1] == low:
                yield text, row


def beginning(ids: Ids, prefix: str) -> slice:
    """The rows of the sorted `ids` that begin with these 1 to 32 hex digits. Raises `ValueError` for other text."""
    first, last = to_ids([prefix.ljust(DIGITS, "0"), prefix.ljust(DIGITS, "f")])
    return slice(_rank(ids, first, is_after=False), _rank(ids, last, is_after=True))


def _rank(ids: Ids, key: NDArray[np.uint64], *, is_after: bool) -> int:
    """How many of the sorted ids come before `key`, or are it where `is_after`."""
    start, end = (int(np.searchsorted(ids[:, 0], key[0], side)) for side in ("left", "right"))
    return start + int(np.searchsorted(ids[start:end, 1], key[1], "right" if is_after else "left"))


def in_order(ids: Ids) -> NDArray[np.intp]:
    """The rows of `ids` in ascending order; equal ones in the order in which they stand."""
    order: NDArray[Any] = np.lexsort((ids[:, 1], ids[:, 0]))
    return order
