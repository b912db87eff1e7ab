"""The variation `brightness`: a picture in more or in less light."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.variations import Options, Variation, uniform


class BrightnessOptions(Options):
    """`share`: how much more or less light at most, as a share of what there is."""

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.2


class Brightness(Variation):
    """Every pixel of a picture times one factor between 1 − `share` and 1 + `share`; what is too bright stays white."""

    varies = "image"
    options = BrightnessOptions

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: BrightnessOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each picture in a light of its own."""
        light = 1 + uniform(random, options.share)[:, :, None, None]
        return np.rint(batch * light).clip(0, 255).astype(np.uint8)


ENTRY: Final = Brightness()
