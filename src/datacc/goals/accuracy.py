"""The share of answers that are right."""

from typing import Any, Final

from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told, rate


class Accuracy(Metric):
    """Right answers over all answers, as in scikit-learn's accuracy_score: of several labels all must be right."""

    forms = ("label", "labels")

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), or 0 and 1 (N, K)."""
        right = truth == told.value
        return rate(int((right.all(axis=1) if right.ndim > 1 else right).sum()), len(truth))


ENTRY: Final = Accuracy()
