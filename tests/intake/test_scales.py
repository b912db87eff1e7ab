"""Columns whose values have an order that everybody knows are read as ordered, and no others."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.intake.importing import ImportOptions
from datacc.intake.importing.columns import record_options
from datacc.intake.importing.read import Read, read
from datacc.intake.importing.scales import ascending
from datacc.registry import load


@pytest.mark.parametrize(
    "order",
    [
        ("low", "medium", "high"),
        ("LOW", "Med", "High", "critical"),
        ("S", "M", "L", "XL"),
        ("xs", "s", "m", "l", "xl", "2XL"),
        ("1st", "2nd", "3rd", "10th"),
        ("never", "rarely", "sometimes", "often", "always"),
        ("strongly_disagree", "disagree", "neutral", "agree", "strongly-agree"),
        ("Very  poor", "poor", "fair", "excellent"),
        ("High School", "Bachelors", "Master's", "PhD"),
    ],
)
def test_known_scales_ascend(order: tuple[str, ...]) -> None:
    for seed in range(5):
        assert ascending(set(np.random.default_rng(seed).permutation(order).tolist())) == order


@pytest.mark.parametrize(
    "values",
    [
        ("low", "high"),  # nothing in between
        ("low", "medium", "med"),  # two words for one place
        ("low", "medium", "high", "other"),
        ("small", "medium", "high"),
        ("1st", "2nd", "third"),
        ("red", "green", "blue"),
        ("mon", "tue", "wed"),
        ("Low", "low", "high", "medium"),
        (),
    ],
)
def test_what_is_not_certain_has_no_order(values: tuple[str, ...]) -> None:
    assert ascending(values) is None


@given(st.sets(st.integers(1, 10**6), min_size=3, max_size=20))
def test_numbered_words_ascend_by_their_number(numbers: set[int]) -> None:
    assert ascending({f"{n}th" for n in numbers}) == tuple(f"{n}th" for n in sorted(numbers))


@given(st.sets(st.text("abl ", max_size=4), max_size=12))
def test_other_texts_have_no_order(values: set[str]) -> None:
    assert ascending(values) is None


def table(tmp_path: Path, cells: list[str]) -> Read:
    lines = [f"{n * 7 % 11}.5,{cell},{'xy'[n % 2]}" for n, cell in enumerate(cells)]
    (tmp_path / "data.csv").write_text("\n".join(["price,size,kind", *lines, ""]))
    return read(tmp_path / "data.csv", ImportOptions(label="kind"))


def test_a_column_of_a_table_is_read_as_its_scale_and_that_is_said(tmp_path: Path) -> None:
    cells = ["S", "L", "M", "M", "", "XL"] * 10
    found = table(tmp_path, cells)
    column = found.roles.inputs["size"]
    assert (column.kind, column.values, column.gaps) == ("order", ("S", "M", "L", "XL"), True)
    assert any("read as ordered values: 'size (S < M < L < XL)'" in note for note in found.roles.notes)
    record = load("types", "record")
    options = record.options(**record_options(found.roles.inputs))
    assert options.ordered == {"size": ("S", "M", "L", "XL")}
    assert options.missing == ("size",) or list(options.missing) == ["size"]
    rows = record.encode([[1.0, "XL"], [1.0, "S"], [1.0, None], [1.0, "XXL"]], options)
    np.testing.assert_array_equal(rows[:, 1], [3, 0, np.nan, np.nan])


def test_one_value_from_elsewhere_makes_it_a_category(tmp_path: Path) -> None:
    column = table(tmp_path, [*["S", "L", "M"] * 20, *["kids"] * 4]).roles.inputs["size"]
    assert (column.kind, set(column.values)) == ("category", {"S", "M", "L", "kids"})
