"""Confident learning, against the same said with loops, and against planted mistakes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datacc.compiler.suggest.suspects import suspects

COUNT = 4


def slowly(shares: np.ndarray, labels: np.ndarray) -> list[tuple[int, int]]:
    """The definition of the paper, row by row."""
    limit = {k: np.mean([shares[n, k] for n in range(len(labels)) if labels[n] == k]) for k in set(labels.tolist())}
    found = []
    for n, label in enumerate(labels.tolist()):
        likely = [k for k in limit if shares[n, k] >= limit[k]]
        if likely:
            instead = max(likely, key=lambda k: (shares[n, k], -k))
            if instead != label:
                found.append((shares[n, label] - shares[n, instead], n, instead))
    return [(n, instead) for _, n, instead in sorted(found)]


@given(
    arrays(np.int64, st.tuples(st.integers(2, 40), st.just(COUNT)), elements=st.integers(1, 64)),
    st.randoms(use_true_random=False),
)
def test_it_is_the_definition(weights: np.ndarray, random: object) -> None:
    draw = np.random.default_rng(len(weights))
    shares, labels = (
        weights / 256.0,
        draw.integers(0, COUNT, len(weights)),
    )  # exact sums, so that no order of adding counts
    rows, instead = suspects(shares, labels)
    assert list(zip(rows.tolist(), instead.tolist(), strict=True)) == slowly(shares, labels)


def test_a_class_of_which_nothing_is_sure_asks_for_less() -> None:
    shares = np.array([[0.9, 0.1], [0.95, 0.05], [0.6, 0.4], [0.7, 0.3], [0.62, 0.38]])
    labels = np.array([0, 0, 1, 1, 0])
    rows, instead = suspects(shares, labels)
    assert (rows.tolist(), instead.tolist()) == ([4], [1])  # though the first class is the likelier one


def test_a_class_without_a_row_is_never_instead() -> None:
    shares = np.full((3, 3), [0.1, 0.1, 0.8])
    rows, _ = suspects(shares, np.array([0, 1, 0]))
    assert 2 not in suspects(shares, np.array([0, 1, 0]))[1]
    assert len(rows) <= 3
