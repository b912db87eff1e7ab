"""The limit: coverage by its exact law (SciPy's Beta), the error held as often as promised, and what is chosen when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, binom, kstest

from datacc.compiler.certify import LIKELY
from datacc.compiler.limit import Asked, Limit, choose
from datacc.spec.bounds import needed_right

JUDGE = 1000
WHOLE = st.integers(20, 400)


def coverage_of(limit: Limit) -> float:
    """Of a population whose confidences are uniform from 0 to 1."""
    return 1 - limit.value


def error_of(limit: Limit) -> float:
    """Of that population when a confidence is as often right as it says: the mean of 1 − c above the limit."""
    return (1 - limit.value) / 2


def drawn(random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    confidence = random.random(rows)
    return confidence.astype(np.float32), random.random(rows) < confidence


@pytest.mark.parametrize(("rows", "wanted"), [(60, 0.8), (250, 0.9), (1000, 0.9)])
def test_coverage_over_a_hundred_splits_is_exactly_beta(rows: int, wanted: float) -> None:
    """Each in the band that holds all hundred with 99.9 %, and together as the law says, not as its neighbours do."""
    random, asked = np.random.default_rng(rows), Asked(coverage=wanted, judge=JUDGE)
    limits = [choose(*drawn(random, rows), asked) for _ in range(100)]
    [unknown] = {limit.unknown for limit in limits}
    law = beta(rows - unknown, unknown + 1)
    found = np.array([coverage_of(limit) for limit in limits])
    low, high = law.ppf([0.0005 / 100, 1 - 0.0005 / 100])
    assert ((low <= found) & (found <= high)).all()
    assert kstest(found, law.cdf).pvalue > 0.01
    away = max(1, round(2 * law.std() * rows))
    assert kstest(found, beta(rows - unknown - away, unknown + away + 1).cdf).pvalue < 1e-3


def test_a_limit_leaves_as_much_of_a_finite_pool_as_a_beta_binomial() -> None:
    """Random splits of the very same 600 rows into 200 that calibrate and 400 that are counted."""
    random = np.random.default_rng(4)
    confidence, right = drawn(random, 600)
    asked, counted = Asked(coverage=0.85, judge=400), []
    for _ in range(300):
        order = random.permutation(600)
        limit = choose(confidence[order[:200]], right[order[:200]], asked)
        counted.append(int((confidence[order[200:]] >= np.float32(limit.value)).sum()))
    law = betabinom(400, 200 - limit.unknown, limit.unknown + 1)
    assert np.mean(counted) == pytest.approx(law.mean(), abs=4 * law.std() / np.sqrt(300))
    assert np.std(counted) == pytest.approx(law.std(), rel=0.2)
    # Judge certifies as often as was said, or more: the chance is the tail of that law.
    passed = np.mean(np.array(counted) >= (needed_right(400, 0.85) or 401))
    assert limit.chance == pytest.approx(law.sf((needed_right(400, 0.85) or 401) - 1), abs=1e-9)
    assert binom.cdf(round(passed * 300), 300, limit.chance) > 1e-3


@given(WHOLE, st.floats(0.3, 0.97), st.integers(50, 3000), st.integers(0, 100))
def test_with_a_coverage_alone_counts_alone_decide(rows: int, coverage: float, judge: int, seed: int) -> None:
    """As many are left out as leave passing likely, and one more would not; no answer is looked at."""
    asked = Asked(coverage=coverage, judge=judge)
    confidence, right = drawn(np.random.default_rng(seed), rows)
    limit = choose(confidence, right, asked)
    assert choose(confidence, ~right, asked).value == limit.value
    wanted = needed_right(judge, coverage)
    tails = [
        0.0 if wanted is None else betabinom.sf(wanted - 1, judge, rows - k, k + 1)
        for k in (limit.unknown, limit.unknown + 1)
        if k < rows
    ]
    assert limit.chance == pytest.approx(tails[0], abs=1e-7)
    assert limit.unknown == 0 or tails[0] >= LIKELY - 1e-9
    assert len(tails) == 1 or tails[1] < LIKELY + 1e-9


@pytest.mark.parametrize("coverage", [None, 0.2])
def test_the_error_is_held_as_often_as_promised(coverage: float | None) -> None:
    """Of 150 programs whose limits passed their tests, at most one in twenty has a larger error, beyond chance."""
    random, asked = np.random.default_rng(7), Asked(error=0.2, coverage=coverage, judge=JUDGE)
    limits = [choose(*drawn(random, 500), asked) for _ in range(150)]
    held = [limit for limit in limits if limit.holds]
    broken = sum(error_of(limit) > 0.2 for limit in held)
    assert len(held) > 75
    assert binom.sf(broken - 1, len(held), 0.05) > 1e-3


def test_an_error_that_all_answers_keep_leaves_next_to_nothing_out() -> None:
    confidence = np.random.default_rng(0).random(2000).astype(np.float32)
    limit = choose(confidence, np.ones(2000, bool), Asked(error=0.01, judge=JUDGE))
    assert limit.unknown <= 2000 // 200
    assert limit.holds


def test_both_goals_are_kept_where_they_can_be() -> None:
    random = np.random.default_rng(1)
    confidence, right = drawn(random, 2000)
    limit = choose(confidence, right, Asked(error=0.25, coverage=0.3, judge=2000))
    assert limit.holds
    assert limit.chance >= LIKELY
    assert coverage_of(limit) > 0.3
    assert error_of(limit) < 0.25
    assert limit.known - limit.right == int((~right[confidence >= np.float32(limit.value)]).sum())


def test_goals_that_cannot_both_hold_keep_the_coverage_and_say_so() -> None:
    confidence, right = drawn(np.random.default_rng(2), 1000)
    both = choose(confidence, right, Asked(error=0.05, coverage=0.8, judge=JUDGE))
    alone = choose(confidence, right, Asked(coverage=0.8, judge=JUDGE))
    assert both.value == alone.value
    assert not both.holds
    assert both.chance < 0.01


def test_rows_too_few_to_show_an_error_leave_the_limit_to_the_coverage() -> None:
    """1 % takes 299 right answers; 250 rows give the limit of the coverage alone."""
    confidence, right = np.random.default_rng(3).random(250).astype(np.float32), np.ones(250, bool)
    both = choose(confidence, right, Asked(error=0.01, coverage=0.8, judge=JUDGE))
    alone = choose(confidence, right, Asked(coverage=0.8, judge=JUDGE))
    assert (both.value, both.holds) == (alone.value, False)
    assert both.unknown > 20


@given(st.lists(st.tuples(st.sampled_from([0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=120))
def test_equal_confidences_are_known_together(rows: list[tuple[float, bool]]) -> None:
    confidence, right = np.array([c for c, _ in rows], np.float32), np.array([r for _, r in rows])
    for asked in (
        Asked(error=0.3, judge=500),
        Asked(coverage=0.5, judge=500),
        Asked(error=0.3, coverage=0.2, judge=500),
    ):
        limit = choose(confidence, right, asked)
        known = confidence >= np.float32(limit.value)
        assert (limit.known, limit.right) == (int(known.sum()), int((known & right).sum()))
        assert limit.known >= 1


@given(WHOLE, st.integers(0, 50), st.floats(0.05, 0.5), st.floats(0.05, 0.5))
def test_a_smaller_error_never_knows_more(rows: int, seed: int, one: float, other: float) -> None:
    confidence, right = drawn(np.random.default_rng(seed), rows)
    strict, loose = (choose(confidence, right, Asked(error=e, judge=JUDGE)) for e in sorted((one, other)))
    if strict.holds:
        assert loose.holds
