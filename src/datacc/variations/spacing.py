"""The variation `spacing`: blanks where a text begins, ends, or has some already."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.types._typos import fitting
from datacc.variations import Options, Variation

BLANK: Final = b" "


class SpacingOptions(Options):
    """`share` of the blanks that are doubled, and of the texts that get one more at either end."""

    share: Annotated[float, Meta(gt=0, le=1)] = 0.2


class Spacing(Variation):
    """More blanks; characters that no longer fit into the length of the input are cut off."""

    varies = "text"
    options = SpacingOptions

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: SpacingOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each text with blanks of its own."""
        texts = [row.tobytes().rstrip(b"\0") for row in batch]
        spaced = [_spaced(text, one, options.share) for text, one in zip(texts, random, strict=True)]
        return fitting(spaced, batch.shape[1])


def _spaced(text: bytes, random: np.random.Generator, share: float) -> bytes:
    words = text.split(BLANK)
    between = [BLANK * (1 + int(drawn < share)) for drawn in random.random(len(words) - 1)]
    before, after = (BLANK * int(drawn < share) for drawn in random.random(2))
    whole = b"".join(part for pair in zip(words, [*between, b""], strict=True) for part in pair)
    return before + whole + after


ENTRY: Final = Spacing()
