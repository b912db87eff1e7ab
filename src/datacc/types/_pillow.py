"""All that Pillow does: files of pictures decoded, checked and shrunk."""

import io
import warnings
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from datacc.errors import DataError

FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000", "PPM")  # decoded in process, unlike EPS


def picture(value: Any, n: int) -> Image.Image:
    """The decoded picture number `n`, upright. Raises `DataError` for bytes that are no whole picture."""
    if isinstance(value, np.ndarray):
        array = value[:, :, 0] if value.ndim == 3 and value.shape[2] == 1 else value
        if array.dtype != np.uint8 or not array.size or (array.ndim != 2 and array.shape[2:] != (3,)):
            raise DataError(f"an array {value.dtype}{value.shape} is not a uint8 picture", where=f"picture {n}")
        return Image.fromarray(array)
    if not isinstance(value, bytes | bytearray):
        raise DataError(f"{type(value).__name__} where a picture is expected", where=f"picture {n}")
    try:
        with Image.open(io.BytesIO(value), formats=FORMATS) as found:
            found.load()
            return ImageOps.exif_transpose(found)
    except Image.DecompressionBombError as error:
        raise DataError(f"a decompression bomb: {error}", where=f"picture {n}") from None
    except UnidentifiedImageError:
        raise DataError("not a picture that datacc reads", where=f"picture {n}", tries=[", ".join(FORMATS)]) from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise DataError(f"not a whole picture: {error}", where=f"picture {n}") from None


def pixels(value: Any, n: int, height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """Picture number `n` as uint8 (H, W, C), brought to this size."""
    found = _flat(picture(value, n)).convert("L" if channels == 1 else "RGB")
    if found.size != (width, height):
        found = found.resize((width, height), Image.Resampling.BOX)
    return np.asarray(found).reshape(height, width, channels)


def undecodable(data: bytes) -> str | None:
    """Why the bytes of a file are no picture; None when they are one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no concern; a large picture raises below
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as found:
                found.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return f"unpacks to more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels (a decompression bomb)"
        except UnidentifiedImageError:
            return "is not a picture"
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, MemoryError) as error:
            return f"does not decode: {error}"
    return None


def shrunk(array: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """uint8 (H, W, 1 or 3), its longer side no longer than `side`."""
    image = Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image).reshape(image.height, image.width, -1)


def _flat(found: Image.Image) -> Image.Image:
    """Without transparency (on white), and with 16-bit grey brought to 8 bits."""
    if found.mode.startswith("I"):
        return Image.fromarray((np.asarray(found).clip(0, 65535) // 257).astype(np.uint8))
    if "A" in found.getbands() or "transparency" in found.info:
        found = found.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", found.size, "white"), found)
    return found
