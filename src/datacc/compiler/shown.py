"""Names and amounts as people read them: no hidden characters, no endless names, few digits."""

import shlex
from collections.abc import Mapping
from typing import Final

from datacc.repo.words import printable
from datacc.spec.units import show_seconds

MOST: Final = 60
WARNING: Final = "warning: "  # how a note begins that nobody should miss


def shown(text: str, most: int = MOST) -> str:
    """`text` on one line without a hidden character, cut to `most` characters."""
    return printable(text, most)


def label_command(example: str, name: str) -> str:
    """The command that labels `example` as the class `name`, safe to paste into bash, zsh or ksh."""
    dashes = "-- " if name.startswith("-") else ""
    return f"datacc label {dashes}{_quoted(example)} {_quoted(name)}"


def show_sizes(sizes: Mapping[str, int], arithmetic: str = "float") -> str:
    """The sizes of a skeleton, and an arithmetic that is not the usual one: width 8, depth 1, int8."""
    named = [f"{name} {size}" for name, size in sizes.items()]
    return ", ".join(named if arithmetic == "float" else [*named, arithmetic])


def amount(count: float) -> str:
    """A count in three digits: 812, 31.4 k, 1.42 M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{float(f'{count / size:.3g}'):,g} {unit}"
    return f"{count:,g}"


def size(count: int) -> str:
    """Bytes in three digits: 812 B, 31.4 kB."""
    text = amount(count)
    return f"{text}B" if " " in text else f"{text} B"


def number(value: float) -> str:
    """A number in four digits: 16,520, 0.01235, 3.1e+20."""
    return f"{float(f'{value:.4g}'):,.10g}"


def percent(share: float, digits: int = 0) -> str:
    """A share as people write it: 0.972 → "97 %", or "97.2 %" with one digit."""
    return f"{share * 100:.{digits}f} %"


def part(count: float, whole: float) -> str:
    """The share of `count` in `whole`, as 97.2 %; "–" of nothing."""
    return percent(count / whole, 1) if whole else "–"


def seconds(value: float) -> str:
    """Seconds in three digits: 14.2 µs."""
    return show_seconds(float(f"{value:.3g}")).replace("us", "µs")


def _quoted(text: str) -> str:
    """One word of a shell, without a character that a terminal would obey."""
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(f"\\{c}" if c in "\\'" else c if c.isprintable() else _escape(c) for c in text) + "'"


def _escape(c: str) -> str:
    return f"\\x{ord(c):02x}" if ord(c) < 0x80 else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
