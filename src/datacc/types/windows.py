"""Takes a long text apart into windows and joins what is said of each, with Python's standard library alone.

Free for any use: 0BSD.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def windows(data: bytes, length: int) -> list[bytes]:
    """The windows of UTF-8: all of it where it fits, else pieces of at most `length` bytes that overlap by half.

    They begin every `length` // 2 bytes, and the last so that it ends with the text; each at the beginning of the
    character that is there or comes next, and ends with a whole one. `length` is 8 at least.
    """
    last = len(data) - length
    if last <= 0:
        return [data]
    return [_window(data, place, length) for place in (*range(0, last, length // 2), last)]


def _window(data: bytes, start: int, length: int) -> bytes:
    end = start + length
    while start < len(data) and data[start] & 0xC0 == 0x80:  # within a character
        start += 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[start:end]


def joined(rows: Sequence[Sequence[Any]], label: int, confidence: int, scores: slice) -> Sequence[Any]:
    """One answer of those of all windows: scores are means, added in the order of the text as doubles; the label is the
    first with the largest, and the confidence is that. The places say where these stand in a row.
    """
    if len(rows) == 1:
        return rows[0]
    totals = [0.0] * len(rows[0][scores])
    for row in rows:
        totals = [total + score for total, score in zip(totals, row[scores], strict=True)]
    means = [total / len(rows) for total in totals]
    best = max(means)
    whole = list(rows[0])
    whole[label], whole[confidence], whole[scores] = means.index(best), best, means
    return whole
