"""Mini-batches: every row once a pass, the same for the same seed; class weights."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.fit import Examples
from datacc.fit._batches import ahead, batches, class_weights, steps_per_epoch


def numbered(count: int) -> Examples:
    index = np.arange(count)
    return Examples(inputs={"x": index[:, None].astype(np.float32)}, targets=index.astype(np.int32), augment={})


@given(st.integers(1, 50), st.integers(1, 20), st.integers(1, 3), st.integers(0, 5))
def test_a_pass_uses_no_row_twice(count: int, batch: int, epochs: int, seed: int) -> None:
    found = list(batches(numbered(count), batch, epochs, seed))
    steps = steps_per_epoch(count, batch)
    assert len(found) == steps * epochs
    for epoch in range(epochs):
        targets = np.concatenate([targets for _, targets in found[epoch * steps : (epoch + 1) * steps]])
        assert len(set(targets.tolist())) == len(targets) == min(count, steps * batch)
    for inputs, targets in found:
        np.testing.assert_array_equal(inputs["x"][:, 0], targets)


def test_the_seed_decides() -> None:
    first, again, other = ([t.tolist() for _, t in batches(numbered(20), 5, 2, seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_only_named_inputs_are_varied() -> None:
    examples = Examples(
        inputs={"a": np.zeros((4, 1), np.float32), "b": np.zeros((4, 1), np.float32)},
        targets=np.zeros(4, np.int32),
        augment={"a": lambda batch, random: batch + 1},
    )
    [(inputs, _)] = batches(examples, 4, 1, 0)
    assert inputs["a"].all()
    assert not inputs["b"].any()


def test_working_ahead_keeps_order_and_errors() -> None:
    assert list(ahead(iter(range(1, 6)))) == [1, 2, 3, 4, 5]

    def fails():  # type: ignore[no-untyped-def]
        yield 1
        raise ValueError("two")

    items = ahead(fails())
    assert next(items) == 1
    with pytest.raises(ValueError, match="two"):
        next(items)


def test_working_ahead_ends_its_thread() -> None:
    before = threading.active_count()
    items = ahead(iter(range(1, 100)))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_balanced_classes_have_no_weights() -> None:
    assert class_weights(np.array([0, 1, 2] * 10, np.int32), 3) is None
    assert class_weights(np.array([1] * 10, np.int32), 3) is None


@given(st.lists(st.integers(0, 200), min_size=2, max_size=6))
def test_rare_classes_count_for_more(counts: list[int]) -> None:
    targets = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    weights = class_weights(targets, len(counts))
    present = [count for count in counts if count]
    if weights is None:
        assert len(present) < 2 or min(present) * 2 >= np.mean(present)
        return
    assert weights.dtype == np.float32
    assert weights[targets].mean() == pytest.approx(1, abs=1e-5)
    assert all(weight == 0 for weight, count in zip(weights, counts, strict=True) if not count)
    pairs = sorted((count, weight) for weight, count in zip(weights.tolist(), counts, strict=True) if count)
    assert [weight for _, weight in pairs] == sorted((weight for _, weight in pairs), reverse=True)
