"""Confident learning, against the same said with loops, and against planted mistakes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datacc.compiler.suggest.needs import FEW
from datacc.compiler.suggest.suspects import suspects

COUNT = 4


def slowly(shares: np.ndarray, labels: np.ndarray) -> list[tuple[int, int]]:
    """The definition of the paper, row by row, for classes that are not rare."""
    own = {k: [shares[n, k] for n in range(len(labels)) if labels[n] == k] for k in set(labels.tolist())}
    limit = {k: np.mean(values) for k, values in own.items() if len(values) >= FEW}
    found = []
    for n, label in enumerate(labels.tolist()):
        likely = [k for k in limit if shares[n, k] >= limit[k]]
        if likely:
            instead = max(likely, key=lambda k: (shares[n, k], -k))
            if instead != label:
                found.append((shares[n, label] - shares[n, instead], n, instead))
    return [(n, instead) for _, n, instead in sorted(found)]


@given(
    arrays(np.int64, st.tuples(st.integers(2, 80), st.just(COUNT)), elements=st.integers(1, 64)),
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
    shares, labels = np.tile(shares, (FEW, 1)), np.tile([0, 0, 1, 1, 0], FEW)
    rows, instead = suspects(shares, labels)
    assert rows.tolist() == list(range(4, 5 * FEW, 5))
    assert set(instead.tolist()) == {1}  # though the first class is the likelier one


def test_nothing_looks_like_a_class_that_is_hardly_there() -> None:
    """One row of a third class: what models give to it is luck, however little that is."""
    shares = np.tile([[0.9, 0.05, 0.05], [0.2, 0.74, 0.06]], (FEW + 1, 1))
    labels = np.tile([0, 1], FEW + 1)
    labels[0], shares[0] = 2, [0.9, 0.06, 0.04]
    shares[2] = [0.3, 0.4, 0.3]  # less of its own class than is usual, more of the rare one
    rows, instead = suspects(shares, labels)
    assert 2 not in instead
    assert (rows.tolist(), instead.tolist()) == ([0], [0])


def test_a_class_without_a_row_is_never_instead() -> None:
    shares = np.full((3 * FEW, 3), [0.1, 0.1, 0.8])
    rows, instead = suspects(shares, np.tile([0, 1, 0], FEW))
    assert 2 not in instead
    assert len(rows) <= 3 * FEW
