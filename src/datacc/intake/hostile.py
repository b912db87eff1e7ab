"""What no archive of examples has: the checks that every member passes before a byte of it is looked at."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from datacc.errors import DataError
from datacc.intake.filenames import folded
from datacc.intake.tree import Member
from datacc.repo.words import printable

MOST_MEMBERS: Final = 1_000_000
LARGEST: Final = 4 << 30  # bytes, of all members unpacked
LARGEST_MEMBER: Final = 1 << 30  # bytes, unpacked
RATIO: Final = 200  # unpacked to packed, allowed once a member or archive unpacks to more than `SMALL`
SMALL: Final = 8 << 20  # bytes
_LONGEST: Final = 255, 4096  # bytes of a part, and of a whole path
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def refusal(path: Path, what: str, member: str = "") -> DataError:
    """The error for an archive that is not read."""
    about = f"{printable(member)!r} {what}" if member else what
    return DataError(f"{about}; nothing of it was read", where=str(path), tries=["unpack and look at it yourself"])


def checked_name(name: str, path: Path) -> tuple[str, ...]:
    """The parts of a member's name. Raises `DataError` for one that is no plain relative path."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    faults = (
        (bool(_UNSEEN.search(name)), "has a name with characters that cannot be seen"),
        ("\\" in name, "has a backslash in its name"),
        (name.startswith("/"), "has an absolute path"),
        (bool(_DRIVE.match(name)) or any(map(_DRIVE.match, parts)), "has a drive letter"),
        (".." in parts, "leads out of the archive"),
        (any(":" in part for part in parts), "names a stream of a file"),
        (len(name.encode(errors="replace")) > _LONGEST[1], "has an overlong path"),
        (any(len(part.encode(errors="replace")) > _LONGEST[0] for part in parts), "has an overlong name"),
        (not parts, "has no name"),
    )
    for wrong, what in faults:
        if wrong:
            raise refusal(path, what, name)
    return parts


class Budget:
    """How much an archive may still unpack to."""

    def __init__(self, path: Path) -> None:
        self._path, self._packed = path, path.stat().st_size
        self._members = self._unpacked = 0

    def member(self, name: str, size: int, packed: int | None = None) -> None:
        """Count a member of that size. Raises `DataError` when it is too much."""
        self._members += 1
        self._unpacked += size
        if self._members > MOST_MEMBERS:
            raise refusal(self._path, f"has more than {MOST_MEMBERS:,} members")
        if size > LARGEST_MEMBER:
            raise refusal(self._path, f"unpacks to {size:,} bytes; {LARGEST_MEMBER:,} are allowed", name)
        if packed is not None and size > SMALL and size > RATIO * packed:
            raise refusal(self._path, f"unpacks to more than {RATIO} times its size (a decompression bomb)", name)
        self.unpacked(self._unpacked)

    def unpacked(self, total: int) -> None:
        """Raises `DataError` when `total` bytes are more than the archive may unpack to."""
        if total > LARGEST:
            raise refusal(self._path, f"unpacks to more than {LARGEST:,} bytes")
        if total > SMALL and total > RATIO * self._packed:
            raise refusal(self._path, f"unpacks to more than {RATIO} times its size (a decompression bomb)")


def checked(members: Iterator[tuple[tuple[str, ...], bytes]], path: Path) -> list[Member]:
    """All members, sorted by name. Raises `DataError` when two names are the same for some file system."""
    found: list[Member] = []
    spelt: dict[tuple[str, ...], tuple[str, ...]] = {}
    files: set[tuple[str, ...]] = set()
    for parts, data in members:
        for depth in range(1, len(parts) + 1):
            key = tuple(map(folded, parts[:depth]))
            if spelt.setdefault(key, parts[:depth]) != parts[:depth]:
                raise refusal(path, "differs from another only in case or Unicode form", "/".join(parts))
            if key in files:
                raise refusal(path, "is there twice, or is a file and a folder", "/".join(parts))
        files.add(tuple(map(folded, parts)))
        found.append(Member(parts=parts, media=data))
    folders = {key[:depth] for key in files for depth in range(1, len(key))}
    for key in sorted(files & folders):
        raise refusal(path, "is a file and a folder", "/".join(spelt[key]))
    return sorted(found, key=lambda member: member.parts)
