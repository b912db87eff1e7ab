"""What a caller of a built program sees: its name, what goes in, what comes out. Stored as `interface.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Final

from datacc.errors import SpecError
from datacc.frozen import frozen

VERSION: Final = 1
KNOWN: Final = "known"
# What follows the name of an output, by its form; `KNOWN` where it abstains.
PARTS: Final = {"label": ("confidence", "scores", KNOWN), "labels": ("scores", KNOWN), "number": ("low", "high", KNOWN)}


@frozen
class Port:
    """One member of the input or answer struct.

    `dtype` and `shape` are what crosses the C boundary. `type` and `options` say how raw values are decoded
    (inputs); `type` is "labels" or "number" where an answer is such. `classes` are the names that an int32 index stands
    for (label answers), or int32 flags (labels), in order.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    type: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that an input was read from: those that it names, else the one that is called like it."""
        return tuple(self.options.get("columns", ())) or (self.name,)

    @property
    def form(self) -> str:
        """What an answer is: "label", "labels", "number", or "" for an array without a meaning."""
        return "label" if self.classes and not self.type else self.type


@frozen
class Interface:
    """The struct members of one program, in order of declaration, and the processor it needs.

    `states` are what a call leaves to the next one of the same stream. A label output `digit` gives three answers:
    `digit` (int32 class index), `digit_confidence` and `digit_scores` (float32). Labels `topics` give `topics` (int32,
    1 or 0 for each) and `topics_scores`, a number `price` gives `price`, `price_low` and `price_high` (float32). One
    that abstains also gives `digit_known` (`topics_known`, `price_known`; int32, 1 or 0). `widths`: at which shares of
    its channels it answers, ascending up to 1; none: only the whole.
    """

    name: str
    cpu: str
    inputs: tuple[Port, ...]
    answers: tuple[Port, ...]
    states: tuple[Port, ...] = ()
    widths: tuple[float, ...] = ()

    def to_json(self) -> str:
        """The text of `interface.json`."""
        table = asdict(self, dict_factory=_plain)
        if not self.widths:
            del table["widths"]
        return json.dumps({"version": VERSION, **table}, indent=1, ensure_ascii=False)


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in pairs}


def read_interface(text: str, where: str) -> Interface:
    """The interface in the text of `interface.json`. Raises `SpecError` when it is damaged or newer."""
    try:
        table = json.loads(text)
        if table["version"] > VERSION:
            newer = f"version {table['version']} is newer than this datacc reads"
            raise SpecError(newer, where=where, tries=["update datacc"])
        return Interface(
            name=table["name"],
            cpu=table["cpu"],
            inputs=tuple(_port(row) for row in table["inputs"]),
            answers=tuple(_port(row) for row in table["answers"]),
            states=tuple(_port(row) for row in table.get("states", ())),
            widths=tuple(map(float, table.get("widths", ()))),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SpecError(f"not an interface: {error}", where=where, tries=["datacc build"]) from error


def _port(row: dict[str, Any]) -> Port:
    return Port(**{**row, "shape": tuple(row["shape"]), "classes": tuple(row["classes"])})
