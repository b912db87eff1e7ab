"""A library's file name: it carries the digest of the bytes, so that no loader mixes up two, and damage is seen."""

import sys
from pathlib import Path
from typing import Final

from datacc.store import digest

SUFFIX: Final = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
DIGITS: Final = 12


def file_name(program: str, data: bytes, suffix: str = SUFFIX) -> str:
    """NAME-<digest>.so, or as this system, or the one whose suffix is given, calls its libraries."""
    return f"{program}-{digest(data)[:DIGITS]}{suffix}"


def name_fits(path: Path) -> bool:
    """Whether the file's bytes are those that its name promises."""
    return path.stem.rpartition("-")[2] == digest(path.read_bytes())[:DIGITS]
