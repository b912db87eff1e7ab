"""The variation `typo`: letters of a text change places with the ones that follow."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.types._typos import swap
from datacc.variations import Options, Variation


class TypoOptions(Options):
    """`share` of the letters that change places."""

    share: Annotated[float, Meta(gt=0, le=1)] = 0.02


class Typo(Variation):
    """Some letters of ASCII change places with the letter that follows; none moves twice."""

    varies = "text"
    options = TypoOptions

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: TypoOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each text with slips of its own."""
        drawn = np.array([one.random(batch.shape[1]) for one in random]).reshape(batch.shape)
        return swap(batch, drawn < options.share)


ENTRY: Final = Typo()
