"""What every metric promises, and that it is scikit-learn's metric of that name."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from datacc.goals import Metric
from datacc.registry import load, names
from datacc.spec.bounds import lower_bound

ORACLES: dict[str, Any] = {
    "accuracy": lambda truth, answer, of_class: metrics.accuracy_score(truth, answer),
    "recall": lambda truth, answer, of_class: metrics.recall_score(
        truth, answer, labels=[of_class], average="macro", zero_division=0
    ),
}
NAMES = names("goals")
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def test_every_metric_has_an_oracle() -> None:
    assert sorted(ORACLES) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
@given(pairs=PAIRS, of_class=st.integers(0, 3))
def test_it_is_the_metric_of_that_name(name: str, pairs: list[tuple[int, int]], of_class: int) -> None:
    metric: Metric = load("goals", name)
    truth, answer = (np.array(side, np.int32) for side in zip(*pairs, strict=True))
    chosen = of_class if metric.needs_class else None
    figure = metric.measure(truth, answer, chosen)
    assert figure.value == pytest.approx(ORACLES[name](truth, answer, of_class))
    assert figure.total == metric.rows(truth, chosen)
    assert figure.bound == lower_bound(figure.right, figure.total)
    assert 0 <= figure.bound <= figure.value <= 1


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_certify_nothing(name: str) -> None:
    nothing = np.zeros(0, np.int32)
    figure = load("goals", name).measure(nothing, nothing, 1)
    assert (figure.value, figure.bound, figure.total) == (0.0, 0.0, 0)
