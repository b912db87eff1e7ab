"""The lines of a text, found by their number."""

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen

_LINE_END: Final = 10


@final
@frozen(eq=False)
class Lines:
    """`text`, bytes of which every line has an end; `ends` (N,): where the line end of each stands."""

    text: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> bytes:
        """A line, counted from 0, without its end."""
        start = int(self.ends[number - 1]) + 1 if number else 0
        return self.text[start : int(self.ends[number])].tobytes()

    def some(self, numbers: Sequence[int]) -> list[memoryview]:
        """The lines of these numbers, as `text` holds them."""
        rows, text = np.array(numbers, np.intp), self.text.data
        starts = np.where(rows > 0, self.ends[rows - 1] + 1, 0).tolist()
        return [text[start:end] for start, end in zip(starts, self.ends[rows].tolist(), strict=True)]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each line begins, (N,)."""
        return np.concatenate([np.zeros(min(1, len(self.ends)), np.int64), self.ends[:-1] + 1])


def lines_of(text: bytes | NDArray[Any]) -> Lines:
    """The lines of a text. Raises `ValueError` when the last one has no end."""
    octets = np.frombuffer(text, np.uint8) if isinstance(text, bytes) else text
    if len(octets) and octets[-1] != _LINE_END:
        raise ValueError("the last line is cut off")
    return Lines(text=octets, ends=np.flatnonzero(octets == _LINE_END))
