"""The front of a record with missing values, categories or dates: from its numbers to features, without a branch.

What is missing reaches a Graph as no number, and only a cast to integers makes a number of it: 0, which is made to
stand for the median. So all columns go through integers, of which there are more than a float tells apart.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.build import Builder
from datacc.ir.graph import Graph

STEPS: Final = 2.0**30  # whole numbers on either side of the median, for values as far away as any of learn
FAR: Final = 8.0  # robust deviations; what lies beyond counts as there
NORMAL: Final = 1.349  # the range between quartiles of a normal distribution, in deviations
NEVER: Final = 1e10  # what takes every code away from a slot that belongs to no value
PERIODS: Final = ((7.0, 3), (365.2425, 2), (1.0, 2))  # in days, and how many harmonics of each
TICKS: Final = 1024.0  # in which a date is read, a day
SLOTS: Final = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
SAME: Final = 1e-7  # of the median, below which float32 tells no values apart


@frozen
class Layout:
    """Which of `width` numbers are what, by place: `numbers` get `bins`, `flags` are 1 or 0.

    `dates` are among the `numbers`; `missing` are those of all these that may be no number. `categories`: place →
    number of values.
    """

    width: int
    numbers: Sequence[int]
    flags: Sequence[int]
    dates: Sequence[int]
    missing: Sequence[int]
    categories: Mapping[int, int]
    bins: int

    @property
    def measured(self) -> list[int]:
        """The places of all that has a median."""
        return [*self.numbers, *self.flags]


def spread(name: str, layout: Layout) -> Graph:
    """From the input `name` (width,) to `<name>.features` (M,), and with bins also `<name>.bins` (numbers, bins).

    The features: numbers by median and quartiles; 1 for each that is missing; periods of dates; a slot for each value
    of a category, which is 1 where it is that value.
    """
    b, outputs, parts = Builder(), dict[str, str](), list[str]()
    x = b.input(name, "float32", (layout.width,))
    if count := len(layout.measured):
        steps = _steps(b, name, _take(b, f"{name}.measured", x, layout.measured))
        scale = b.weight(f"{name}.robust.scale", (count,), role="data")
        far = b.op("affine", f"{name}.far", steps, scale, _fixed(b, f"{name}.robust.zero", [0.0]))
        parts.append(b.op("clip", f"{name}.robust", far, low=-FAR, high=FAR))
        if layout.bins and layout.numbers:
            outputs[f"{name}.bins"] = _bins(b, f"{name}.bins", steps, len(layout.numbers), layout.bins)
    if layout.missing:
        parts.append(_missing(b, f"{name}.missing", _take(b, f"{name}.gaps", x, layout.missing)))
    if layout.dates:
        parts.append(_periods(b, f"{name}.periods", _take(b, f"{name}.dates", x, layout.dates)))
    for slots, places in _by_slots(layout.categories).items():
        codes = _take(b, f"{name}.codes{slots}", x, places)
        parts.append(_slots(b, f"{name}.slots{slots}", codes, [layout.categories[place] for place in places], slots))
    features = parts[0] if len(parts) == 1 else b.op("concat", f"{name}.joined", *parts, axis=0)
    return b.graph({f"{name}.features": features, **outputs})


def measured(name: str, layout: Layout, learn: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """The values of the front's `data` holes, from learn rows (N, width)."""
    columns = [_Column(learn[:, place]) for place in layout.measured]
    if not columns:
        return {}
    values: dict[str, Any] = {
        f"{name}.steps.scale": [one.steps for one in columns],
        f"{name}.steps.offset": [-one.median * one.steps for one in columns],
        f"{name}.robust.scale": [one.robust for one in columns],
    }
    if layout.bins and layout.numbers:
        found = [one.bins(layout.bins) for one in columns[: len(layout.numbers)]]
        values |= {f"{name}.bins.scale": np.concatenate([scale for scale, _ in found])}
        values |= {f"{name}.bins.offset": np.concatenate([offset for _, offset in found])}
    return {key: np.array(value, np.float32) for key, value in values.items()}


class _Column:
    """What the learn values of one column tell; those that are no number are left out."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = np.sort(values[np.isfinite(values)].astype(np.float64))
        self.median = float(np.median(self.values)) if len(self.values) else 0.0
        self.span = float(np.abs(self.values - self.median).max()) if len(self.values) else 0.0
        varies = self.span > max(SAME * abs(self.median), STEPS / 1e38)
        self.steps = STEPS / self.span if varies else 0.0

    @property
    def robust(self) -> float:
        """Deviations a step: by quartiles, or where these are one number, by squares."""
        if not self.steps:
            return 0.0
        low, high = np.quantile(self.values, [0.25, 0.75])
        deviation = (high - low) / NORMAL if high > low else self.values.std()
        return float(1 / (self.steps * deviation))

    def bins(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scale and offset (count,) that take steps to 0 … 1 within each bin; bins that are not needed stay at 0."""
        scale, offset = np.zeros(count), np.zeros(count)
        edges = _edges(self.values, count) if self.steps else np.zeros(1)
        used, wide = len(edges) - 1, np.diff(edges)
        scale[:used], offset[:used] = 1 / (wide * self.steps), (self.median - edges[:-1]) / wide
        return scale, offset


