"""The variation `swap`: a column of a record gets the value that another example has there."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.variations import Options, Variation


class SwapOptions(Options):
    """`column`: which one the answer must not depend on."""

    column: str


class Swap(Variation):
    """The value of `column` becomes that of a learn example picked at random; all else stays."""

    varies = "record"
    options = SwapOptions

    def refuse(self, options: SwapOptions, of: Any) -> None:
        """Raises `SpecError` for a column that the record does not have."""
        of.place(options.column)

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: SwapOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each row with a value of its own."""
        column = of.place(options.column)
        varied = batch.copy()
        varied[:, column] = learn[[one.integers(len(learn)) for one in random], column]
        return varied


ENTRY: Final = Swap()
