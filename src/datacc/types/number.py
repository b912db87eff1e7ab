"""The output type `number`: a number, answered with an interval that holds the truth as often as it says.

A network answers in deviations from the mean of learn; the answer turns that into the unit of the labels. The interval
is as wide as the errors on a half of tune that chose nothing (split-conformal prediction: Vovk et al. 2005).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.types import Options, OutputType

LARGEST: Final = float(np.finfo(np.float32).max)
TENTH: Final = 0.1  # of a deviation: answers that are nearer are the same, unless it is said otherwise


class NumberOptions(Options):
    """`interval`: how often the truth is to lie in it; `within`: how near an answer must be to be right."""

    interval: Annotated[float, Field(ge=0.5, lt=1)] = 0.9
    within: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


_PLAIN: Final = NumberOptions()


class Number(OutputType):
    """One feature, times the deviation of learn, plus its mean."""

    form = "number"
    blank = math.nan
    options = NumberOptions

    def read(self, text: str) -> float:
        """The number that the text says. Raises `DataError` for another text, and beyond float32."""
        try:
            return _finite(float(text))
        except (ValueError, DataError):
            raise DataError(
                f"{text!r} is no finite number", tries=['type = "label" takes every text for a class']
            ) from None

    def classes(self, values: Sequence[Any]) -> tuple[str, ...]:
        """There are none."""
        return ()

    def encode(self, values: Sequence[Any], classes: Sequence[str] = ()) -> NDArray[Any]:
        """float32 (N,), NaN for None. Raises `DataError` for what is no number within float32."""
        wrong = next((value for value in values if value is not None and type(value) not in (int, float)), None)
        if wrong is not None:
            raise DataError(f"{wrong!r} is no number")
        return np.array([math.nan if value is None else _finite(value) for value in values], np.float32)

    def decode(self, frozen: NDArray[Any], classes: Sequence[str] = ()) -> list[Any]:
        """Numbers in the fewest digits that float32 tells apart, None for NaN."""
        return [None if np.isnan(one) else float(str(one)) for one in frozen.reshape(-1).astype(np.float32)]

    def distance(self, one: Any, other: Any) -> float:
        """Their difference."""
        return math.inf if one is None or other is None else float(abs(one - other))

    def tolerance(self, learn: NDArray[Any], options: NumberOptions) -> float:
        """`within`, or a tenth of the deviation of learn."""
        return TENTH * float(learn.astype(np.float64).std()) if options.within is None else options.within

    def shown(self, value: Any) -> str:
        """Seven digits, which is what float32 holds: 234,042.9."""
        return f"{float(f'{value:.7g}'):,.10g}"

    def answer(self, name: str, classes: Sequence[str] = (), options: NumberOptions = _PLAIN) -> Graph:
        """Outputs `name`, `name_low` and `name_high`, float32; the loss reads the feature (1,), in deviations.

        Uncalibrated (`<name>.below`, `<name>.above`) the interval is the number alone.
        """
        b = Builder()
        feature = b.input(f"{name}.features", "float32", (1,))
        scale, mean = (b.weight(f"{name}.{part}", (1,), role="data") for part in ("scale", "mean"))
        one = b.weight(f"{name}.one", (1,), role="fixed", value=np.ones(1))
        value = b.op("affine", f"{name}.value", feature, scale, mean)
        outputs = {name: value}
        for part, side in (("below", "low"), ("above", "high")):
            offset = b.weight(f"{name}.{part}", (1,), role="calibrated", value=np.zeros(1))
            outputs[f"{name}_{side}"] = b.op("affine", f"{name}.{side}", value, one, offset)
        return b.graph(outputs, loss=feature)

    def data(self, name: str, learn: NDArray[Any]) -> Mapping[str, NDArray[np.float32]]:
        """Mean and deviation of learn; a deviation of 0 counts as 1."""
        mean, scale = _standard(learn)
        return {f"{name}.scale": np.array([scale], np.float32), f"{name}.mean": np.array([mean], np.float32)}

    def targets(self, frozen: NDArray[Any], learn: NDArray[Any]) -> NDArray[Any]:
        """Deviations from the mean of learn, (N, 1)."""
        mean, scale = _standard(learn)
        return ((frozen[:, None].astype(np.float64) - mean) / scale).astype(np.float32)


def _finite(value: float) -> float:
    if not abs(value) <= LARGEST:
        raise DataError(f"{value} is no finite float32")
    return float(value)


def _standard(learn: NDArray[Any]) -> tuple[float, float]:
    """Mean and deviation as the program has them."""
    numbers = learn.astype(np.float64)
    return float(np.float32(numbers.mean())), float(np.float32(numbers.std())) or 1.0


ENTRY: Final = Number()
