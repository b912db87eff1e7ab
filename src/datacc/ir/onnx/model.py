"""What stands in an ONNX file once it has been read and found sound: constants by name, and calls in order."""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from datacc.errors import ModelError
from datacc.frozen import frozen

Array = NDArray[Any]

LONGEST_NAME: Final = 80  # characters of a foreign name in a message


def shown(name: str) -> str:
    """A name from the file, short enough for a message."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…")


def text_of(name: Any) -> str:
    """A name from the file. Raises `ModelError` when it is not UTF-8, which protobuf hands over as bytes."""
    if not isinstance(name, str):
        raise ModelError(f"a name in the file is not UTF-8: {shown(repr(name))}")
    return name


@frozen
class Value:
    """A graph input: its name, element type (as NumPy calls it) and shape, batch axis included."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@frozen(eq=False)
class Call:
    """One ONNX node: `index` counts from 1 in the file. An optional argument that is left out is ""."""

    op: str
    name: str
    index: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    domain: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"node {shown(self.name)} ({self.op}, number {self.index})"

    def refuse(self, what: str, *tries: str) -> NoReturn:
        """Raise the `ModelError` that says what of this call cannot be taken."""
        raise ModelError(what, where=self.place, tries=tries)

    def demand(self, condition: bool, what: str, *tries: str) -> None:
        """Refuse unless `condition` holds."""
        if not condition:
            self.refuse(what, *tries)

    def whole(self, name: str, default: int) -> int:
        """An attribute that is one whole number."""
        value = self.attrs.get(name, default)
        self.demand(type(value) is int, f"{name} is not a whole number")
        return int(value)

    def number(self, name: str, default: float) -> float:
        """An attribute that is one finite number."""
        value = self.attrs.get(name, default)
        self.demand(isinstance(value, int | float) and bool(np.isfinite(value)), f"{name} is not a finite number")
        return float(value)

    def text(self, name: str, default: str) -> str:
        """An attribute that is a text."""
        value = self.attrs.get(name, default)
        self.demand(isinstance(value, str), f"{name} is not a text")
        return str(value)

    def wholes(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """An attribute that is a list of whole numbers."""
        value = self.attrs.get(name, default)
        fits = isinstance(value, tuple) and all(type(n) is int for n in value)
        self.demand(fits, f"{name} is not a list of whole numbers")
        return tuple(value)


@frozen(eq=False)
class Model:
    """A model that is sound: every name a call reads is an input, a constant or the result of an earlier call."""

    opset: int
    inputs: tuple[Value, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Array]
    calls: tuple[Call, ...]