def _edges(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """At most `bins` + 1 values, between which lie about as many rows each; no one value fills more than a bin."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) <= bins + 1:
        return different
    mass = np.minimum(counts, math.ceil(len(values) / bins))
    middles = np.cumsum(mass) - mass / 2
    at = np.searchsorted(middles, np.linspace(middles[0], middles[-1], bins + 1))
    return np.unique(different[np.minimum(at, len(different) - 1)])


def _steps(b: Builder, name: str, x: str) -> str:
    """Steps from the median, whole numbers; 0 for what is missing."""
    scale, offset = (b.weight(f"{name}.steps.{part}", b.type(x).shape, role="data") for part in ("scale", "offset"))
    return _whole(b, f"{name}.steps", b.op("affine", f"{name}.steps.far", x, scale, offset))


def _bins(b: Builder, name: str, steps: str, count: int, bins: int) -> str:
    """(count, bins): how far each number lies through each of its bins, from 0 to 1."""
    taken = _take(b, f"{name}.steps", steps, range(count))
    scale, offset = (b.weight(f"{name}.{part}", (count * bins,), role="data") for part in ("scale", "offset"))
    far = b.op("affine", f"{name}.far", _repeated(b, f"{name}.each", taken, bins), scale, offset)
    return b.op("reshape", name, b.op("clip", f"{name}.within", far, low=0.0, high=1.0), shape=(count, bins))


def _missing(b: Builder, name: str, x: str) -> str:
    """1 for what is no number, or infinite, else 0: 0 · x + 1 is 1 for every other number."""
    there = _affine(b, f"{name}.there", x, 0.0, 1.0)
    return _affine(b, name, _whole(b, f"{name}.known", there), -1.0, 1.0)


def _periods(b: Builder, name: str, x: str) -> str:
    """Sines and cosines of dates, in days: of the week, the year and the day."""
    waves = [(period, k, turn) for period, top in PERIODS for k in range(1, top + 1) for turn in (0, np.pi / 2)]
    ticks = _whole(b, f"{name}.ticks", _affine(b, f"{name}.clock", x, TICKS, 0.0))
    each = _repeated(b, f"{name}.each", ticks, len(waves))
    count = b.type(x).count
    turns = _affine(b, f"{name}.turns", each, [1 / (TICKS * period) for period, _, _ in waves] * count, 0.0)
    rounds = _affine(b, f"{name}.less", _whole(b, f"{name}.rounds", turns), -1.0, 0.0)
    part = b.op("add", f"{name}.part", turns, rounds)
    speeds, starts = [2 * np.pi * k for _, k, _ in waves], [turn for _, _, turn in waves]
    return b.op("sin", name, _affine(b, f"{name}.angle", part, speeds * count, starts * count))


def _slots(b: Builder, name: str, x: str, sizes: Sequence[int], slots: int) -> str:
    """For each code `slots` numbers: 1 − (code − slot)², not below 0. Nothing is 1 for what is no code."""
    codes = _whole(b, f"{name}.code", _affine(b, f"{name}.shifted", x, 1.0, 1.0))  # so that 0 is what is missing
    own = [-(k + 1.0) if k < size else NEVER for size in sizes for k in range(slots)]
    away = _affine(b, f"{name}.away", _repeated(b, f"{name}.each", codes, slots), 1.0, own)
    near = _affine(b, f"{name}.near", b.op("multiply", f"{name}.square", away, away), -1.0, 1.0)
    return b.op("clip", name, near, low=0.0, high=1.0)


def _by_slots(categories: Mapping[int, int]) -> dict[int, list[int]]:
    """Number of slots → places of the categories that take so many."""
    found: dict[int, list[int]] = {}
    for place, size in categories.items():
        found.setdefault(next(slots for slots in SLOTS if slots >= size), []).append(place)
    return dict(sorted(found.items()))


def _take(b: Builder, name: str, x: str, places: Sequence[int]) -> str:
    """Some numbers of x (F,), in this order: a slice for each run of neighbours."""
    if list(places) == list(range(b.type(x).shape[0])):
        return x
    starts = [i for i, place in enumerate(places) if not i or place != places[i - 1] + 1]
    runs = [(places[i], places[j - 1]) for i, j in zip(starts, [*starts[1:], len(places)], strict=True)]
    if len(runs) == 1:
        return b.op("slice", name, x, axis=0, first=runs[0][0], last=runs[0][1])
    parts = [b.op("slice", f"{name}.{k}", x, axis=0, first=i, last=j) for k, (i, j) in enumerate(runs, 1)]
    return b.op("concat", name, *parts, axis=0)


def _repeated(b: Builder, name: str, x: str, times: int) -> str:
    """(F · times,) of (F,): each number several times."""
    column = b.op("reshape", f"{name}.column", x, shape=(*b.type(x).shape, 1))
    ones, zeros = _fixed(b, f"{name}.ones", np.ones((times, 1, 1))), _fixed(b, f"{name}.zeros", np.zeros(times))
    rows = b.op("conv", f"{name}.rows", column, ones, zeros, stride=(1,), pad=((0, 0),), dilation=(1,))
    return b.op("reshape", name, rows, shape=(b.type(rows).count,))


def _whole(b: Builder, name: str, x: str) -> str:
    """The nearest whole numbers, as floats; 0 for what is no number."""
    return b.op("cast", name, b.op("cast", f"{name}.whole", x, to="int32"))


def _affine(b: Builder, name: str, x: str, scale: Any, offset: Any) -> str:
    weights = _fixed(b, f"{name}.scale", np.atleast_1d(scale)), _fixed(b, f"{name}.offset", np.atleast_1d(offset))
    return b.op("affine", name, x, *weights)


def _fixed(b: Builder, name: str, value: Any) -> str:
    array = np.array(value, np.float32)
    return b.weight(name, array.shape, role="fixed", value=array)
