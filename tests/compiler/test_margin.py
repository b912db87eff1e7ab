"""How likely a candidate must be to pass: searches simulated by the thousand, at the worst quality."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.compiler.certify import chance_of
from datacc.compiler.margin import wanted_chance
from datacc.goals import rate
from datacc.spec.bounds import CONFIDENCE, needed_right

RUNS = 4000
MANY = 20
SPLITS = [(500, 1000, 0.9), (1012, 2041, 0.98), (700, 140, 0.9), (100, 200, 0.8)]  # tune, judge, goal


def least(judge: int, goal: float) -> int:
    """How many right answers judge wants."""
    found = needed_right(judge, goal)
    assert found is not None
    return found


@cache
def chances(tune: int, judge: int, goal: float) -> NDArray[np.float64]:
    """The chance of passing after each number of right answers on tune."""
    return np.array([chance_of(least(judge, goal), judge, rate(right, tune)) for right in range(tune + 1)])


def refused(split: tuple[int, int, float], right: NDArray[np.int64], share: float, bars: NDArray[np.float64]) -> float:
    """How often the first whose `right` answers on tune (runs, candidates) pass has too few right in judge."""
    _, judge, goal = split
    seen = chances(*split)[right]
    before: NDArray[np.int64] = np.cumsum(seen > 1 - CONFIDENCE, axis=1) - (seen > 1 - CONFIDENCE)
    passes = (seen >= bars[before]).any(axis=1)
    judged = np.random.default_rng(1).binomial(judge, share, len(right))
    return float((passes & (judged < least(judge, goal))).mean())


def bars_of(split: tuple[int, int, float]) -> NDArray[np.float64]:
    return np.array([wanted_chance(n + 1, *split[:2]) for n in range(MANY + 1)])


@pytest.mark.parametrize("split", SPLITS, ids=str)
@pytest.mark.parametrize("many", [2, MANY])
def test_what_is_chosen_is_refused_by_judge_as_seldom_as_a_bound_fails(
    split: tuple[int, int, float], many: int
) -> None:
    """Candidates of one quality, whatever it is, that err independently."""
    tune, judge, goal = split
    random, border = np.random.default_rng(0), least(judge, goal) / judge
    found = [
        refused(split, random.binomial(tune, share, (RUNS, many)), share, bars_of(split))
        for share in np.linspace(border - 0.02, min(1.0, border + 0.04), 9)
    ]
    assert max(found) <= 0.055  # four in a thousand are the simulation's own error


def test_as_if_each_were_the_only_one_a_sixth_would_be_refused() -> None:
    split = (500, 1000, 0.9)
    right = np.random.default_rng(0).binomial(500, 0.92, (RUNS, MANY))
    assert refused(split, right, 0.92, np.full(MANY + 1, CONFIDENCE)) > 0.1


@pytest.mark.parametrize("alike", [0.3, 0.7])
def test_candidates_that_err_on_the_same_rows_are_refused_more_seldom(alike: float) -> None:
    """With that share of rows on which all answer alike."""
    split, share = (500, 1000, 0.9), 0.92
    random, bars = np.random.default_rng(0), bars_of(split)
    common = random.binomial(round(500 * alike), share, (RUNS, 1))
    right = common + random.binomial(500 - round(500 * alike), share, (RUNS, MANY))
    apart = random.binomial(500, share, (RUNS, MANY))
    assert refused(split, right, share, bars) <= refused(split, apart, share, bars)


@given(st.integers(1, 12), st.integers(1, 5000), st.integers(1, 20_000))
def test_more_contenders_are_asked_for_more_and_none_for_less_than_a_bound(many: int, tune: int, judge: int) -> None:
    found = [wanted_chance(n, tune, judge) for n in range(many + 1)]
    assert found[0] == found[1] == CONFIDENCE
    assert all(CONFIDENCE <= one < 1 for one in found)
    assert found == sorted(found)


def test_the_second_of_two_is_asked_for_less_than_half_of_the_risk_would_say() -> None:
    assert wanted_chance(1, 1012, 2041) == CONFIDENCE
    assert wanted_chance(2, 1012, 2041) < 1 - (1 - CONFIDENCE) / 2
