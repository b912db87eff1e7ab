"""Safe C text: numbers that read back exactly, strings and comments that no name can break out of."""

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.spec.names import identifier

LONGEST_STRING: Final = 500  # C99 compilers must take 4,095; longer names become lists of characters
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def number(value: np.float32) -> str:
    """A float constant that reads back as the same float."""
    return f"{value!s}f"


def floats(values: NDArray[np.float32], per_line: int = 8) -> str:
    """The lines of an array initialiser, without braces."""
    words = [f"{word}f" for word in values.astype(str).tolist()]
    return ",\n".join("    " + ", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line))


def numbers(values: NDArray[Any]) -> str:
    """The lines of an array initialiser of floats or integers, without braces."""
    if values.dtype == np.float32:
        return floats(values)
    words, per_line = values.astype(str).tolist(), 24 if values.dtype.itemsize == 1 else 12
    return ",\n".join("    " + ", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line))


def string(text: str) -> str:
    """A C constant for the UTF-8 of `text`: everything but plain ASCII letters, digits and marks is escaped."""
    data = text.encode("utf-8", "surrogatepass")
    plain = "".join(chr(byte) if _is_plain(byte) else f"\\{byte:03o}" for byte in data)
    return f'"{plain}"'


def characters(text: str) -> str:
    """The same bytes as a list of characters with the closing zero, for names that no string constant may hold."""
    data = text.encode("utf-8", "surrogatepass")
    words = [*(f"'{chr(byte)}'" if _is_plain(byte) else f"'\\{byte:03o}'" for byte in data), "0"]
    return ",\n".join("    " + ", ".join(words[i : i + 16]) for i in range(0, len(words), 16))


def _is_plain(byte: int) -> bool:
    """Printable ASCII without quotes, backslash, and the question mark of trigraphs."""
    return 32 <= byte < 127 and chr(byte) not in "\"'\\?"


def comment(text: str, longest: int = 80) -> str:
    """`text` as it may stand in a comment: printable ASCII that neither ends the comment nor opens another."""
    plain = "".join(c if " " <= c <= "~" and c not in "\\?" else "." for c in text)
    plain = plain.replace("*/", "*.").replace("/*", "/.")
    return plain if len(plain) <= longest else plain[: longest - 3] + "..."


def word(text: str) -> str:
    """The nearest C word to any text; not unique."""
    return text if _WORD.fullmatch(text) and text == identifier(text) else identifier(text, fallback="x")


def words(texts: Sequence[str]) -> dict[str, str]:
    """A C word of its own for every text."""
    taken: dict[str, str] = {}
    for text in texts:
        base = candidate = word(text)
        serial = 2
        while candidate in taken.values():
            candidate = f"{base}_{serial}"
            serial += 1
        taken[text] = candidate
    return taken


def listing(shape: Sequence[int]) -> str:
    """A shape for comments: 28 x 28 x 1."""
    return " x ".join(str(n) for n in shape) or "1"
