"""The variation `rotate`: a picture turned about its centre."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.types._warp import affine
from datacc.variations import Options, Variation, uniform


class RotateOptions(Options):
    """`degrees`: how far at most, to either side."""

    degrees: Annotated[float, Meta(gt=0, le=180)] = 10


class Rotate(Variation):
    """By any angle up to `degrees`, sampled between pixels; beyond the picture the nearest edge pixel is taken."""

    varies = "image"
    options = RotateOptions

    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: RotateOptions,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Each picture by an angle of its own."""
        turn = np.deg2rad(uniform(random, options.degrees))[:, 0]
        cos, sin = np.cos(turn), np.sin(turn)
        maps = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
        return affine(batch, maps, np.zeros((len(batch), 2), np.float32))


ENTRY: Final = Rotate()
