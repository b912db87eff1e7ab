"""Quantities with units at the edge: "50 us", "32 KiB", "1 MMAC" from and to seconds, bytes and multiply-adds."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from datacc.errors import SpecError
from datacc.frozen import frozen

_QUANTITY: Final = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([A-Za-zµμ]*)")
_OFFERED: Final = 3  # units, where none is like what was written


@frozen
class Quantity:
    """One kind of quantity: its units, smallest first, in multiples of what datacc counts in inside.

    `whole`: it is a whole number of the smallest.
    """

    name: str
    units: Mapping[str, Decimal]
    example: str
    whole: bool = True


SECONDS: Final = Quantity(
    name="time",
    units={"ns": Decimal("1e-9"), "us": Decimal("1e-6"), "ms": Decimal("1e-3"), "s": Decimal(1)},
    example="50 us",
    whole=False,
)
BYTES: Final = Quantity(
    name="size",
    units={
        "B": Decimal(1),
        "kB": Decimal(1000),
        "KiB": Decimal(1024),
        "MB": Decimal(1000**2),
        "MiB": Decimal(1024**2),
        "GB": Decimal(1000**3),
        "GiB": Decimal(1024**3),
    },
    example="32 KiB",
)
WORK: Final = Quantity(
    name="work",
    units={"MAC": Decimal(1), "kMAC": Decimal(1000), "MMAC": Decimal(1000**2), "GMAC": Decimal(1000**3)},
    example="1 MMAC",
)


def parse_seconds(text: str) -> float:
    """Seconds of a text such as "50 us". Raises `SpecError` whose `tries` are such texts, in quotes."""
    return float(_parse(text, SECONDS))


def parse_bytes(text: str) -> int:
    """Bytes of a text such as "200 kB" (1000) or "32 KiB" (1024). Raises `SpecError` whose `tries` are such texts."""
    return int(_parse(text, BYTES))


def parse_work(text: str) -> int:
    """Multiply-adds of a text such as "1 MMAC". Raises `SpecError` whose `tries` are such texts."""
    return int(_parse(text, WORK))


def show_seconds(seconds: float) -> str:
    """The shortest text that `parse_seconds` reads back exactly."""
    return _show(Decimal(repr(float(seconds))), SECONDS, fractions=True)


def show_bytes(count: int) -> str:
    """The text in the largest unit that stays whole: `parse_bytes` reads it back exactly."""
    return _show(Decimal(count), BYTES, fractions=False)


def show_work(count: int) -> str:
    """The text in the largest unit that stays whole: `parse_work` reads it back exactly."""
    return _show(Decimal(count), WORK, fractions=False)


def _parse(text: str, quantity: Quantity) -> Decimal:
    example = [f'"{quantity.example}"']
    found = _QUANTITY.fullmatch(text.strip())
    if not found:
        raise SpecError(f"{text!r} is not a {quantity.name}", tries=example)
    number, unit = Decimal(found[1].replace("_", "").replace(",", "")), found[2].replace("µ", "u").replace("μ", "u")
    if number == 0:
        raise SpecError(f"{text!r}: nothing can stay below zero; without this there is no limit", tries=example)
    if unit not in quantity.units:
        what = f"{unit!r} is not a unit of {quantity.name}" if unit else f"{text!r} has no unit"
        raise SpecError(
            f"{what}; the units are {', '.join(quantity.units)}",
            tries=_near(found[1], number, unit, quantity) or example,
        )
    value = number * quantity.units[unit]
    if not _fits(value, quantity):
        raise SpecError(f"{text!r} is not a whole number of {next(iter(quantity.units))}", tries=example)
    return value


def _near(written: str, number: Decimal, unit: str, quantity: Quantity) -> list[str]:
    """The number with each unit that may have been meant."""
    close = [known for known in quantity.units if known.lower() == unit.lower()]
    if unit.lower() == "kb" and "KiB" in quantity.units:
        close.append("KiB")
    able = [known for known in close or quantity.units if _fits(number * quantity.units[known], quantity)]
    return [f'"{written} {known}"' for known in able[:_OFFERED]]


def _fits(value: Decimal, quantity: Quantity) -> bool:
    return not quantity.whole or value == value.to_integral_value()


def _show(value: Decimal, quantity: Quantity, *, fractions: bool) -> str:
    best = f"{value.normalize():f} {next(iter(quantity.units))}" if not fractions else ""
    for unit, factor in quantity.units.items():
        count = value / factor
        fits = count >= 1 or not best if fractions else count == count.to_integral_value() and count >= 1
        if fits:
            best = f"{count.normalize():f} {unit}"
    return best
