"""Fits are remembered, and a missing back end is said in one line."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from datacc.compiler import fitting
from datacc.compiler.assemble import skeleton_graph
from datacc.errors import MissingExtra
from datacc.fit import Recipe
from datacc.registry import load
from datacc.sources.table import infer_program
from datacc.store import Store
from tests.compiler.tables import blobs


def test_the_version_of_the_back_end_is_known_without_importing_it() -> None:
    assert fitting.back_end_version() == f"torch {metadata.version('torch').split('+')[0]}"


def test_a_missing_back_end_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "datacc.fit.torch", raising=False)
    with pytest.raises(MissingExtra) as caught:
        fitting.back_end()
    assert caught.value.tries == ("pip install 'datacc[fit]'",)


def test_the_same_fit_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = infer_program(blobs(tmp_path / "flowers.csv"), "species")
    store = Store(tmp_path / "cache")
    snapshot = load("sources", "table").snapshot(program, tmp_path, None, store)
    graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 8, "depth": 1})
    recipe = Recipe(epochs=2, batch=16, rate=0.01, threads=1)
    first = fitting.fit_once(program, snapshot, graph, recipe, store)
    exact = fitting.fit_once(program, snapshot, graph, recipe, Store(store.root, fresh=True))
    monkeypatch.setattr(fitting, "back_end", lambda: pytest.fail("fitted again"))
    again = fitting.fit_once(program, snapshot, graph, recipe, store)
    assert first.graph.digest == again.graph.digest == exact.graph.digest
    assert (first.tune, first.history) == (again.tune, again.history)
