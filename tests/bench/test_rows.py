"""Rows: which way a ratio points, what stands in the JSON, and how figures are shown."""

import json

import pytest

from bench.sides.rows import Row, as_json, shown, table


@pytest.mark.parametrize(
    ("better", "ours", "peer", "ratio"),
    [("less", 2.0, 6.0, 3.0), ("less", 6.0, 2.0, 1 / 3), ("more", 0.9, 0.6, 1.5), ("more", 0.6, 0.9, 2 / 3)],
)
def test_above_one_means_that_ours_is_better(better: str, ours: float, peer: float, ratio: float) -> None:
    assert Row(name="a/b", ours=ours, peer=peer, better=better).ratio == pytest.approx(ratio)


@pytest.mark.parametrize(("ours", "peer"), [(0.0, 3.0), (3.0, 0.0), (3.0, None)])
def test_nothing_has_no_ratio(ours: float, peer: float | None) -> None:
    assert Row(name="a/b", ours=ours, peer=peer).ratio is None


def test_json_is_one_object_of_rows() -> None:
    rows = [Row(name="size", ours=10, unit="B"), Row(name="size/peer", ours=10, peer=30, unit="B")]
    assert json.loads(as_json(rows)) == {"size": {"ours": 10}, "size/peer": {"ours": 10, "peer": 30, "ratio": 3.0}}


def test_no_row_is_lost_and_no_figure_is_nothing() -> None:
    with pytest.raises(ValueError, match="two rows are called size"):
        as_json([Row(name="size", ours=1), Row(name="size", ours=2)])
    with pytest.raises(ValueError, match="JSON"):
        as_json([Row(name="size", ours=float("nan"))])


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4.85e-6, "s", "4.85 µs"),
        (7.06e-8, "s", "70.6 ns"),
        (0.0, "s", "0 ns"),
        (29.6, "s", "29.6 s"),
        (23_727, "B", "23.73 kB"),
        (536, "B", "536 B"),
        (0.97511, "share", "97.51 %"),
        (142_570, "MAC", "142,570 MAC"),
        (None, "s", ""),
    ],
)
def test_figures_for_people(value: float | None, unit: str, text: str) -> None:
    assert shown(value, unit) == text


def test_the_table_keeps_columns_apart() -> None:
    rows = [Row(name="a", ours=1.0, note="wall"), Row(name="a/peer", ours=1.0, peer=2.0)]
    assert table(rows).splitlines() == [
        "row     ours  peer  ratio",
        "a        1 s               wall",
        "a/peer   1 s   2 s     2×",
    ]
