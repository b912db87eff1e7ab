"""The variation `case`: a text in small letters throughout, or in capitals."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.types._typos import CASE_BIT, is_letter
from datacc.variations import Options, Variation


class CaseOptions(Options):
    """Nothing to choose."""


class Case(Variation):
    """All letters of ASCII small, or all capitals, by chance."""

    varies = "text"
    options = CaseOptions

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: CaseOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each text in one case."""
        small = np.array([one.random() < 0.5 for one in random], bool).reshape(-1, 1)
        return np.where(is_letter(batch), np.where(small, batch | CASE_BIT, batch & ~CASE_BIT), batch)


ENTRY: Final = Case()
