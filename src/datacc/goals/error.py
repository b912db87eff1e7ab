"""The share of the answers that the program stands by and that are wrong."""

from typing import Any, Final

from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told, slips


class Error(Metric):
    """Wrong answers over those that the program says it knows: one minus accuracy_score of scikit-learn on these.

    A program may know every answer, so that all rows may count.
    """

    at_most = True
    needs_known = True

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), −1 for what is not known."""
        known = told.value >= 0
        return slips(int((truth != told.value)[known].sum()), int(known.sum()))


ENTRY: Final = Error()
