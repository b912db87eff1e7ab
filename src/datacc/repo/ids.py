"""Example ids as numbers: 128 bits in two columns, so that a million are sorted, compared and searched at once."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 32

Ids = NDArray[np.uint64]  # (N, 2): the first and the last 16 digits of each; searched quickest column by column

_VALUES: Final = np.full(256, 255, np.uint8)  # of a hex digit as it stands in a text; 255 for what is none
_VALUES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def parse_ids(digits: NDArray[np.uint8]) -> Ids:
    """The ids in `digits`, (N, 32) bytes of text. Raises `ValueError` where they are not lower-case hex digits."""
    values = _VALUES[digits]
    if values.max(initial=0) == 255:
        raise ValueError("an id is not 32 hex digits")
    octets = values[:, ::2] << 4 | values[:, 1::2]
    return np.asfortranarray(np.ascontiguousarray(octets).view(">u8").astype(np.uint64))


def to_ids(texts: Sequence[str]) -> Ids:
    """The ids that texts of 32 digits say. Raises `ValueError` for any other text."""
    if set(map(len, texts)) - {DIGITS}:
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
    """(id, row) of every row of the sorted `ids` that is one of `wanted`, row by row."""
    if len(ids) and wanted:
        which, rows = matches(ids, to_ids(wanted))
        yield from zip([wanted[at] for at in which.tolist()], rows.tolist(), strict=True)


def matches(ids: Ids, keys: Ids) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of the different `keys` a row of the sorted `ids` is, and that row, for all that are one; row by row."""
    order = np.argsort(keys[:, 0])  # who asks in order is answered far quicker: what is near was just read
    high = keys[order, 0]
    starts = np.searchsorted(ids[:, 0], high)
    counts = np.searchsorted(ids[:, 0], high, "right") - starts
    which = np.repeat(order, counts)
    rows = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(len(which))
    are_equal = ids[rows, 1] == keys[which, 1]
    which, rows = which[are_equal], rows[are_equal]
    if np.any(rows[1:] < rows[:-1]):  # seldom: keys that begin alike, and were asked in another order
        ranks = np.argsort(rows)
        return which[ranks], rows[ranks]
    return which, rows


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
    high = ids[:, 0]
    order: NDArray[np.intp] = np.argsort(high, kind="stable")
    ordered = high[order]
    if np.any(ordered[1:] == ordered[:-1]):  # seldom: then the last digits count too
        order = np.lexsort((ids[:, 1], high))
    return order


def joined(parts: Sequence[Ids]) -> Ids:
    """The ids of all parts, one after the other; of a single part itself."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.uint64)


def distinct(ids: Ids) -> Ids:
    """Each of the ids once, in ascending order."""
    ordered = ids[in_order(ids)]
    return ordered[is_first(ordered)]


def is_first(ordered: Ids) -> NDArray[np.bool_]:
    """Where a sorted id is another than the one before it, (N,)."""
    news = np.ones(len(ordered), np.bool_)
    news[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
    return news


def common(ids: Ids, others: Ids) -> Ids:
    """The ids, each different, that are among others too; sorted."""
    both = np.concatenate([ids, distinct(others)])
    ordered = both[in_order(both)]
    return ordered[~is_first(ordered)]
