"""The input type `image`: H × W pixels of one or three channels, uint8, as they come from a camera or a file.

The program takes pictures of exactly this size. Files of another size are brought to it when they are read
(`encode`), by the importer and by `datacc run` alike.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Annotated, Any, Final, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.types import InputType, Options
from datacc.types._warp import warp
from datacc.types.pictures import pillow

LARGEST_SIDE: Final = 96  # inferred sizes stop here; a user may ask for more


class ImageOptions(Options):
    """Height and width in pixels; channels 1 (grey) or 3 (RGB); how pictures may be varied while fitting."""

    height: Annotated[int, Meta(ge=1, le=4096)]
    width: Annotated[int, Meta(ge=1, le=4096)]
    channels: Literal[1, 3] = 1
    augment: Literal["none", "flip", "small", "mirror"] = "small"


class Image(InputType):
    """uint8 (H, W, C), scaled to 0 … 1 in the program."""

    options = ImageOptions

    def array(self, options: ImageOptions) -> Type:
        """uint8 (H, W, C)."""
        return Type(dtype="uint8", shape=(options.height, options.width, options.channels))

    def encode(self, values: Sequence[Any], options: ImageOptions) -> NDArray[Any]:
        """uint8 (N, H, W, C) of image files as bytes, or of arrays (H, W), (H, W, 1) or (H, W, 3)."""
        pixels, read = np.empty((len(values), *self.array(options).shape), np.uint8), pillow().pixels
        for n, value in enumerate(values):
            pixels[n] = read(value, n, *pixels.shape[1:])
        return pixels

    def front(self, name: str, options: ImageOptions) -> Graph:
        """Pixels as float32, divided by 255."""
        b = Builder()
        x = b.input(name, "uint8", self.array(options).shape)
        scale = b.weight(f"{name}.scale", (1,), role="fixed", value=np.array([1 / 255]))
        offset = b.weight(f"{name}.offset", (1,), role="fixed", value=np.array([0.0]))
        pixels = b.op("cast", f"{name}.float", x)
        return b.graph({f"{name}.features": b.op("affine", f"{name}.scaled", pixels, scale, offset)})

    def data(self, name: str, learn: NDArray[Any], options: ImageOptions) -> Mapping[str, NDArray[np.float32]]:
        """Nothing: the scale is fixed."""
        return {}

    def infer(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """The size of most pictures, else the median one, at most 96 pixels a side; grey only when every picture is."""
        pictures = [pillow().picture(value, n) for n, value in enumerate(values)]
        (width, height), count = Counter(picture.size for picture in pictures).most_common(1)[0]
        if 2 * count < len(pictures):
            width, height = (int(median(sides)) for sides in zip(*(p.size for p in pictures), strict=True))
        shrink = min(1.0, LARGEST_SIDE / max(width, height))
        grey = all(picture.mode in ("1", "L", "LA", "I;16", "I", "F") for picture in pictures)
        return {
            "height": max(1, round(height * shrink)),
            "width": max(1, round(width * shrink)),
            "channels": 1 if grey else 3,
        }

    def augment(self, batch: NDArray[Any], random: np.random.Generator, options: ImageOptions) -> NDArray[Any]:
        """Turned, zoomed, sheared, moved a little; with "mirror" also mirrored at random; with "flip" only mirrored."""
        if options.augment == "none":
            return batch
        if options.augment == "flip":
            turned = random.random(len(batch)) < 0.5
            return np.where(turned[:, None, None, None], batch[:, :, ::-1], batch)
        return warp(batch, random, mirror=options.augment == "mirror")


ENTRY: Final = Image()
