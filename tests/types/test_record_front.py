"""The front of a record with gaps, categories, truths and dates: what it computes, by NumPy on its own."""

import datetime
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.check import check
from datacc.ir.interpret import interpret
from datacc.types.record import ENTRY as RECORD
from datacc.types.record import RecordOptions
from tests.laws import about

WORDS = ("red", "green", "blue", "", "né", '"; drop', "7")
OPTIONS = RecordOptions(
    columns=("age", "colour", "wage", "member", "size", "joined", "country"),
    categories={"colour": WORDS, "country": tuple(f"c{k}" for k in range(30))},
    ordered={"size": ("small", "medium", "large")},
    booleans=("member",),
    dates=("joined",),
    missing=("age", "member", "joined"),
    bins=6,
)


def table(seed: int, rows: int) -> list[dict[str, object]]:
    random = np.random.default_rng(seed)

    def maybe(value: object) -> object:
        return random.choice([None, "", "NA", "?", float("nan")]) if random.random() < 0.2 else value

    return [
        {
            "age": maybe(float(random.integers(0, 90))),
            "colour": random.choice([*WORDS, "unheard of"]),
            "wage": str(np.exp(random.normal() * 3)) if random.random() < 0.5 else 0,
            "member": maybe(random.choice(["yes", "NO", True, 0])),
            "size": random.choice(["small", "large", "huge", None]),
            "joined": maybe(str(datetime.date(1990, 1, 1) + datetime.timedelta(int(random.integers(0, 20_000))))),
            "country": f"c{random.integers(0, 33)}",
        }
        for _ in range(rows)
    ]  # fmt: skip


def outputs(learn: NDArray[np.float32], rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    graph = check(RECORD.front("x", OPTIONS).fill(RECORD.data("x", learn, OPTIONS)), holes=())
    found = interpret(graph, {"x": rows})
    return found["x.features"], found["x.bins"]


def numbers(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """age, wage, size, joined, member."""
    return rows[:, [0, 2, 4, 5, 3]].astype(np.float64)


@settings(max_examples=about(25), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(40, 300))
def test_features_are_what_numpy_makes_of_the_same_rows(seed: int, rows: int) -> None:
    cells = table(seed, 2 * rows)
    x = RECORD.encode(cells, OPTIONS)
    learn, asked = x[:rows], x[rows:]
    found, bins = outputs(learn, asked)
    known, values = numbers(learn), numbers(asked)
    median = np.nanmedian(known, axis=0)
    low, high = np.nanquantile(known, [0.25, 0.75], axis=0)
    deviation = np.where(high > low, (high - low) / 1.349, np.nanstd(known, axis=0))
    wanted = [((np.where(np.isnan(values), median, values) - median) / deviation).clip(-8, 8)]
    wanted.append(np.isnan(asked[:, [0, 3, 5]]))
    days = np.where(np.isnan(asked[:, 5]), 0, asked[:, 5]).astype(np.float64)
    waves = [(7, 1), (7, 2), (7, 3), (365.2425, 1), (365.2425, 2), (1, 1), (1, 2)]
    wanted.append(np.stack([f(2 * np.pi * k * days / p) for p, k in waves for f in (np.sin, np.cos)], axis=1))
    wanted.append(np.pad(asked[:, [1]] == np.arange(7), ((0, 0), (0, 1))))
    wanted.append(np.pad(asked[:, [6]] == np.arange(30), ((0, 0), (0, 2))))
    np.testing.assert_allclose(found, np.concatenate(wanted, axis=1), atol=5e-3)
    assert bins.shape == (rows, 4, 6)
    assert ((bins >= 0) & (bins <= 1)).all()
    order = np.argsort(np.where(np.isnan(values[:, :4]), median[:4], values[:, :4]), axis=0)
    levels = np.take_along_axis(bins.sum(axis=2), order, axis=0)
    assert (np.diff(levels, axis=0) >= -1e-4).all()  # never falls as the number rises


def test_bins_hold_about_as_many_rows_each() -> None:
    options = RecordOptions(columns=("a",), bins=8)
    learn = np.exp(np.random.default_rng(0).normal(size=(8000, 1)) * 2).astype(np.float32)
    graph = RECORD.front("x", options).fill(RECORD.data("x", learn, options))
    within = interpret(graph, {"x": learn})["x.bins"][:, 0]
    inside = ((within > 0) & (within < 1)).mean(axis=0)
    np.testing.assert_allclose(inside, 1 / 8, atol=0.02)


def test_hostile_numbers_give_finite_features() -> None:
    learn = RECORD.encode(table(1, 200), OPTIONS)
    wild = np.array([[v] * 7 for v in (np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, -1e10, 1e9, -1, 0.5)], np.float32)
    features, bins = outputs(learn, wild)
    assert np.isfinite(features).all()
    assert np.isfinite(bins).all()
    slots = features[:, -40:]
    assert (slots[:8] == 0).all()  # no code, no value
    nothing, known = outputs(learn, wild[:1]), outputs(learn, RECORD.encode([{
        "age": None, "colour": "!", "wage": float(np.median(learn[:, 2])), "member": None, "size": None,
        "joined": None, "country": "!"}], OPTIONS))  # fmt: skip
    np.testing.assert_allclose(nothing[0], known[0], atol=1e-3)  # what is missing counts as the median


@pytest.mark.parametrize(
    ("column", "cell", "why"),
    [
        ("wage", None, "is missing"),
        ("wage", "NA", "is missing"),
        ("wage", 1e308, r"holds 1e\+308, which is no finite float32"),
        ("age", "forty", "holds 'forty', which is no number"),
        ("member", "perhaps", "holds 'perhaps', which is neither true nor false"),
        ("joined", "30.04.2021", "holds '30.04.2021', which is no date like 2021-04-30"),
        ("joined", "2021-02-30", "holds '2021-02-30', which is no date"),
        ("joined", 20210430, "holds 20210430, which is no date"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(column: str, cell: object, why: str) -> None:
    good = table(3, 3)
    good[1] = {**good[1], column: cell}
    with pytest.raises(DataError, match=f"column {column!r} {why}") as caught:
        RECORD.encode(good, OPTIONS)
    assert caught.value.where == "row 1"
    [tried] = caught.value.tries
    assert ("`missing`" in tried) == (why == "is missing")
    for written in re.findall(r"'(.+?)'", tried):  # what it says to write can be read
        RECORD.encode([{**good[0], column: written}], OPTIONS)


def test_dates_are_days_of_utc() -> None:
    options = RecordOptions(columns=("d",), dates=("d",))
    cells = [
        "2000-01-01",
        "2000-01-02T12:00",
        "2000-01-01T01:00+02:00",
        "1999-12-31 18:00:00Z",
        datetime.date(2000, 3, 1),
    ]
    found = RECORD.encode([[cell] for cell in cells], options)[:, 0]
    np.testing.assert_allclose(found, [0, 1.5, -1 / 24, -0.25, 60], rtol=1e-6)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"dates": ["c"]}, "'c' is not among the columns"),
        ({"dates": ["a"], "booleans": ["a"]}, "'a' is said to be of two kinds"),
        ({"categories": {"a": []}}, "'a' needs 1 to"),
        ({"categories": {"a": ["x", "x"]}}, "'a' needs 1 to"),
        ({"ordered": {"a": [" x"]}}, "'a' needs 1 to"),
    ],
)
def test_options_that_contradict_each_other_are_refused(more: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        RecordOptions(columns=("a", "b"), **more)  # type: ignore[arg-type]
