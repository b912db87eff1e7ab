"""A column of few different values: what they are, and which one each row has."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NONE: Final = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """`codes` (N,): the index into `words`, different JSON values, or NONE where a row has no value."""

    codes: NDArray[np.int32]
    words: tuple[Any, ...]

    def __getitem__(self, row: int) -> Any:
        """The value of a row, or None."""
        code = self.codes[row]
        return None if code == NONE else self.words[code]


def code_texts(data: NDArray[np.uint8], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> Coded:
    """The column whose JSON texts stand in `data` from `starts` to `ends` (N,); an empty text is no value.

    Raises `ValueError` for what is not JSON.
    """
    lengths = ends - starts
    codes = np.full(len(starts), NONE, np.int32)
    words: list[Any] = []
    for length in np.unique(lengths):
        if not length:
            continue
        rows = np.flatnonzero(lengths == length)
        texts = data[starts[rows, None] + np.arange(length)]
        different, which = np.unique(np.ascontiguousarray(texts).view(f"V{length}")[:, 0], return_inverse=True)
        codes[rows] = which + len(words)
        words += [json.loads(text.tobytes()) for text in different]
    return told_apart(codes, words)


def told_apart(codes: NDArray[np.int32], words: Sequence[Any]) -> Coded:
    """The column of `codes` (N,), in which words that stand for one value are one."""
    places: dict[str, int] = {}
    known = [places.setdefault(repr(word), len(places)) for word in words]
    if len(places) == len(words):
        return Coded(codes=codes, words=tuple(words))
    merged = np.array([*known, NONE], np.int32)[codes]
    firsts = {place: word for word, place in zip(reversed(words), reversed(known), strict=True)}
    return Coded(codes=merged, words=tuple(firsts[place] for place in range(len(firsts))))
