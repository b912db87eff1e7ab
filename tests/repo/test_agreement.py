"""Agreement against scikit-learn, published figures, and Krippendorff's coincidence matrix written down once more."""

import math
from collections import defaultdict
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from datacc.repo.agreement import alpha, compare

# Krippendorff, "Computing Krippendorff's Alpha-Reliability", section C: four observers, twelve units.
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]

units = st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)), max_size=25)


def published() -> list[dict[str, int]]:
    return [{str(n): v for n, v in enumerate(unit) if v is not None} for unit in zip(*PUBLISHED, strict=True)]


def by_coincidences(said: list[dict[str, int]]) -> float | None:
    """1 − (n − 1) Σ o_ck / Σ n_c n_k over c ≠ k, with o_ck counted pair by pair."""
    coincidences: dict[tuple[int, int], float] = defaultdict(float)
    for unit in said:
        for one, other in permutations(unit.values(), 2):
            coincidences[one, other] += 1 / (len(unit) - 1)
    margins: dict[int, float] = defaultdict(float)
    for (one, _), share in coincidences.items():
        margins[one] += share
    observed = sum(share for (one, other), share in coincidences.items() if one != other)
    expected = sum(margins[one] * margins[other] for one, other in permutations(margins, 2))
    return 1 - (sum(margins.values()) - 1) * observed / expected if expected else None


def test_the_published_example_has_its_alpha() -> None:
    found = alpha(published())
    assert found is not None
    assert round(found, 3) == 0.743


@given(units)
def test_alpha_is_that_of_the_coincidence_matrix(said: list[dict[str, int]]) -> None:
    expected, found = by_coincidences(said), alpha(said)
    assert (found is None) == (expected is None)
    assert found is None or math.isclose(found, expected or 0.0, abs_tol=1e-9)


@given(units, st.permutations("abcd"), st.randoms())
def test_alpha_knows_neither_who_nor_when(said: list[dict[str, int]], others: list[str], random: object) -> None:
    renamed = [{others["abcd".index(who)]: value for who, value in unit.items()} for unit in reversed(said)]
    one, other = alpha(said), alpha(renamed)
    assert (one is None and other is None) or math.isclose(one or 0.0, other or 0.0, abs_tol=1e-12)


def test_alpha_of_the_same_and_of_chance() -> None:
    assert alpha([{"a": n % 3, "b": n % 3} for n in range(9)]) == 1
    generator = np.random.default_rng(1)
    drawn = generator.integers(0, 3, (4000, 3)).tolist()
    found = alpha([dict(zip("abc", row, strict=True)) for row in drawn])
    assert found == pytest.approx(0, abs=0.03)
    assert alpha([{"a": 1, "b": 1}]) is None
    assert alpha([{"a": 1}, {}]) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    found = compare("a", "b", [{"a": one, "b": other} for one, other in pairs])
    first, second = zip(*pairs, strict=True)
    assert (found.shared, found.same) == (len(pairs), sum(one == other for one, other in pairs))
    if len({*first, *second}) == 1:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)


def test_the_interval_of_kappa_covers_what_is_true() -> None:
    """Of 400 samples of 300 pairs with a known kappa, about 95 % have it in their interval."""
    generator = np.random.default_rng(2)
    table = np.array([[0.40, 0.10], [0.15, 0.35]])
    chance = float(table.sum(1) @ table.sum(0))
    true = (float(np.trace(table)) - chance) / (1 - chance)
    inside = 0
    for _ in range(400):
        cells = generator.choice(4, 300, p=table.ravel()).tolist()
        pair = compare("a", "b", [{"a": cell // 2, "b": cell % 2} for cell in cells])
        assert pair.low is not None
        assert pair.high is not None
        inside += pair.low <= true <= pair.high
    assert 0.91 <= inside / 400 <= 0.985
