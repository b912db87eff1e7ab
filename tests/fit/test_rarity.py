"""Where gains of a table begin: by how many examples read each row, counted here one by one."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datacc.fit import Examples, Fitted, Progress, Recipe, Watch, driver, rarity
from datacc.fit.checkpoint import Checkpoint
from datacc.fit.driver import fit
from datacc.fit.rarity import gains
from datacc.fit.torch import ENTRY as TORCH
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.join import join
from datacc.store import Store
from tests.laws import about

WORDS, ROWS = 3, 5


def graph(*, gated: bool, columns: int = 1, learnt: bool = False) -> Graph:
    """Three numbers of rows, `gated` by three that are 0 or more, to exponentials of what a table has for them."""
    b = Builder()
    numbers = b.op("cast", "number", b.input("numbers", "uint8", (WORDS,)), to="float32")
    gate = b.op("cast", "gate", b.input("gates", "uint8", (WORDS,)), to="float32")
    if learnt:
        numbers = b.op("multiply", "moved", numbers, b.weight("by", (WORDS,)))
    rows = b.op("gather", "rows", b.op("cast", "row", numbers, to="int32"), b.weight("table", (ROWS, columns)))
    gain = b.op("reshape", "gain", b.op("exp", "exp", rows), shape=(WORDS * columns,))
    if gated:
        gain = b.op("multiply", "gated", gain, gate)
    return b.graph({"sum": gain})


def told(numbers: np.ndarray, gates: np.ndarray) -> Examples:
    return Examples(inputs={"numbers": numbers, "gates": gates}, targets=np.zeros(len(numbers), np.int32), augment={})


three = arrays(np.uint8, st.tuples(st.integers(1, 70), st.just(WORDS)), elements=st.integers(0, ROWS + 1))


@given(three, st.booleans(), st.floats(0.01, 1), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=about(40))
def test_a_gain_begins_by_how_many_examples_read_its_row(
    numbers: np.ndarray, gated: bool, rare: float, random: st.DrawFn
) -> None:
    gates = np.array([[random.randint(0, 2) for _ in row] for row in numbers], np.uint8)  # type: ignore[attr-defined]
    (found,) = gains(graph(gated=gated), told(numbers, gates), rare).values()
    for row in range(ROWS):
        readers = 0
        for one, open_ in zip(numbers, gates, strict=True):
            readers += any(
                min(number, ROWS - 1) == row and (o or not gated) for number, o in zip(one, open_, strict=True)
            )
        expected = -rare * math.log((1 + (readers or len(numbers))) / 2)
        assert math.isclose(found[row, 0], expected, rel_tol=1e-6, abs_tol=1e-7)


def test_other_tables_begin_as_ever() -> None:
    some = told(np.ones((4, WORDS), np.uint8), np.ones((4, WORDS), np.uint8))
    assert gains(graph(gated=True), some, 0.0) == {}  # no recipe asks for it
    assert gains(graph(gated=False, columns=2), some, 0.5) == {}  # rows are vectors
    assert gains(graph(gated=True, learnt=True), some, 0.5) == {}  # which rows are read changes while it learns
    filled = graph(gated=True).fill({"table": np.zeros((ROWS, 1), np.float32)})
    assert gains(filled, some, 0.5) == {}


def test_what_no_example_could_read_is_as_common_as_all() -> None:
    some = told(np.tile(np.array([0, 1, 1], np.uint8), (9, 1)), np.ones((9, WORDS), np.uint8))
    some = replace(some, inputs={**some.inputs, "numbers": some.inputs["numbers"] * np.arange(9)[:, None].clip(0, 1)})
    (found,) = gains(graph(gated=True), some, 1.0).values()
    assert found[4, 0] == found[0, 0] == -np.float32(math.log(5.0))
    assert found[1, 0] == -np.float32(math.log(4.5))


def test_a_fit_that_goes_on_counts_nothing_and_comes_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "MOMENT", 0.0)
    asked = list[int]()
    monkeypatch.setattr(rarity, "interpret", lambda *given: asked.append(1) or interpret(*given))
    learn, recipe = counted(90), Recipe(epochs=30, batch=8, rate=0.05, threads=1, rare=0.5)

    def fitted(watch: Watch | None = None, checkpoint: Checkpoint | None = None) -> Fitted:
        return fit(TORCH, classifier(), learn, counted(20), recipe, 0, watch=watch, checkpoint=checkpoint)

    straight, kept = fitted(), Checkpoint(store=Store(tmp_path), key="0" * 32)
    with pytest.raises(KeyboardInterrupt):
        fitted(stop, kept)
    assert asked
    asked.clear()
    steps = list[int]()
    again = fitted(lambda progress: steps.append(progress.step), kept)
    assert not asked
    assert steps[0] > STOPPED, "it went on"
    assert again.graph.digest == straight.graph.digest
    assert again.warnings == straight.warnings


STOPPED: Final = 150


def stop(progress: Progress) -> None:
    if progress.step >= STOPPED:
        raise KeyboardInterrupt


def counted(count: int) -> Examples:
    """Whether a 0 is among three numbers."""
    numbers = np.random.default_rng(count).integers(0, ROWS, (count, WORDS)).astype(np.uint8)
    return replace(told(numbers, np.ones_like(numbers)), targets=(numbers == 0).any(1).astype(np.int32))


def classifier() -> Graph:
    b = Builder()
    gains = b.input("sum", "float32", (WORDS,))
    features = b.op("dense", "dense", gains, b.weight("by", (2, WORDS)), b.weight("bias", (2,)))
    return join(graph(gated=True), b.graph({"y": b.op("argmax", "y", features)}, loss=features))
