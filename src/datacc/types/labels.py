"""The output type `labels`: any of K labels at once, each answered with its probability and whether it is given.

With `abstain = true` it also says whether it knows: whether the least sure of its K decisions is sure enough, by a
limit that is calibrated after the fit.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.calls.values import SEMICOLON
from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.compose import sigmoid
from datacc.ir.graph import Graph
from datacc.types import Options, OutputType
from datacc.types._known import known, minus

STEEP: Final = 2.0**60  # times any difference of a score from a half that is not 0, it is beyond 1


class LabelsOptions(Options):
    """`abstain`: answer also whether the labels are known. They live in the repository's schema."""

    abstain: bool = False


_PLAIN: Final = LabelsOptions()


class Labels(OutputType):
    """A sigmoid over each of K features; a label is given where its probability is above a half."""

    form = "labels"
    options = LabelsOptions

    def read(self, text: str) -> list[str]:
        """The labels between semicolons, sorted, each once; a semicolon alone says that there is none."""
        return sorted({part.strip() for part in text.split(SEMICOLON)} - {""})

    def classes(self, values: Sequence[Any]) -> tuple[str, ...]:
        """Every label of every value."""
        return tuple({name for value in values for name in value or ()})

    def encode(self, values: Sequence[Any], classes: Sequence[str]) -> NDArray[Any]:
        """0 and 1, int8 (N, K), −1 in the rows of None. Raises `DataError` for an unknown label."""
        index = {name: k for k, name in enumerate(classes)}
        found = np.zeros((len(values), len(classes)), np.int8)
        for row, value in enumerate(values):
            if value is None:
                found[row] = -1
                continue
            wrong = next((name for name in value if name not in index), None) if isinstance(value, Sequence) else value
            if wrong is not None or isinstance(value, str):
                known = ", ".join(repr(name) for name in list(classes)[:10])
                raise DataError(
                    f"{wrong if wrong is not None else value!r} is no list of labels", tries=[f"of {known}"]
                )
            found[row, [index[name] for name in value]] = 1
        return found

    def decode(self, frozen: NDArray[Any], classes: Sequence[str]) -> list[Any]:
        """The names whose column is 1, of each row (N, K); None where it is −1."""
        rows = frozen.reshape(-1, max(1, len(classes)))
        return [None if (row < 0).any() else [classes[k] for k in np.flatnonzero(row).tolist()] for row in rows]

    def distance(self, one: Any, other: Any) -> float:
        """How many labels one has and the other has not."""
        return math.inf if one is None or other is None else float(len({*one} ^ {*other}))

    def shown(self, value: Any) -> str:
        """The labels behind each other, or "none"."""
        return f"{SEMICOLON} ".join(value) or "none"

    def answer(self, name: str, classes: Sequence[str], options: LabelsOptions = _PLAIN) -> Graph:
        """Outputs `name` (int32, 1 or 0 for each label) and `name_scores` (float32); the loss reads the features.

        With `abstain` also `name_known` (int32, 1 or 0): whether the confidence of the least sure decision, a half or
        more, is at least `<name>.limit`.
        """
        b, shape = Builder(), (len(classes),)
        features = b.input(f"{name}.features", "float32", shape)
        scores = sigmoid(b, f"{name}.sigmoid", features)
        steep, half = (
            b.weight(f"{name}.{word}", (1,), role="fixed", value=np.array([value]))
            for word, value in (("steep", STEEP), ("half", -STEEP / 2))
        )
        step = b.op("clip", f"{name}.step", b.op("affine", f"{name}.beyond", scores, steep, half), low=0.0, high=1.0)
        outputs = {name: b.op("cast", f"{name}.given", step, to="int32"), f"{name}_scores": scores}
        if options.abstain:
            outputs[f"{name}_known"] = known(b, name, _least_sure(b, name, scores))
        return b.graph(outputs, loss=features)

    def targets(self, frozen: NDArray[Any], learn: NDArray[Any]) -> NDArray[Any]:
        """0 and 1, float32 (N, K)."""
        return frozen.astype(np.float32)


def _least_sure(b: Builder, name: str, scores: str) -> str:
    """The confidence (1,) of the decision that is least sure: a half and the least distance of a score from it."""
    one, half, none = (
        b.weight(f"{name}.sure.{word}", (1,), role="fixed", value=np.array([value]))
        for word, value in (("one", 1.0), ("half", 0.5), ("none", -0.5))
    )
    over = b.op("affine", f"{name}.over", scores, one, none)
    distance = b.op(
        "add",
        f"{name}.distance",
        b.op("relu", f"{name}.above", over),
        b.op("relu", f"{name}.below", minus(b, name, over)),
    )
    nearest = b.op("maximum", f"{name}.nearest", minus(b, name, distance))
    return b.op("affine", f"{name}.surety", minus(b, name, nearest), one, half)


ENTRY: Final = Labels()
