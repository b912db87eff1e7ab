"""Answers that are remembered: the same as the program's own, for these inputs and this library alone."""

from pathlib import Path
from typing import Any

import numpy as np

from datacc.compiler.ask import Arrays, ask
from datacc.compiler.remembering import Remembering
from datacc.store import Store
from tests.compiler.made import Standing, graph_for

GRAPH = graph_for()


class Counting(Standing):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(GRAPH)
        self.asked = 0

    def batch(self, inputs: Arrays) -> dict[str, Any]:
        self.asked += 1
        return super().batch(inputs)


def rows(seed: int, count: int = 2100) -> dict[str, np.ndarray[Any, Any]]:
    return {"point": np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)}


def same(one: Arrays, other: Arrays) -> None:
    assert one.keys() == other.keys()
    for field in one:
        np.testing.assert_array_equal(one[field], other[field])
        assert one[field].dtype == other[field].dtype


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path), ask(Standing(GRAPH), rows(1))
    first, second = Counting(), Counting()
    same(ask(Remembering(native=first, library="a", store=store), rows(1)), wanted)
    assert first.asked
    same(ask(Remembering(native=second, library="a", store=store), rows(1)), wanted)
    assert not second.asked


def test_other_inputs_and_other_libraries_are_asked(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ask(Remembering(native=Counting(), library="a", store=store), rows(1))
    shorter = {"point": rows(1)["point"][:2000]}
    for library, inputs in (("b", rows(1)), ("a", rows(2)), ("a", shorter)):
        native = Counting()
        same(ask(Remembering(native=native, library=library, store=store), inputs), ask(Standing(GRAPH), inputs))
        assert native.asked


def test_a_judge_always_asks(tmp_path: Path) -> None:
    store, native = Store(tmp_path), Counting()
    ask(Remembering(native=native, library="a", store=store), rows(1))
    before = native.asked
    judge = Remembering(native=native, library="a", store=store, again=True)
    same(ask(judge, rows(1)), ask(judge, rows(1)))
    assert native.asked == 2 * before  # once, and what it was answered itself it believes
