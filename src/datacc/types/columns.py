"""Rows of cells that are kept column by column, so that each different cell is read once."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, final, overload

import numpy as np
from numpy.typing import NDArray


class Column(Protocol):
    """A column of N cells, None for none."""

    @property
    def words(self) -> Sequence[Any]:
        """The different cells."""

    @property
    def codes(self) -> NDArray[np.int32]:
        """Which of the words each cell is (N,), −1 for none."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __getitem__(self, row: Any) -> Any: ...

    def take(self, numbers: Sequence[int]) -> Any:
        """These rows alone."""


@final
class Columns(Sequence[list[Any]]):
    """N rows, each the list of its cells, None for none; `columns` are never none at all."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, number: int) -> list[Any]: ...

    @overload
    def __getitem__(self, number: slice) -> list[list[Any]]: ...

    def __getitem__(self, number: int | slice) -> Any:
        """One row, or several."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        return [column[number] for column in self.columns]

    def __iter__(self) -> Iterator[list[Any]]:
        return map(list, zip(*self.columns, strict=True))

    def take(self, numbers: Sequence[int]) -> "Columns":
        """These rows alone, in this order."""
        return Columns([column.take(numbers) for column in self.columns])
