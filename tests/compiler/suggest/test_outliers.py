"""Numbers that are far out, and labels of several that look wrong: planted ones are found, by NumPy's quartiles."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.suggest import Suggestions, suggest, suggested_within
from datacc.compiler.suggest.outliers import doubtful, far_out
from datacc.compiler.suggest.suspects import suspects
from datacc.fit import Recipe
from datacc.registry import load
from datacc.repo.snapshot import JUDGE
from datacc.sources.table import infer_program
from datacc.store import Store

RECIPE = Recipe(epochs=40, batch=16, rate=0.02)
NAMES = np.array(["east", "far", "north"])
ROWS = 600


@given(st.integers(0, 9999), st.integers(5, 200), st.floats(0, 5))
def test_far_out_is_beyond_three_ranges_of_quartiles(seed: int, count: int, within: float) -> None:
    random = np.random.default_rng(seed)
    answers, off = random.normal(size=count) * 9, random.standard_t(1.5, size=count)
    found = far_out(answers, answers + off, within)
    low, high = np.percentile(off, [25, 75])
    fences = low - 3 * (high - low), high + 3 * (high - low)
    wanted = [n for n in range(count) if (off[n] < fences[0] or off[n] > fences[1]) and abs(off[n]) > within]
    assert sorted(found.tolist()) == wanted
    beyond = np.maximum(low - off, off - high)[found]
    assert (np.diff(beyond) <= 1e-9).all()


def test_of_answers_that_are_all_right_nothing_is_far_out() -> None:
    numbers = np.arange(40.0)
    assert not len(far_out(numbers, numbers, 0.0))
    off = numbers + np.where(numbers == 7, 0.5, 0)
    assert far_out(numbers, off, 0.1).tolist() == [7]
    assert not len(far_out(numbers, off, 0.6))


@given(st.integers(0, 9999), st.integers(2, 60), st.integers(1, 4))
def test_each_of_several_labels_is_a_question_of_two_classes(seed: int, count: int, width: int) -> None:
    random = np.random.default_rng(seed)
    labels = (random.random((count, width)) < 0.4).astype(np.int8)
    shares = np.clip(labels * 0.6 + random.normal(0.2, 0.25, labels.shape), 0, 1)
    rows, worst, instead = doubtful(shares, labels)
    alone = [
        set(suspects(np.stack([1 - shares[:, k], shares[:, k]], axis=1), labels[:, k])[0].tolist())
        for k in range(width)
    ]
    assert set(rows.tolist()) == set().union(*alone)
    for row, k, other in zip(rows, worst, instead, strict=True):
        assert [row in one for one in alone] == (other != labels[row]).tolist()
        assert other[k] != labels[row, k]
    margins = [np.abs(2 * shares[row, k] - 1) for row, k in zip(rows, worst, strict=True)]
    assert len(margins) == len(rows)


def told(folder: Path, header: str, cells: list[str], points: np.ndarray, form: str) -> tuple[Suggestions, set[str]]:
    """The suggestions about a table, and the ids of judge rows."""
    lines = [f"{','.join(f'{x:.3f}' for x in point)},{cell}" for point, cell in zip(points, cells, strict=True)]
    (folder / "it.csv").write_text("\n".join([f"x,y,z,{header}", *lines, ""]))
    store, program = Store(folder / "cache"), infer_program(folder / "it.csv", header, type=form)
    snapshot = load("sources", "table").snapshot(program, folder, None, store)
    graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 16, "depth": 1})
    assert suggested_within(program, snapshot, graph, RECIPE)
    found = suggest(program, snapshot, graph, RECIPE, store, most=ROWS)
    assert found is not None
    assert found == suggest(program, snapshot, graph, RECIPE, store, most=ROWS)  # remembered
    assert found.rows == (snapshot.splits != JUDGE).sum()
    return found, {id for id, split in zip(snapshot.ids, snapshot.splits, strict=True) if split == JUDGE}


def place(name: str | None) -> int:
    assert name is not None
    return int(name.rsplit(":", 1)[1]) - 2


def test_planted_numbers_are_found(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    points = random.normal(size=(ROWS, 3))
    true = 1000 + 50 * points[:, 0] - 20 * points[:, 1] + random.normal(0, 5, ROWS)
    planted = set(random.choice(ROWS, 30, replace=False).tolist())
    written = [value * 10 if n in planted else value for n, value in enumerate(true)]
    found, judge = told(tmp_path, "price", [f"{value:.2f}" for value in written], points, "number")
    named = [place(one.name) for one in found.suspects]
    assert not judge & {one.id for one in found.suspects}
    assert found.total == len(named)
    first = named[: len(planted) - 15]  # about a fifth of the planted ones are sealed in judge
    assert len(first) == 15
    assert set(first) <= planted
    for one in found.suspects[:15]:
        assert float(one.label.replace(",", "")) == pytest.approx(written[place(one.name)], rel=1e-4)
        assert abs(float(one.instead.removeprefix("about ").replace(",", "")) - true[place(one.name)]) < 6000


def test_planted_labels_are_found(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    points = random.normal(size=(ROWS, 3))
    true = np.stack([points[:, 0] > 0.2, (points**2).sum(axis=1) > 4, points[:, 1] > 0], axis=1)
    written = true.copy()
    clear = np.flatnonzero(np.abs(points[:, 0] - 0.2) > 0.8)
    planted = set(random.choice(clear, 30, replace=False).tolist())
    written[list(planted), 0] ^= True
    cells = [";".join(NAMES[row]) or ";" for row in written]
    found, judge = told(tmp_path, "tags", cells, points, "labels")
    assert not judge & {one.id for one in found.suspects}
    assert found.form == "labels"
    first = found.suspects[:12]
    assert len({place(one.name) for one in first} & planted) >= 9
    for one in found.suspects:
        assert one.label != one.instead
        assert one.label == (";".join(NAMES[written[place(one.name)]]).replace(";", "; ") or "none")
        assert one.share is not None
