"""Dealing few rows into folds: whole groups, even classes, and hardly any row that moves when another one changes."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.compiler.deal import deal

FOLDS = 5
ROWS = 500
rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15)), min_size=1, max_size=120)
classes = st.lists(st.integers(0, 3), min_size=20, max_size=200)


def dealt(drawn: list[int], keys: list[str] | None = None, repeat: int = 0) -> NDArray[np.int64]:
    return deal(np.array(drawn, np.int32), keys or names(len(drawn)), repeat, FOLDS)


def names(count: int) -> list[str]:
    return [f"{n:032x}" for n in range(count)]


@given(rows, st.integers(0, 3))
def test_groups_stay_together(drawn: list[tuple[int, int]], repeat: int) -> None:
    kinds, groups = ([*column] for column in zip(*drawn, strict=True))
    keys = [f"group {one}" for one in groups]
    folds = dealt(kinds, keys, repeat)
    assert set(folds) <= set(range(FOLDS))
    assert len(set(zip(keys, folds.tolist(), strict=True))) == len(set(keys))


@given(rows, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_order_of_rows_plays_no_part(drawn: list[tuple[int, int]], repeat: int, random: "object") -> None:
    mixed = list(drawn)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    folds = [
        dict(
            zip(
                (key for _, key in some),
                dealt([one for one, _ in some], [f"{key}" for _, key in some], repeat),
                strict=True,
            )
        )
        for some in (drawn, mixed)
    ]
    assert folds[0] == folds[1]


@given(classes, st.integers(0, 3))
def test_without_groups_no_fold_has_much_more_than_its_share_of_a_class(drawn: list[int], repeat: int) -> None:
    folds = dealt(drawn, repeat=repeat)
    for one in set(drawn):
        counts = Counter(folds[np.array(drawn) == one].tolist())
        share = sum(counts.values()) / FOLDS
        assert max(counts.values()) <= max(math.ceil(share), 1.5 * share)


def test_the_few_rows_of_a_class_are_in_as_many_folds() -> None:
    """Each a class of one to five rows: no two of them may share a fold."""
    drawn = [one for one in range(40) for _ in range(1 + one % FOLDS)]
    folds = dealt(drawn)
    for one in set(drawn):
        found = folds[np.array(drawn) == one]
        assert len(set(found)) == len(found)


def test_groups_of_several_rows_crowd_no_class() -> None:
    random = np.random.default_rng(0)
    groups = random.integers(0, 150, ROWS)
    drawn = random.integers(0, 3, ROWS)
    folds = dealt(drawn.tolist(), [f"{one:032x}" for one in groups])
    for one in range(3):
        counts = np.bincount(folds[drawn == one], minlength=FOLDS)
        assert counts.max() <= 1.6 * counts.mean()


@given(st.integers(0, 2**32 - 1), st.integers(0, ROWS - 1), st.integers(2, 40))
def test_a_label_that_changes_moves_a_few_rows_at_most(seed: int, row: int, kinds: int) -> None:
    drawn = np.random.default_rng(seed).integers(0, kinds, ROWS)
    before = dealt(drawn.tolist())
    drawn[row] = (drawn[row] + 1) % kinds
    assert int((dealt(drawn.tolist()) != before).sum()) <= 4 * FOLDS


@given(st.integers(0, 2**32 - 1), st.integers(0, ROWS - 1))
def test_a_row_more_or_less_moves_a_few_others_at_most(seed: int, row: int) -> None:
    drawn = np.random.default_rng(seed).integers(0, 4, ROWS)
    kept = np.arange(ROWS) != row
    fewer = dealt(drawn[kept].tolist(), [name for name, here in zip(names(ROWS), kept, strict=True) if here])
    assert int((dealt(drawn.tolist())[kept] != fewer).sum()) <= 2 * FOLDS


def test_where_classes_are_not_tiny_most_labels_that_change_move_no_row() -> None:
    drawn = np.random.default_rng(0).integers(0, 4, ROWS)
    before, quiet = dealt(drawn.tolist()), 0
    for row in range(0, ROWS, 10):
        changed = drawn.copy()
        changed[row] = (changed[row] + 1) % 4
        quiet += bool((dealt(changed.tolist()) == before).all())
    assert quiet > 40  # of 50


@pytest.mark.parametrize("folds", [3, 5])
def test_repeats_and_other_numbers_of_folds_deal_otherwise(folds: int) -> None:
    kinds = np.zeros(60, np.int32)
    first, second = (deal(kinds, names(60), repeat, folds) for repeat in range(2))
    assert (first != second).any()
    assert max(np.bincount(first).max(), np.bincount(second).max()) <= 90 // folds
