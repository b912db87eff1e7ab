"""Quantities with units at the edge: "50 us", "32 KiB", "1 MMAC" from and to seconds, bytes and multiply-adds."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from datacc.errors import SpecError
from datacc.frozen import frozen

_QUANTITY = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([A-Za-zµμ]+)")


@frozen
class Quantity:
    """One kind of quantity: its units, smallest first, in multiples of what datacc counts in inside."""

    name: str
    units: Mapping[str, Decimal]
    example: str


SECONDS: Final = Quantity(
    name="time",
    units={"ns": Decimal("1e-9"), "us": Decimal("1e-6"), "ms": Decimal("1e-3"), "s": Decimal(1)},
    example="50 us",
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
    """Seconds of a text such as "50 us". Raises `SpecError` that lists the units."""
    return float(_parse(text, SECONDS))


def parse_bytes(text: str) -> int:
    """Bytes of a text such as "200 kB" (1000) or "32 KiB" (1024). Raises `SpecError` that lists the units."""
    return _whole(text, BYTES)


def parse_work(text: str) -> int:
    """Multiply-adds of a text such as "1 MMAC". Raises `SpecError` that lists the units."""
    return _whole(text, WORK)


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
    found = _QUANTITY.fullmatch(text.strip())
    if not found:
        raise SpecError(f"{text!r} is not a {quantity.name}", tries=[f'write it like "{quantity.example}"'])
    number, unit = Decimal(found[1].replace("_", "").replace(",", "")), found[2].replace("µ", "u").replace("μ", "u")
    if unit not in quantity.units:
        raise SpecError(f"{unit!r} is not a unit of {quantity.name}", tries=_near(found[1], unit, quantity))
    if number == 0:
        raise SpecError(f"{text!r}: nothing can stay below zero", tries=["leave the key out to have no limit"])
    return number * quantity.units[unit]


def _near(number: str, unit: str, quantity: Quantity) -> list[str]:
    close = [known for known in quantity.units if known.lower() == unit.lower()]
    if unit.lower() == "kb":
        close.append("KiB")
    return [f'"{number} {known}"' for known in close] or ["one of " + ", ".join(quantity.units)]


def _whole(text: str, quantity: Quantity) -> int:
    value = _parse(text, quantity)
    if value != value.to_integral_value():
        raise SpecError(f"{text!r} is not a whole number of {next(iter(quantity.units))}")
    return int(value)


def _show(value: Decimal, quantity: Quantity, *, fractions: bool) -> str:
    best = f"{value.normalize():f} {next(iter(quantity.units))}" if not fractions else ""
    for unit, factor in quantity.units.items():
        count = value / factor
        fits = count >= 1 or not best if fractions else count == count.to_integral_value() and count >= 1
        if fits:
            best = f"{count.normalize():f} {unit}"
    return best
