"""The share of the answers that the program stands by and that are wrong."""

from typing import Any, Final

from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told, slips


class Error(Metric):
    """Wrong answers over those that the program says it knows: one minus accuracy_score of scikit-learn on these.
    Of several labels all must be right.

    A program may know every answer, so that all rows may count.
    """

    forms = ("label", "labels", "number")
    at_most = True
    needs_known = True

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows; a number is wrong that is farther from the truth than `told.within`."""
        known = told.standing
        return slips(int(told.wrong(truth)[known].sum()), int(known.sum()))


ENTRY: Final = Error()
