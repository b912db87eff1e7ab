"""Bounds of rates against scipy's beta distribution, and what they can certify."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from datacc.spec.bounds import lower_bound, needed_right, needed_total

COUNTS = st.integers(1, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
GOALS = st.floats(0.05, 0.9995)


@given(COUNTS, st.sampled_from([0.9, 0.95, 0.99]))
def test_it_is_the_beta_quantile(counts: tuple[int, int], confidence: float) -> None:
    right, total = counts
    expected = beta.ppf(1 - confidence, right, total - right + 1) if right else 0.0
    assert lower_bound(right, total, confidence) == pytest.approx(expected, abs=1e-9)


def test_many_rows() -> None:
    assert lower_bound(990_000, 1_000_000) == pytest.approx(beta.ppf(0.05, 990_000, 10_001), abs=1e-7)


@given(COUNTS)
def test_one_more_right_answer_raises_it(counts: tuple[int, int]) -> None:
    right, total = counts
    if right < total:
        assert lower_bound(right, total) < lower_bound(right + 1, total) < (right + 1) / total + 1e-12


@given(st.integers(1, 2000), GOALS)
def test_the_fewest_right_answers(total: int, goal: float) -> None:
    right = needed_right(total, goal)
    if right is None:
        assert lower_bound(total, total) < goal
    else:
        assert lower_bound(right, total) >= goal
        assert right == 0 or lower_bound(right - 1, total) < goal


@given(GOALS)
def test_the_fewest_rows(goal: float) -> None:
    total = needed_total(goal)
    assert lower_bound(total, total) >= goal - 1e-12
    assert total == 1 or lower_bound(total - 1, total - 1) < goal


def test_known_values() -> None:
    assert needed_total(0.96) == 74
    assert lower_bound(1, 1) == pytest.approx(0.05)
    assert lower_bound(0, 0) == 0.0
    assert math.isclose(lower_bound(982, 1000), 0.97334, abs_tol=1e-4)


@pytest.mark.parametrize(("right", "total"), [(2, 1), (-1, 3), (1, 0)])
def test_wrong_counts(right: int, total: int) -> None:
    with pytest.raises(ValueError, match="is no count"):
        lower_bound(right, total)
