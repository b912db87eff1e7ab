"""The output type `label`: one of K classes, answered with its confidence and the scores of all."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.compose import softmax
from datacc.ir.graph import Graph
from datacc.types import Options, OutputType


class LabelOptions(Options):
    """A label has no options: its classes live in the repository's schema."""


class Label(OutputType):
    """Soft-max over K features; the class is the first largest."""

    options = LabelOptions

    def encode(self, values: Sequence[Any], classes: Sequence[str]) -> NDArray[Any]:
        """Class indices (N,) int32 of class names, −1 for None. Raises `DataError` for an unknown class."""
        index: dict[Any, int] = {name: k for k, name in enumerate(classes)}
        index[None] = -1
        try:
            return np.array([index[value] for value in values], np.int32).reshape(len(values))
        except (KeyError, TypeError):
            wrong = next(value for value in values if not isinstance(value, str | None) or value not in index)
            known = ", ".join(repr(name) for name in list(classes)[:10])
            raise DataError(f"{wrong!r} is not a class", tries=[f"one of {known}"]) from None

    def answer(self, name: str, classes: Sequence[str]) -> Graph:
        """Outputs `name` (int32 index), `name_confidence` and `name_scores` (float32); the loss reads the features."""
        b = Builder()
        features = b.input(f"{name}.features", "float32", (len(classes),))
        scores = softmax(b, f"{name}.softmax", features)
        outputs = {
            name: b.op("argmax", f"{name}.argmax", features),
            f"{name}_confidence": b.op("maximum", f"{name}.maximum", scores),
            f"{name}_scores": scores,
        }
        return b.graph(outputs, loss=features)


ENTRY: Final = Label()
