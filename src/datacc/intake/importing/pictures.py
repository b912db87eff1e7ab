"""Look at every file of an import once: too large, no picture, or a decompression bomb."""

from collections.abc import Container
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.intake import Bad
from datacc.intake.importing.rows import Rows, bytes_of
from datacc.repo.identity import address
from datacc.types.pictures import pillow

LARGEST_FILE: Final = 64 << 20  # bytes


def check_pictures(rows: Rows, sound: Container[str] = frozenset()) -> tuple[Rows, list[Bad]]:
    """The rows whose media decode as pictures, with their addresses, and why others do not; of those in `sound` it is
    known that they do."""
    looked = [_looked_at(media, sound) for media in rows.media or ()]
    bad = [Bad(where=where, why=why) for where, (_, why) in zip(rows.where, looked, strict=True) if why is not None]
    good = rows.take([number for number, (_, why) in enumerate(looked) if why is None])
    return replace(good, addresses=[found for found, why in looked if why is None]), bad


def _looked_at(media: Path | bytes, sound: Container[str]) -> tuple[str, str | None]:
    """The address of a file, and what is wrong with it, if anything."""
    try:
        size = media.stat().st_size if isinstance(media, Path) else len(media)
        if not size:
            return "", "is empty"
        if size > LARGEST_FILE:
            return "", f"has {size:,} bytes; {LARGEST_FILE:,} are allowed"
        data = bytes_of(media)
    except OSError as error:
        return "", f"cannot be read: {error.strerror}"
    found = address(data)
    return found, None if found in sound else pillow().undecodable(data)
