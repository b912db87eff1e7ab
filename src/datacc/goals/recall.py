"""The share of one class's examples that are found."""

from typing import Any, Final

from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told, rate


class Recall(Metric):
    """Right answers over the rows whose truth is the class, as in scikit-learn's recall_score of one label."""

    forms = ("label", "labels")
    needs_class = takes_class = even = True

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), or 0 and 1 (N, K)."""
        of = _is(truth, of_class)
        return rate(int(_is(told.value, of_class)[of].sum()), int(of.sum()))

    def rows(self, truth: NDArray[Any], of_class: int | None) -> int:
        """Those whose truth is the class."""
        return int(_is(truth, of_class).sum())


def _is(values: NDArray[Any], of_class: int | None) -> NDArray[Any]:
    """Whether each row (N,) is of the class."""
    return values[:, of_class] > 0 if values.ndim > 1 else values == of_class


ENTRY: Final = Recall()
