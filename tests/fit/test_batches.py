"""Mini-batches: every row once a pass, the same for the same seed wherever one begins; class weights."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.fit import Examples
from datacc.fit._batches import CHUNK_STEPS, Batches, ahead, chunk_steps, spans, steps_per_epoch
from datacc.fit.objective import class_weights


def numbered(count: int) -> Examples:
    index = np.arange(count)
    return Examples(inputs={"x": index[:, None].astype(np.float32)}, targets=index.astype(np.int32), augment={})


@given(st.integers(1, 50), st.integers(1, 20), st.integers(1, 3), st.integers(0, 5), st.integers(1, 7))
def test_a_pass_uses_no_row_twice(count: int, batch: int, epochs: int, seed: int, size: int) -> None:
    examples, steps = numbered(count), steps_per_epoch(count, batch)
    batches = Batches(examples, batch, count, seed)
    chunks = [batches.chunk(*span) for span in spans(steps * epochs, size, [])]
    rows = np.concatenate([chunk.inputs["x"][..., 0] for chunk in chunks])
    assert rows.shape == (steps * epochs, min(batch, count))
    for epoch in range(epochs):
        one = rows[epoch * steps : (epoch + 1) * steps].ravel()
        assert len(set(one.tolist())) == len(one) == min(count, steps * batch)
    targets = np.concatenate([chunk.targets for chunk in chunks])
    np.testing.assert_array_equal(targets.argmax(-1), rows)
    np.testing.assert_array_equal(targets.sum(-1), 1)


def test_the_seed_decides() -> None:
    first, again, other = (Batches(numbered(20), 5, 20, seed).chunk(1, 8).inputs["x"].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_chunk_does_not_depend_on_those_before_it() -> None:
    noisy = Examples(
        inputs=numbered(20).inputs,
        targets=numbered(20).targets,
        augment={"x": lambda batch, random: batch + random.random(batch.shape, np.float32)},
    )
    straight, late = Batches(noisy, 5, 20, 0), Batches(noisy, 5, 20, 0)
    for first, last in ((1, 3), (4, 6)):
        chunk = straight.chunk(first, last)
    np.testing.assert_array_equal(chunk.inputs["x"], late.chunk(4, 6).inputs["x"])
    assert (straight.chunk(1, 3).inputs["x"] % 1 != chunk.inputs["x"] % 1).all()


def test_parts_of_a_chunk_are_its_steps() -> None:
    chunk = Batches(numbered(20), 5, 20, 0).chunk(4, 8)
    head, one = chunk.head(2), chunk.step(5)
    assert (head.first, head.last, one.first, one.last) == (4, 5, 5, 5)
    np.testing.assert_array_equal(head.inputs["x"][1], one.inputs["x"])
    np.testing.assert_array_equal(chunk.targets[1], one.targets)
    assert head.weights.shape == (2, 5)


@given(st.integers(1, 300), st.integers(1, 64), st.sets(st.integers(1, 300), max_size=4))
def test_spans_cover_every_step_and_stop_where_they_must(steps: int, size: int, ends: set[int]) -> None:
    within = {end for end in ends if end <= steps}
    found = spans(steps, size, sorted(within))
    assert [step for first, last in found for step in range(first, last + 1)] == list(range(1, steps + 1))
    assert all(last - first < size for first, last in found)
    assert within <= {last for _, last in found}


def test_chunks_are_long_for_small_nets_and_short_for_large_ones() -> None:
    assert chunk_steps(1_000, 64, 64) == CHUNK_STEPS
    assert 1 < chunk_steps(1_400_000, 64, 784) < CHUNK_STEPS
    assert chunk_steps(10**10, 64, 784) == chunk_steps(1, 64, 10**9) == 1


def test_only_named_inputs_are_varied() -> None:
    examples = Examples(
        inputs={"a": np.zeros((4, 1), np.float32), "b": np.zeros((4, 1), np.float32)},
        targets=np.zeros(4, np.int32),
        augment={"a": lambda batch, random: batch + 1},
    )
    chunk = Batches(examples, 4, 2, 0).chunk(1, 1)
    assert chunk.inputs["a"].all()
    assert not chunk.inputs["b"].any()


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
    items.close()
    assert threading.active_count() == before


def test_balanced_classes_have_no_weights() -> None:
    assert class_weights(np.array([0, 1, 2] * 10, np.int32), 3, 0.5) is None
    assert class_weights(np.array([1] * 10, np.int32), 3, 0.5) is None


def test_a_row_weighs_what_its_class_does() -> None:
    targets = np.array([0] * 18 + [1] * 2, np.int32)
    examples = Examples(inputs={"x": np.zeros((20, 1), np.float32)}, targets=targets, augment={})
    chunk = Batches(examples, 20, 2, 0, 0.5).chunk(1, 1)
    expected = class_weights(targets, 2, 0.5)
    assert expected is not None
    np.testing.assert_array_equal(chunk.weights, expected[chunk.targets.argmax(-1)])
    assert (Batches(examples, 20, 2, 0, 0.0).chunk(1, 1).weights == 1).all()


@given(st.lists(st.integers(0, 200), min_size=2, max_size=6), st.sampled_from([0.25, 0.5, 1.0]))
def test_rare_classes_count_for_more(counts: list[int], balance: float) -> None:
    targets = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    weights = class_weights(targets, len(counts), balance)
    present = [count for count in counts if count]
    if weights is None:
        assert len(present) < 2 or min(present) * 2 >= np.mean(present)
        return
    assert weights.dtype == np.float32
    assert weights[targets].mean() == pytest.approx(1, abs=1e-5)
    assert all(weight == 0 for weight, count in zip(weights, counts, strict=True) if not count)
    pairs = sorted((count, weight) for weight, count in zip(weights.tolist(), counts, strict=True) if count)
    assert [weight for _, weight in pairs] == sorted((weight for _, weight in pairs), reverse=True)
