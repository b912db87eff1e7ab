"""Classes that more examples help: counts of what a doubling mended, and nothing where chance explains them."""

import numpy as np
import pytest

from datacc.compiler.suggest.needs import needs, untold

NAMES = ("plenty", "lacking", "hopeless", "rare")


def answered(labels: np.ndarray, wrong: dict[int, int]) -> np.ndarray:
    """The labels, but for the first so many rows of some classes."""
    found = labels.copy()
    for k, count in wrong.items():
        found[np.flatnonzero(labels == k)[:count]] = (k + 1) % len(NAMES)
    return found


def test_the_class_that_a_doubling_helped_is_named_with_what_is_expected() -> None:
    labels = np.repeat(np.arange(4), [400, 100, 100, 5])
    fewer = answered(labels, {0: 2, 1: 60, 2: 50})
    whole = answered(labels, {0: 2, 1: 30, 2: 50})
    [found] = needs(NAMES, labels, whole, fewer)
    assert (found.name, found.rows, found.more) == ("lacking", 100, 100)
    assert (found.before, found.found) == (pytest.approx(0.4), pytest.approx(0.7))
    # From two thirds of the examples to twice the whole: log2(3) doublings, each of which halves the errors.
    assert found.then == pytest.approx(1 - 0.3 / 3)
    assert untold(NAMES, labels) == (("rare", 5),)


def test_noise_is_no_need() -> None:
    """Of classes whose errors only move about, hardly one in twenty is named."""
    random, named = np.random.default_rng(0), 0
    labels = np.repeat(np.arange(4), 200)
    for _ in range(100):
        draws = [np.where(random.random(800) < 0.3, (labels + 1) % 4, labels) for _ in range(2)]
        named += len(needs(NAMES, labels, *draws))
    assert named <= 0.08 * 400


def test_those_that_gain_the_most_stand_first() -> None:
    labels = np.repeat(np.arange(4), [300, 300, 300, 300])
    fewer = answered(labels, {0: 60, 1: 200, 2: 100})
    whole = answered(labels, {0: 40, 1: 100, 2: 50})
    assert [one.name for one in needs(NAMES, labels, whole, fewer)] == ["lacking", "hopeless", "plenty"]


def test_what_is_always_right_needs_nothing() -> None:
    labels = np.repeat(np.arange(4), 50)
    assert needs(NAMES, labels, labels, answered(labels, {0: 40})) == ()
