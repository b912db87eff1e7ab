"""Look at every file of an import once: too large, no picture, or a decompression bomb."""

import io
import warnings
from collections.abc import Container
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from datacc.intake import Bad
from datacc.intake.importing.rows import Rows, bytes_of
from datacc.repo.identity import address

LARGEST_FILE: Final = 64 << 20  # bytes


def check_pictures(rows: Rows, sound: Container[str] = frozenset()) -> tuple[list[int], list[Bad]]:
    """Which rows have media that decode as pictures, and why the others do not; those of an address in `sound` do."""
    good, bad = [], []
    for number, media in enumerate(rows.media or ()):
        why = _fault(media, sound)
        if why is None:
            good.append(number)
        else:
            bad.append(Bad(where=rows.where[number], why=why))
    return good, bad


def _fault(media: Path | bytes, sound: Container[str]) -> str | None:
    try:
        size = media.stat().st_size if isinstance(media, Path) else len(media)
        if not size:
            return "is empty"
        if size > LARGEST_FILE:
            return f"has {size:,} bytes; {LARGEST_FILE:,} are allowed"
        data = bytes_of(media)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if address(data) in sound else _undecodable(data)


def _undecodable(data: bytes) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no concern; a large picture raises below
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return f"unpacks to more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels (a decompression bomb)"
        except UnidentifiedImageError:
            return "is not a picture"
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, MemoryError) as error:
            return f"does not decode: {error}"
    return None
