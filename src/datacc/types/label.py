"""The output type `label`: one of K classes, answered with its confidence and the scores of all.

With `abstain = true` it also says whether it knows: scores are sharpened or blunted until they are as often right as
they say, and an answer whose confidence reaches a limit is known. Both numbers are calibrated after the fit.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.compose import softmax
from datacc.ir.graph import Graph
from datacc.types import Options, OutputType
from datacc.types._known import known


class LabelOptions(Options):
    """`abstain`: answer also whether the class is known. The classes live in the repository's schema."""

    abstain: bool = False


_PLAIN: Final = LabelOptions()


class Label(OutputType):
    """Soft-max over K features; the class is the first largest."""

    options = LabelOptions

    def read(self, text: str) -> str:
        """The text is the class."""
        return text

    def classes(self, values: Sequence[Any]) -> tuple[str, ...]:
        """Every value is a class."""
        return tuple(set(values) - {None})

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

    def decode(self, frozen: NDArray[Any], classes: Sequence[str]) -> list[Any]:
        """The class of each index (N,) or (N, 1), None for −1."""
        names = [*classes, None]
        return [names[index] for index in frozen.reshape(-1).tolist()]

    def answer(self, name: str, classes: Sequence[str], options: LabelOptions = _PLAIN) -> Graph:
        """Outputs `name` (int32 index), `name_confidence` and `name_scores` (float32); the loss reads the features.

        With `abstain` also `name_known` (int32, 1 or 0): whether the confidence is at least `<name>.limit`, of
        features times `<name>.sharpness`. Uncalibrated these are 0 and 1.
        """
        b = Builder()
        features = b.input(f"{name}.features", "float32", (len(classes),))
        scores = softmax(b, f"{name}.softmax", _sharpened(b, name, features) if options.abstain else features)
        outputs = {
            name: b.op("argmax", f"{name}.argmax", features),
            f"{name}_confidence": b.op("maximum", f"{name}.maximum", scores),
            f"{name}_scores": scores,
        }
        if options.abstain:
            outputs[f"{name}_known"] = known(b, name, outputs[f"{name}_confidence"])
        return b.graph(outputs, loss=features)


def _sharpened(b: Builder, name: str, features: str) -> str:
    """Features times the inverse of their temperature."""
    sharpness = b.weight(f"{name}.sharpness", (1,), role="calibrated", value=np.ones(1))
    zero = b.weight(f"{name}.sharpness.zero", (1,), role="fixed", value=np.zeros(1))
    return b.op("affine", f"{name}.sharp", features, sharpness, zero)


ENTRY: Final = Label()
