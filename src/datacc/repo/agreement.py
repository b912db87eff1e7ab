"""How far several people agree: percent, Cohen's kappa of two, Krippendorff's alpha of all."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from datacc.frozen import frozen

_Z: Final = 1.959963984540054  # the 97.5 % point of the normal distribution

Unit = Mapping[str, Hashable]  # person → what they said of one example


@frozen
class Pair:
    """Two people over the `shared` examples on which both voted, `same` of them alike.

    `kappa` is Cohen's, None where chance alone would explain any answer (both always say one class); `low` and `high`
    are its 95 % interval by the large-sample error of Fleiss, Cohen and Everitt (1969), None below two examples.
    `confused`: (what the first said, what the second said) → how often.
    """

    first: str
    second: str
    shared: int
    same: int
    kappa: float | None
    low: float | None
    high: float | None
    confused: Mapping[tuple[Hashable, Hashable], int]


def compare(first: str, second: str, units: Iterable[Unit]) -> Pair:
    """The agreement of two people; units on which one of them is silent do not count."""
    pairs = Counter((unit[first], unit[second]) for unit in units if first in unit and second in unit)
    shared, same = pairs.total(), sum(n for (one, other), n in pairs.items() if one == other)
    kappa = _kappa(pairs)
    error = _error(pairs, kappa) if kappa is not None and shared > 1 else None
    return Pair(
        first=first,
        second=second,
        shared=shared,
        same=same,
        kappa=kappa,
        low=None if kappa is None or error is None else max(-1.0, kappa - _Z * error),
        high=None if kappa is None or error is None else min(1.0, kappa + _Z * error),
        confused=dict(pairs),
    )


def alpha(units: Iterable[Unit]) -> float | None:
    """Krippendorff's alpha for nominal values; units with fewer than two values do not count.

    None without a pair of values; 1 where everybody always says the same one class is not known either: None.
    """
    disagreed, totals = 0.0, Counter[Hashable]()
    for unit in units:
        said = Counter(unit.values())
        size = said.total()
        if size >= 2:
            totals += said
            disagreed += sum(n * (size - n) for n in said.values()) / (size - 1)
    count = totals.total()
    expected = sum(n * (count - n) for n in totals.values())
    return 1 - (count - 1) * disagreed / expected if expected else None


def disagreement(said: Sequence[Hashable]) -> float:
    """The share of pairs of values that differ, 0 to 1."""
    size = len(said)
    return sum(n * (size - n) for n in Counter(said).values()) / (size * (size - 1)) if size > 1 else 0.0


def _margins(pairs: Counter[tuple[Hashable, Hashable]]) -> tuple[Counter[Hashable], Counter[Hashable]]:
    rows, columns = Counter[Hashable](), Counter[Hashable]()
    for (one, other), n in pairs.items():
        rows[one] += n
        columns[other] += n
    return rows, columns


def _kappa(pairs: Counter[tuple[Hashable, Hashable]]) -> float | None:
    rows, columns = _margins(pairs)
    count = pairs.total()
    chance = sum(rows[c] * columns[c] for c in rows)
    if chance == count * count:
        return None
    return (count * sum(pairs[c, c] for c in rows) - chance) / (count * count - chance)


def _error(pairs: Counter[tuple[Hashable, Hashable]], kappa: float) -> float:
    """The large-sample standard error of kappa."""
    rows, columns = _margins(pairs)
    count = pairs.total()
    chance = sum(rows[c] * columns[c] for c in rows) / count**2
    total = 0.0
    for (one, other), n in pairs.items():
        both = (rows[one] + columns[one]) / count
        across = (columns[one] + rows[other]) / count
        weight = (1 - both * (1 - kappa)) ** 2 if one == other else ((1 - kappa) * across) ** 2
        total += n / count * weight
    variance = (total - (kappa - chance * (1 - kappa)) ** 2) / (count * (1 - chance) ** 2)
    return math.sqrt(max(0.0, variance))
