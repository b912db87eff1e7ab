"""Fold models: out of fold, cached by what goes in, equal inputs together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler import folds as module
from datacc.compiler.assemble import examples, skeleton_graph
from datacc.compiler.folds import FOLDS_BY_INPUT, assign_folds, emptied, unseen
from datacc.fit import Examples, Fitted, Recipe
from datacc.ir.graph import Graph
from datacc.repo.snapshot import LEARN
from datacc.store import Store
from tests.compiler.made import PROGRAM, points, snapshot_of, thirds

RECIPE = Recipe(epochs=1, batch=8, rate=0.01)
VALUES, NAMES = points(90)
SPLITS = thirds(90)


class Commonest:
    """Fits the commonest class: the answers show which rows were learnt from."""

    def __init__(self) -> None:
        self.fits: list[Examples] = []

    version = "commonest 1"

    def fit(
        self, graph: Graph, learn: Examples, tune: Examples, recipe: Recipe, seed: int, watch: Any = None
    ) -> Fitted:
        self.fits.append(learn)
        values = {hole.name: np.zeros(hole.type.shape, np.float32) for hole in graph.holes}
        values["top.bias"] = np.bincount(learn.targets, minlength=3).astype(np.float32)
        return Fitted(graph=graph.fill(values), tune=0.0, history=())


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Commonest:
    found = Commonest()
    monkeypatch.setattr(module, "engine", lambda asked, graph: found)
    return found


def test_every_learn_row_is_answered_by_a_fit_without_it(tmp_path: Path, engine: Commonest) -> None:
    snapshot = snapshot_of(Store(tmp_path), VALUES, NAMES, SPLITS)
    graph = skeleton_graph(PROGRAM, snapshot, "mlp.v1", {"width": 0, "depth": 0})
    found = unseen(PROGRAM, snapshot, graph, RECIPE, Store(tmp_path))
    learn, _ = examples(PROGRAM, snapshot)
    assert found.rows.tolist() == snapshot.rows(LEARN).tolist()
    assert len(engine.fits) == FOLDS_BY_INPUT
    of = assign_folds(learn)
    for fold, seen in enumerate(engine.fits):
        held = {row.tobytes() for row in learn.inputs["point"][of == fold]}
        assert not held & {row.tobytes() for row in seen.inputs["point"]}
        assert len(seen) + (of == fold).sum() == len(learn)
        assert set(found.answers["side"][of == fold].reshape(-1)) == {int(np.bincount(seen.targets).argmax())}


def test_a_relabelled_row_costs_no_fit_in_the_fold_that_held_it_out(tmp_path: Path, engine: Commonest) -> None:
    store = Store(tmp_path)
    before = snapshot_of(store, VALUES, NAMES, SPLITS)
    graph = skeleton_graph(PROGRAM, before, "mlp.v1", {"width": 0, "depth": 0})
    first = unseen(PROGRAM, before, graph, RECIPE, store)
    again = unseen(PROGRAM, before, graph, RECIPE, store)
    np.testing.assert_array_equal(first.answers["side"], again.answers["side"])
    assert len(engine.fits) == FOLDS_BY_INPUT, "the second time nothing is fitted"
    labels = list(NAMES)
    labels[0] = "low" if labels[0] != "low" else "high"
    unseen(PROGRAM, snapshot_of(store, VALUES, labels, SPLITS), graph, RECIPE, store)
    assert len(engine.fits) == 2 * FOLDS_BY_INPUT - 1
    unseen(PROGRAM, before, graph, replace(RECIPE, epochs=2), store)
    assert len(engine.fits) == 3 * FOLDS_BY_INPUT - 1


def test_equal_inputs_share_a_fold() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(50, 2)).astype(np.float32)
    twice = Examples(inputs={"point": np.concatenate([rows, rows[::-1]])}, targets=np.zeros(100, np.int32), augment={})
    of = assign_folds(twice)
    np.testing.assert_array_equal(of[:50], of[50:][::-1])
    assert set(of) == set(range(FOLDS_BY_INPUT))


def test_emptied_undoes_a_fit(tmp_path: Path, engine: Commonest) -> None:
    snapshot = snapshot_of(Store(tmp_path), VALUES, NAMES, SPLITS)
    graph = skeleton_graph(PROGRAM, snapshot, "mlp.v1", {"width": 4, "depth": 1})
    learn, tune = examples(PROGRAM, snapshot)
    fitted = engine.fit(graph, learn, tune, RECIPE, 0).graph
    assert not fitted.holes
    assert emptied(fitted).digest == graph.digest
