"""What every metric promises, and that it is scikit-learn's metric of that name."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import beta
from sklearn import metrics

from datacc.goals import Metric
from datacc.registry import load, names


def error(truth: Any, answer: Any, of_class: int | None) -> float:
    known = answer >= 0
    return float(metrics.zero_one_loss(truth[known], answer[known]))


ORACLES: dict[str, Any] = {
    "accuracy": lambda truth, answer, of_class: metrics.accuracy_score(truth, answer),
    "coverage": lambda truth, answer, of_class: metrics.zero_one_loss(np.full(len(answer), -1), answer),
    "error": error,
    "recall": lambda truth, answer, of_class: metrics.recall_score(
        truth, answer, labels=[of_class], average="macro", zero_division=0
    ),
}
NAMES = names("goals")
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), min_size=1, max_size=60)


def test_every_metric_has_an_oracle() -> None:
    assert sorted(ORACLES) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
@given(pairs=PAIRS, of_class=st.integers(0, 3))
def test_it_is_the_metric_of_that_name(name: str, pairs: list[tuple[int, int]], of_class: int) -> None:
    metric: Metric = load("goals", name)
    truth, answer = (np.array(side, np.int32) for side in zip(*pairs, strict=True))
    answer = answer if metric.needs_known else np.abs(answer)
    assume(not metric.needs_known or (answer >= 0).any())
    chosen = of_class if metric.needs_class else None
    figure = metric.measure(truth, answer, chosen)
    assert figure.value == pytest.approx(ORACLES[name](truth, answer, of_class))
    assert 0 <= figure.right <= figure.total <= metric.rows(truth, chosen)
    assert figure.total == metric.rows(truth, chosen) or (answer < 0).any()
    assert figure.at_most == metric.at_most
    assert 0 <= figure.bound <= 1
    counted = figure.total - figure.right if metric.at_most else figure.right
    if metric.at_most:
        assert figure.bound == pytest.approx(beta.ppf(0.95, counted + 1, figure.right) if figure.right else 1, abs=1e-9)
    else:
        wrong = figure.total - counted
        assert figure.bound == pytest.approx(beta.ppf(0.05, counted, wrong + 1) if counted else 0, abs=1e-9)
    assert figure.reaches(figure.bound)
    assert not figure.reaches(figure.bound + (-1e-6 if metric.at_most else 1e-6))


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_certify_nothing(name: str) -> None:
    nothing = np.zeros(0, np.int32)
    figure = load("goals", name).measure(nothing, nothing, 1)
    assert (figure.value, figure.bound, figure.total) == (0.0, float(figure.at_most), 0)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_known_is_neither_right_nor_wrong(name: str) -> None:
    metric: Metric = load("goals", name)
    if metric.needs_known:
        unsure = metric.measure(np.arange(5, dtype=np.int32), np.full(5, -1, np.int32), None)
        assert (unsure.value, unsure.bound) == (0.0, float(metric.at_most))
