"""Fits are remembered, and a missing back end is said in one line."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from datacc.compiler import fitting
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.engine import Engine, engine
from datacc.errors import MissingExtra
from datacc.fit import Progress, Recipe, driver
from datacc.registry import load
from datacc.sources.table import infer_program
from datacc.store import Store
from tests.compiler.made import PROGRAM, points, snapshot_of, thirds
from tests.compiler.tables import blobs
from tests.fit.sets import QUICK, row_graph, rows


def test_the_version_of_the_back_end_is_known_without_importing_it() -> None:
    graph = row_graph(rows())
    assert engine("torch", graph).version == f"torch {metadata.version('torch').split('+')[0]}"


def test_a_missing_back_end_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "datacc.fit.torch", raising=False)
    learn = rows()
    with pytest.raises(MissingExtra) as caught:
        engine("torch", row_graph(learn)).fit(row_graph(learn), learn, learn, QUICK, 0)
    assert caught.value.tries == ("pip install 'datacc[fit]'",)


def test_the_same_fit_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = infer_program(blobs(tmp_path / "flowers.csv"), "species")
    store = Store(tmp_path / "cache")
    snapshot = load("sources", "table").snapshot(program, tmp_path, None, store)
    graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 8, "depth": 1})
    recipe = Recipe(epochs=2, batch=16, rate=0.01, threads=1)
    first = fitting.fit_once(program, snapshot, graph, recipe, store)
    exact = fitting.fit_once(program, snapshot, graph, recipe, Store(store.root, fresh=True))
    monkeypatch.setattr(Engine, "fit", lambda *_, **more: pytest.fail("fitted again"))
    again = fitting.fit_once(program, snapshot, graph, recipe, store)
    assert first.graph.digest == again.graph.digest == exact.graph.digest
    assert (first.tune, first.history) == (again.tune, again.history)


@pytest.mark.parametrize("split", ["learn", "tune", "judge"])
def test_labels_of_judge_cost_no_fit(split: str, tmp_path: Path) -> None:
    (values, names), splits, store = points(90), thirds(90), Store(tmp_path)
    turned = list(names)
    at = splits.index(split)
    turned[at] = "low" if names[at] != "low" else "high"
    first, second = (snapshot_of(store, values, labels, splits) for labels in (names, turned))
    graph = skeleton_graph(PROGRAM, first, "mlp.v1", {"width": 4, "depth": 1})
    recipe, steps = Recipe(epochs=2, batch=16, rate=0.01, threads=1), []
    for snapshot in (first, second):
        fitting.fit_once(PROGRAM, snapshot, graph, recipe, store, lambda one: steps.append(one.step))
    fits = sum(step == steps[-1] for step in steps)
    assert first.digest != second.digest
    assert fits == (1 if split == "judge" else 2)


def test_an_interrupted_fit_goes_on_and_leaves_nothing_but_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = infer_program(blobs(tmp_path / "flowers.csv"), "species")
    store, other = Store(tmp_path / "cache"), Store(tmp_path / "straight")
    snapshot = load("sources", "table").snapshot(program, tmp_path, None, store)
    graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 8, "depth": 1})
    recipe = Recipe(epochs=40, batch=16, rate=0.01, threads=1)
    monkeypatch.setattr(driver, "MOMENT", 0.0)

    def stop(progress: Progress) -> None:
        if progress.step > 100:
            raise KeyboardInterrupt

    def files() -> set[Path]:
        return {path for path in store.root.rglob("*") if path.is_file()}

    before = files()
    with pytest.raises(KeyboardInterrupt):
        fitting.fit_once(program, snapshot, graph, recipe, store, stop)
    (checkpoint,) = files() - before
    steps: list[int] = []
    again = fitting.fit_once(program, snapshot, graph, recipe, store, lambda one: steps.append(one.step))
    straight = fitting.fit_once(program, snapshot, graph, recipe, other)
    assert again.graph.digest == straight.graph.digest
    assert again.history == straight.history
    assert steps[0] > 64
    assert not checkpoint.exists()


def test_a_class_that_learn_lacks_is_named(tmp_path: Path) -> None:
    values, names = points(30)
    splits = ["learn" if name == "low" else ("tune", "judge")[n % 2] for n, name in enumerate(names)]
    snapshot = snapshot_of(Store(tmp_path), values, names, splits)
    (said,) = fitting.absent(snapshot)
    assert said == "no learn example of side is 'high', 'far': it is not learnt"
