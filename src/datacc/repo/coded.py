"""A column of few different values: what they are, and which one each row has."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar, final, overload

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen

NONE: Final = -1
_EQUAL: Final = frozenset({str, int, float, type(None)})  # types of which equal values are the same JSON
_LOOK: Final = 1000  # cells that tell whether they repeat

Read = TypeVar("Read")


@final
@frozen(eq=False)
class Coded(Sequence[Any]):
    """`codes` (N,): the index into `words`, different JSON values, or NONE where a row has no value."""

    codes: NDArray[np.int32]
    words: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, row: int) -> Any: ...

    @overload
    def __getitem__(self, row: slice) -> "Coded": ...

    def __getitem__(self, row: int | slice) -> Any:
        """The value of a row, or None; of a slice, those rows."""
        if isinstance(row, slice):
            return Coded(codes=self.codes[row], words=self.words)
        code = self.codes[row]
        return None if code == NONE else self.words[code]

    def __iter__(self) -> Iterator[Any]:
        return map([*self.words, None].__getitem__, self.codes.tolist())

    def take(self, numbers: Sequence[int]) -> "Coded":
        """These rows alone, in this order."""
        return Coded(codes=self.codes[np.asarray(numbers, np.intp)], words=self.words)


def coded(parts: Iterable[Sequence[Any]]) -> Coded:
    """The column of JSON values, part after part; words are in the order in which they come first."""
    places: dict[Any, int] = {None: NONE}
    words, codes = list[Any](), [np.zeros(0, np.int32)]
    for cells in parts:
        keys = cells if set(map(type, cells)) <= _EQUAL else list(map(_key, cells))
        firsts = dict(zip(keys, cells, strict=True))
        new = [key for key in firsts if key not in places]
        places.update(zip(new, range(len(words), len(words) + len(new)), strict=True))
        words += map(firsts.__getitem__, new)
        codes.append(np.fromiter(map(places.__getitem__, keys), np.int32, len(cells)))
    return Coded(codes=np.concatenate(codes), words=tuple(words))


def _key(value: Any) -> Any:
    """What the values have in common that are the same JSON, and no others."""
    return value if type(value) in _EQUAL else (type(value), repr(value))


def each(cells: Sequence[Any], read: Callable[[Any], Read]) -> list[Read]:
    """What each cell reads as; of texts, or of numbers, that repeat, each different one is read once."""
    if len(set(map(repr, cells[:_LOOK]))) > _LOOK / 2 or set(map(type, cells)) - {type(None)} not in ({str}, {float}):
        return list(map(read, cells))
    known = {cell: read(cell) for cell in set(cells)}
    return list(map(known.__getitem__, cells))


def as_coded(cells: Sequence[Any]) -> Coded:
    """The column of JSON values; the same one where it is so already."""
    return cells if isinstance(cells, Coded) else coded([cells])


def together(parts: Sequence[Coded]) -> Coded:
    """One column of several, part after part."""
    words, codes = list[Any](), [np.zeros(0, np.int32)]
    for part in parts:
        codes.append(np.where(part.codes == NONE, NONE, part.codes + len(words)).astype(np.int32))
        words += part.words
    return told_apart(np.concatenate(codes), words)


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
    places: dict[Any, int] = {}
    known = [places.setdefault(_key(word), len(places)) for word in words]
    if len(places) == len(words):
        return Coded(codes=codes, words=tuple(words))
    merged = np.array([*known, NONE], np.int32)[codes]
    firsts = {place: word for word, place in zip(reversed(words), reversed(known), strict=True)}
    return Coded(codes=merged, words=tuple(firsts[place] for place in range(len(firsts))))
