"""The share of the rows whose answer the program says it knows."""

from typing import Any, Final

from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told, rate


class Coverage(Metric):
    """Known answers, right or wrong, over all rows."""

    forms = ("label", "labels", "number")
    needs_known = True

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows."""
        return rate(int(told.standing.sum()), len(truth))


ENTRY: Final = Coverage()
