"""Skeletons of texts say what plain Python says of the same bytes: its n-grams and words, its bits."""

import math
import re
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

LENGTH = 24
TYPE = load("types", "text")
OPTIONS = TextOptions(length=LENGTH)
SIZES = {"bits": 7, "grams": 3, "word": 4, "width": 5}
SCORES = {"bits": 12, "grams": 3, "word": 4, "width": 0}
# What each n-gram, and each word, has in the table: rows.
ROWS = {"text.v2": ((128, 128, 128), 128), "text.v3": ((256, 2048, 4096), 2048)}
TEXTS = st.text(st.sampled_from("abcXYZ 09.\n\u00e9\U0001f600"), max_size=LENGTH)
CLASSES = ("a", "b", "c")


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


def rows_of(data: bytes, name: str) -> list[int]:
    """The row of every n-gram and word, by what the module says of them and by Python's integers."""
    sizes, words = ROWS[name]
    small = bytes(c + 32 if 65 <= c <= 90 else c for c in data)
    at = [0, *(c - 32 for c in small), *[0] * LENGTH]
    found = []
    for start in range(len(small) + 1 if small else 0):
        for g, size in enumerate(sizes):
            total = sum(m * c for m, c in zip(MULTIPLIERS, at[start : start + g + 1], strict=False))
            found.append(sum(sizes[:g]) + total % size)
    for word in re.findall(rb"[a-z0-9\x80-\xff]+", small):
        total = sum(m * (c - 32) for m, c in zip(WORD, word[: SIZES["word"]], strict=False))
        found.append(sum(sizes) + total % words)
    return found


@pytest.mark.parametrize(("name", "sizes", "top"), [("text.v2", SIZES, 1), ("text.v3", SCORES, 5)])
@given(text=TEXTS)
@settings(max_examples=100)
def test_the_rows_of_a_text_are_those_of_its_grams_and_words(name: str, sizes: Sizes, top: float, text: str) -> None:
    graph = filled(name, sizes)
    data = TYPE.encode([text], OPTIONS)[0].tobytes().rstrip(b"\0")
    table, loud = (graph.by_name[f"{one}.table"].value for one in ("grams", "loud"))
    assert table is not None
    assert loud is not None
    rows = rows_of(data, name)
    weights = [math.exp(LOUD * float(loud[row, 0])) for row in rows]
    wanted = sum((w * table[row].astype(float) for w, row in zip(weights, rows, strict=True)), np.zeros(table.shape[1]))
    root = math.sqrt(sum(w * w for w in weights)) or 1.0
    np.testing.assert_allclose(value(graph, "added", text)[0], top * wanted / root, rtol=1e-4, atol=1e-5)


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
@settings(max_examples=50)
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
