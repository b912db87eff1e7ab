"""The variation `shift`: a picture moved by a few pixels."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.errors import SpecError
from datacc.types._warp import affine
from datacc.variations import Options, Variation, uniform


class ShiftOptions(Options):
    """`pixels`: how far at most, in each direction."""

    pixels: Annotated[float, Meta(gt=0)] = 1


class Shift(Variation):
    """Down and sideways, each by up to `pixels`; what comes in repeats the nearest edge pixel."""

    varies = "image"
    options = ShiftOptions

    def refuse(self, options: ShiftOptions, of: Any) -> None:
        """Raises `SpecError` for a move that may lead out of the picture."""
        least = min(of.height, of.width)
        if options.pixels >= least:
            what = f"a shift by {options.pixels:g} pixels leaves nothing of a picture of {of.height} × {of.width}"
            raise SpecError(what, tries=[f"pixels = {max(1, least // 10)}"])

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: ShiftOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each picture by a way of its own."""
        maps = np.broadcast_to(np.eye(2, dtype=np.float32), (len(batch), 2, 2))
        return affine(batch, maps, uniform(random, options.pixels, 2))


ENTRY: Final = Shift()
