"""The input type `image`: H × W pixels of one or three channels, uint8, as they come from a camera or a file.

The program takes pictures of exactly this size. Files of another size are brought to it when they are read
(`encode`), by the importer and by `datacc run` alike.
"""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Annotated, Any, Final, Literal

import numpy as np
import PIL.Image
from msgspec import Meta
from numpy.typing import NDArray
from PIL import ImageOps, UnidentifiedImageError

from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.types import InputType, Options
from datacc.types._warp import warp

LARGEST_SIDE: Final = 96  # inferred sizes stop here; a user may ask for more
FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000", "PPM")  # decoded in process, unlike EPS


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
        pixels = np.empty((len(values), *self.array(options).shape), np.uint8)
        for n, value in enumerate(values):
            picture = _picture(value, n)
            mode = "L" if options.channels == 1 else "RGB"
            picture = _flat(picture).convert(mode)
            if picture.size != (options.width, options.height):
                picture = picture.resize((options.width, options.height), PIL.Image.Resampling.BOX)
            pixels[n] = np.asarray(picture).reshape(pixels.shape[1:])
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
        pictures = [_picture(value, n) for n, value in enumerate(values)]
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


def _picture(value: Any, n: int) -> PIL.Image.Image:
    """The decoded picture, upright. Raises `DataError` for bytes that are no whole picture."""
    if isinstance(value, np.ndarray):
        array = value[:, :, 0] if value.ndim == 3 and value.shape[2] == 1 else value
        if array.dtype != np.uint8 or not array.size or (array.ndim != 2 and array.shape[2:] != (3,)):
            raise DataError(f"an array {value.dtype}{value.shape} is not a uint8 picture", where=f"picture {n}")
        return PIL.Image.fromarray(array)
    if not isinstance(value, bytes | bytearray):
        raise DataError(f"{type(value).__name__} where a picture is expected", where=f"picture {n}")
    try:
        with PIL.Image.open(io.BytesIO(value), formats=FORMATS) as picture:
            picture.load()
            return ImageOps.exif_transpose(picture)
    except PIL.Image.DecompressionBombError as error:
        raise DataError(f"a decompression bomb: {error}", where=f"picture {n}") from None
    except UnidentifiedImageError:
        raise DataError("not a picture that datacc reads", where=f"picture {n}", tries=[", ".join(FORMATS)]) from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise DataError(f"not a whole picture: {error}", where=f"picture {n}") from None


def _flat(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Without transparency (on white), and with 16-bit grey brought to 8 bits."""
    if picture.mode.startswith("I"):
        return PIL.Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, "white"), picture)
    return picture


ENTRY: Final = Image()
