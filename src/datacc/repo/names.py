"""Names of classes and columns: any text a person can read and tell apart; nothing else becomes one."""

import re
import unicodedata
from typing import Any, Final

from datacc.errors import DataError
from datacc.repo.words import printable

LONGEST: Final = 200  # bytes of UTF-8

_REORDERING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED: Final = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})  # control, surrogate, unassigned, line and paragraph ends
_DIGITS: Final = re.compile(r"(\d+)", re.ASCII)


def check_name(name: str, what: str, where: str = "") -> str:
    """`name` itself when it may name a `what` ("class", "column"). Raises `DataError` that shows it and says why not.

    Quotes, slashes and `*/` are allowed: a name is stored as JSON under an id and never becomes a path.
    """
    where = printable(where)  # the file that a name comes from may be called like it
    shown, size = repr(name if len(name) <= 40 else f"{name[:39]}…"), len(name.encode(errors="replace"))
    if not name or name != name.strip():
        raise DataError(f"the {what} {shown} is empty or has blanks around it", where=where, tries=["rename it"])
    if size > LONGEST:
        what_is_wrong = f"the {what} {shown} has {size:,} bytes; {LONGEST} are allowed"
        raise DataError(what_is_wrong, where=where, tries=["give it a shorter name"])
    for character in name:
        if character in _REORDERING or unicodedata.category(character) in _REFUSED:
            raise DataError(
                f"the {what} {shown} contains U+{ord(character):04X}, which cannot be seen",
                where=where,
                tries=["rename it without control characters", "check that this is the right column"],
            )
    return name


def natural(name: str) -> list[Any]:
    """A sort key under which "9" comes before "10"."""
    return [(0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part) for part in _DIGITS.split(name)]


def folded(name: str) -> str:
    """The name as it is compared: whatever its case and its Unicode form."""
    return unicodedata.normalize("NFC", name).casefold()
