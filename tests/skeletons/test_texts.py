"""Skeletons of texts say what plain Python says of the same bytes: its n-grams and words, its bits."""

import itertools
import math
import re
from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.compiler.assemble import ladders
from datacc.compiler.recipe import default_recipe
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret, walk
from datacc.registry import load
from datacc.skeletons import Sizes
from datacc.skeletons._grams import LOUD, MULTIPLIERS, WORD
from datacc.spec.program import Field, Program
from datacc.types.text import TextOptions
from tests.laws import about

Rows = Mapping[int | str, int]

LENGTH = 24
TYPE = load("types", "text")
OPTIONS = TextOptions(length=LENGTH)
SIZES = {"bits": 7, "grams": 3, "word": 4, "width": 5}
SCORES = {"bits": 12, "grams": 3, "word": 4, "width": 0}
FINER = SCORES | {"shortest": 2, "finer": 3}
THREES = SCORES | {"grams": 4, "threes": 9}
# The rows that tables have for n-grams of each length, and for words: that of vectors or scores, and that of weights.
ALIKE: dict[str, Rows] = {
    "text.v2": {1: 128, 2: 128, 3: 128, "word": 128},
    "text.v3": {1: 256, 2: 2048, 3: 4096, "word": 2048},
}
TABLES: tuple[tuple[str, Sizes, float, Rows, Rows], ...] = (
    ("text.v2", SIZES, 1, ALIKE["text.v2"], ALIKE["text.v2"]),
    ("text.v3", SCORES, 5, ALIKE["text.v3"], ALIKE["text.v3"]),
    ("text.v3", FINER, 5, {2: 2048, 3: 4096, "word": 2048}, {2: 2048, 3: 32768, "word": 16384}),
    ("text.v3", THREES, 5, *({1: 256, 2: 2048, 3: 512, 4: 4096, "word": 2048},) * 2),
)
TEXTS = st.text(st.sampled_from("abcXYZ 09.\n\u00e9\U0001f600"), max_size=LENGTH)
CLASSES = ("a", "b", "c")
NEAR: Any = {"rtol": 1e-4, "atol": 1e-5}


def filled(name: str, sizes: Sizes, seed: int = 0) -> Graph:
    """A skeleton on texts, its weights by chance."""
    label = load("types", "label")
    graph: Graph = load("skeletons", name).graph([TYPE.front("x", OPTIONS)], label.answer("y", CLASSES), sizes)
    random = np.random.default_rng(seed)
    return graph.fill({node.name: random.uniform(0.1, 1, node.type.shape) for node in graph.holes})


def value(graph: Graph, name: str, text: str) -> NDArray[Any]:
    """What a node is for one text."""
    values = {node.name: node.value for node in graph.weights} | {"x": TYPE.encode([text], OPTIONS)}
    return walk(graph, values, [name])[name][0]


def rows_of(data: bytes, sizes: Rows, turn: int = 0) -> list[int]:
    """The row of every n-gram and word, by what the module says of them and by Python's integers."""
    grams, words = ([*islice(cycle(one), turn, turn + len(one))] for one in (MULTIPLIERS, WORD[: SIZES["word"]]))
    begin = dict(zip(sizes, itertools.accumulate(sizes.values(), initial=0), strict=False))
    small = bytes(c + 32 if 65 <= c <= 90 else c for c in data)
    at = [0, *(c - 32 for c in small), *[0] * LENGTH]
    found = []
    for start in range(len(small) + 1 if small else 0):
        for length in (length for length in sizes if isinstance(length, int)):
            total = sum(m * c for m, c in zip(grams, at[start : start + length], strict=False))
            found.append(begin[length] + total % sizes[length])
    for word in re.findall(rb"[a-z0-9\x80-\xff]+", small):
        total = sum(m * (c - 32) for m, c in zip(words, word[: len(words)], strict=False))
        found.append(begin["word"] + total % sizes["word"])
    return found


@pytest.mark.parametrize(("name", "sizes", "top", "rows", "weights"), TABLES)
@given(text=TEXTS)
@settings(max_examples=about(100))
def test_the_rows_of_a_text_are_those_of_its_grams_and_words(
    name: str, sizes: Sizes, top: float, rows: Rows, weights: Rows, text: str
) -> None:
    graph = filled(name, sizes)
    np.testing.assert_allclose(value(graph, "added", text)[0], top * sum_of(graph, text, rows, weights), **NEAR)


@given(text=TEXTS)
@settings(max_examples=about(50))
def test_members_look_up_other_rows_and_answer_by_their_mean(text: str) -> None:
    count, rows = 3, ALIKE["text.v3"]
    graph = filled("text.v3", SCORES | {"width": 5, "members": count})
    for turn in range(count):
        found = value(graph, f"member{turn}.added", text)[0]
        np.testing.assert_allclose(found, sum_of(graph, text, rows, rows, turn, f"member{turn}."), **NEAR)
    each = value(graph, graph.loss, text)
    assert each.shape == (count, len(CLASSES))
    np.testing.assert_allclose(value(graph, "members.answer", text), each.mean(axis=0), rtol=1e-5)


