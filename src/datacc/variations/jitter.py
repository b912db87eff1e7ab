"""The variation `jitter`: numbers of a record a few percent larger or smaller."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.variations import Options, Variation, uniform


class JitterOptions(Options):
    """`share`: how much larger or smaller at most, as a share of each number; `columns`: which, all when left out."""

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.02
    columns: tuple[str, ...] = ()


class Jitter(Variation):
    """Each number times a factor of its own between 1 − `share` and 1 + `share`."""

    varies = "record"
    options = JitterOptions

    def refuse(self, options: JitterOptions, of: Any) -> None:
        """Raises `SpecError` for a column that the record does not have, or that holds no numbers."""
        for column in options.columns:
            of.measured(column)

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: JitterOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each row by factors of its own."""
        chosen = [of.place(column) for column in options.columns or of.named("number")]
        varied = batch.copy()
        with np.errstate(over="ignore"):
            varied[:, chosen] *= 1 + uniform(random, options.share, len(chosen))
        limit = np.finfo(np.float32).max
        return np.asarray(np.clip(varied, -limit, limit))


ENTRY: Final = Jitter()
