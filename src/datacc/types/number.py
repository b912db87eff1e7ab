"""The output type `number`: a number, answered with an interval that holds the truth as often as it says.

A network answers in deviations from the mean of learn; the answer turns that into the unit of the labels. The interval
is as wide as the errors on a half of tune that chose nothing (split-conformal prediction: Vovk et al. 2005).

With `abstain = true` the network also answers two quantiles, so that the interval is narrow where it can be and wide
where it must (Romano et al. 2019, "Conformalized Quantile Regression"); a number with too wide a one is not known.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.types import Options, OutputType
from datacc.types._known import known, minus

LARGEST: Final = float(np.finfo(np.float32).max)
TENTH: Final = 0.1  # of a deviation: answers that are nearer are the same, unless it is said otherwise


class NumberOptions(Options):
    """`interval`: how often the truth is to lie in it; `within`: how near an answer must be to be right.

    `abstain`: answer also whether the number is known; `widest`: how wide its interval may be then, where no goal says
    how sure is sure enough.
    """

    interval: Annotated[float, Meta(ge=0.5, lt=1)] = 0.9
    within: Annotated[float, Meta(gt=0, le=LARGEST)] | None = None
    abstain: bool = False
    widest: Annotated[float, Meta(gt=0, le=LARGEST)] | None = None


_PLAIN: Final = NumberOptions()


class Number(OutputType):
    """One feature, times the deviation of learn, plus its mean; where it abstains, its two quantiles beside it."""

    form = "number"
    judged = ("interval", "within", "widest")
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
            raise DataError(f"{wrong!r} is no number", tries=["12.5"])
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

        Uncalibrated (`<name>.below`, `<name>.above`) the interval is the number alone. With `abstain` the features (3,)
        are the number and the quantiles `levels`; the interval reaches from the least of them to the largest, or so
        much less as `<name>.spread` says. `name_known` (int32, 1 or 0) is then one more output: whether low − high is
        at least `<name>.limit`.
        """
        b = Builder()
        features = b.input(f"{name}.features", "float32", (3 if options.abstain else 1,))
        scale, mean = (b.weight(f"{name}.{part}", (1,), role="data") for part in ("scale", "mean"))
        one = b.weight(f"{name}.one", (1,), role="fixed", value=np.ones(1))
        feature, below, above = _parts(b, name, features, scale) if options.abstain else (features, "", "")
        value = b.op("affine", f"{name}.value", feature, scale, mean)
        outputs = {name: value}
        for part, side, beyond in (("below", "low", below), ("above", "high", above)):
            offset = b.weight(f"{name}.{part}", (1,), role="calibrated", value=np.zeros(1))
            end = b.op("add", f"{name}.{side}.raw", value, beyond) if beyond else value
            outputs[f"{name}_{side}"] = b.op("affine", f"{name}.{side}", end, one, offset)
        if options.abstain:
            narrow = b.op("add", f"{name}.narrow", f"{name}.low", minus(b, name, f"{name}.high"))
            outputs[f"{name}_known"] = known(b, name, narrow, least=-LARGEST)
        return b.graph(outputs, loss=features)

    def levels(self, options: NumberOptions) -> tuple[float, ...]:
        """The two quantiles between which the truth lies as often as asked."""
        return ((1 - options.interval) / 2, (1 + options.interval) / 2) if options.abstain else ()

    def data(self, name: str, learn: NDArray[Any]) -> Mapping[str, NDArray[np.float32]]:
        """Mean and deviation of learn; a deviation of 0 counts as 1."""
        mean, scale = _standard(learn)
        return {f"{name}.scale": np.array([scale], np.float32), f"{name}.mean": np.array([mean], np.float32)}

    def targets(self, frozen: NDArray[Any], learn: NDArray[Any]) -> NDArray[Any]:
        """Deviations from the mean of learn, (N, 1)."""
        mean, scale = _standard(learn)
        return ((frozen[:, None].astype(np.float64) - mean) / scale).astype(np.float32)


def _parts(b: Builder, name: str, features: str, scale: str) -> tuple[str, str, str]:
    """The number in deviations, and how far, at least nothing, its quantiles are below and above it, in its unit."""
    zero = b.weight(f"{name}.zero", (1,), role="fixed", value=np.zeros(1))
    spread = b.weight(f"{name}.spread", (1,), role="calibrated", value=np.ones(1))
    value, low, high = (
        b.op("slice", f"{name}.feature.{part}", features, axis=0, first=k, last=k)
        for k, part in enumerate(("value", "low", "high"))
    )
    lack = b.op("relu", f"{name}.lack", b.op("add", f"{name}.under", value, minus(b, name, low)))
    rest = b.op("relu", f"{name}.rest", b.op("add", f"{name}.over", high, minus(b, name, value)))
    lack, rest = (b.op("affine", f"{part}.spread", part, spread, zero) for part in (lack, rest))
    lack, rest = (b.op("affine", f"{part}.scaled", part, scale, zero) for part in (lack, rest))
    return value, minus(b, name, lack), rest


def _finite(value: float) -> float:
    if not abs(value) <= LARGEST:
        raise DataError(f"{value} is no finite float32")
    return float(value)


def _standard(learn: NDArray[Any]) -> tuple[float, float]:
    """Mean and deviation as the program has them."""
    numbers = learn.astype(np.float64)
    return float(np.float32(numbers.mean())), float(np.float32(numbers.std())) or 1.0


ENTRY: Final = Number()