def sum_of(graph: Graph, text: str, rows: Rows, weights: Rows, turn: int = 0, of: str = "") -> NDArray[Any]:
    """The weighted sum of the rows of a table, by the root of the sum of squared weights."""
    data = TYPE.encode([text], OPTIONS)[0].tobytes().rstrip(b"\0")
    table, loud = (graph.by_name[f"{of}{one}.table"].value for one in ("grams", "loud"))
    assert table is not None
    assert loud is not None
    assert (len(table), len(loud)) == (sum(rows.values()), sum(weights.values()))
    told = [math.exp(LOUD * float(loud[row, 0])) for row in rows_of(data, weights, turn)]
    each = zip(told, rows_of(data, rows, turn), strict=True)
    wanted = sum((w * table[row].astype(float) for w, row in each), np.zeros(table.shape[1]))
    return wanted / (math.sqrt(sum(w * w for w in told)) or 1.0)


def test_sizes_that_older_locks_name_mean_what_they_meant() -> None:
    now = SCORES | {"shortest": 1, "finer": 0, "scores": 0, "members": 1, "threes": 0}
    assert filled("text.v3", SCORES).digest == filled("text.v3", now).digest


@pytest.mark.parametrize("most", [0, len(CLASSES) - 1, len(CLASSES), len(CLASSES) + 1])
def test_few_classes_have_scores_and_more_have_vectors(most: int) -> None:
    plain = SCORES | {"width": 0 if most >= len(CLASSES) else 5}
    assert filled("text.v3", SCORES | {"width": 5, "scores": most}).digest == filled("text.v3", plain).digest


def test_without_a_width_the_scores_are_the_sums_and_what_each_class_begins_with() -> None:
    graph = filled("text.v3", SCORES)
    bias = graph.by_name["top.bias"].value
    assert bias is not None
    for text in ("", "Rain in Spain"):
        scores = value(graph, graph.loss, text)
        np.testing.assert_allclose(scores, value(graph, "added", text)[0] + bias, rtol=1e-6)
    assert not value(graph, "added", "").any()


@pytest.mark.parametrize(("one", "other"), [("Rain in Spain", "rAIN IN sPAIN"), ("ABC z", "abc Z")])
def test_capitals_of_ascii_say_nothing(one: str, other: str) -> None:
    graph = filled("text.v3", SCORES)
    np.testing.assert_array_equal(value(graph, "added", one), value(graph, "added", other))


@given(st.binary(max_size=LENGTH))
def test_bits_are_those_of_the_bytes(data: bytes) -> None:
    graph = filled("bytes.v1", {"each": 3, "width": 4, "reach": 3})
    row = np.frombuffer(data.ljust(LENGTH, b"\0"), np.uint8)
    values = {node.name: node.value for node in graph.weights} | {"x": row[None]}
    found = walk(graph, values, ["bits"])["bits"][0]
    np.testing.assert_array_equal(found, np.unpackbits(row, bitorder="little").reshape(LENGTH, 8))


def test_nothing_behind_the_text_is_seen_by_bytes() -> None:
    """What lies near the end depends on zeros, but the mean and the maximum are over the text alone."""
    graph = filled("bytes.v1", {"each": 3, "width": 4, "reach": 1})
    answers = [interpret(graph, {"x": TYPE.encode([text], OPTIONS)})["y_scores"] for text in ("ab", "abab", "ab" * 12)]
    for other in answers[1:]:
        np.testing.assert_allclose(other, answers[0], rtol=1e-5)


def test_text_v3_is_chosen_by_itself_and_the_others_when_they_are_named() -> None:
    field, output = Field(name="x", type="text", options={"length": 24}), Field(name="y", type="label")
    program = Program(name="p", inputs=(field,), outputs=(output,))
    assert {name for name, _ in ladders(program)} == {"text.v3"}
    for name in ("text.v1", "text.v2", "bytes.v1"):
        named = Program(name="p", inputs=(field,), outputs=(output,), skeleton=name)
        assert {found for found, _ in ladders(named)} == {name}


@given(st.integers(1, 10**6))
def test_the_fewer_rows_the_smaller_are_batches_and_steps(rows: int) -> None:
    few, more = (default_recipe(count, 0, load("skeletons", "text.v2")) for count in (rows, 4 * rows))
    assert few.batch <= more.batch <= 64
    assert few.rate / math.sqrt(few.batch) == pytest.approx(more.rate / math.sqrt(more.batch))
    assert few.epochs * rows >= min(1200 * few.batch, 120 * rows)


def test_few_texts_are_read_less_often_than_few_of_anything_else() -> None:
    for rows in (800, 1000, 3000):
        assert default_recipe(rows, 0, load("skeletons", "text.v2")).epochs * 2 < default_recipe(rows, 0).epochs
