"""A program beyond the budget teaches one within it: when that happens, what is kept of it, and that it repeats."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.attempts import Attempt
from datacc.compiler.build import LOCK, Order, build
from datacc.compiler.fitting import fit_once
from datacc.compiler.recipe import default_recipe
from datacc.compiler.report import Report
from datacc.compiler.tutor import said
from datacc.compiler.verify import verify
from datacc.errors import SpecError
from datacc.fit import Examples
from datacc.fit._batches import Batches
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.lock import Lock, Tutor, read_lock, shape_digest, write_lock
from datacc.spec.program import Budget, Goal, Program, Target
from datacc.store import Store

ROWS = 1500  # of fewer, folds are the score, and nobody teaches
SMALL, LARGE = {"width": 4, "depth": 1}, {"width": 32, "depth": 1}
RECIPE = default_recipe(ROWS, 100)
TUTOR = Tutor(skeleton="mlp.v1", sizes=LARGE, recipe=RECIPE.plain())


def rings(folder: Path, **changes: object) -> Program:
    """A program for points of the plane in three rings, which a few hidden values cannot tell apart."""
    random = np.random.default_rng(0)
    radius, angle = random.uniform(0, 3, ROWS), random.uniform(0, 2 * np.pi, ROWS)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    lines = [f"{x:.4f},{y:.4f},{'abc'[int(r)]}" for (x, y), r in zip(points, radius, strict=True)]
    (folder / "rings.csv").write_text("\n".join(["x,y,ring", *lines]) + "\n")
    found = infer_program(folder / "rings.csv", "ring")
    options = {"path": "rings.csv", "label": "ring"}
    source = replace(found.source, options=options)
    (record,) = found.inputs
    plain = replace(record, options={"columns": record.options["columns"]})  # without bins, for mlp.v1
    return replace(found, source=source, inputs=(plain,), **{"goals": (Goal(metric="accuracy", limit=0.9),), **changes})  # type: ignore[arg-type]


def frozen(program: Program, folder: Path) -> tuple[Snapshot, Store]:
    store = Store(folder / "store")
    return load("sources", "table").snapshot(program, folder, None, store), store


def told(program: Program, folder: Path) -> tuple[Report, list[Attempt]]:
    heard: list[Attempt] = []
    return build(program, folder, Order(search=True), tell=heard.append), heard


def test_where_none_within_the_budget_will_do_one_beyond_it_teaches(tmp_path: Path) -> None:
    report, heard = told(rings(tmp_path, budget=Budget(work=70)), tmp_path)
    alone = [one for one in heard if one.tutor is None and one.rung.work <= 70]
    (taught,) = (one for one in heard if one.tutor is not None)
    assert not any(one.promising for one in alone)
    assert taught.tutor is not None
    assert taught.tutor.rung.work > 70 >= taught.rung.work
    chosen = next(one for one in report.tried if one.chosen)
    kept = taught.score > max(one.score for one in alone)
    assert chosen.tune == max(one.score for one in (*alone, taught))
    assert (report.provenance.tutor is not None) == kept
    assert any("fitted to teach" in one.note and one.tune is None for one in report.tried)


def test_where_one_within_the_budget_will_do_nothing_beyond_it_is_fitted(tmp_path: Path) -> None:
    report, heard = told(rings(tmp_path, budget=Budget(work=100)), tmp_path)
    assert report.provenance.tutor is None
    assert any(one.promising for one in heard)
    assert all(one.tutor is None and one.rung.work <= 100 for one in heard)


def lock_for(program: Program, tutor: Tutor | None) -> Lock:
    shape = shape_digest(program)
    return Lock(program=shape, skeleton="mlp.v1", sizes=SMALL, recipe=RECIPE.plain(), tutor=tutor)


@pytest.mark.parametrize("arithmetic", ["float", "int8"])
def test_a_lock_with_a_tutor_is_obeyed(tmp_path: Path, arithmetic: str) -> None:
    program = rings(tmp_path, goals=(Goal(metric="accuracy", limit=0.2),), target=Target(arithmetics=(arithmetic,)))
    graphs = []
    for tutor in (None, TUTOR):
        write_lock(tmp_path / LOCK, lock_for(program, tutor))
        report = build(program, tmp_path)
        graphs.append(report.digests.graph)
        assert report.provenance.tutor == (None if tutor is None else "mlp.v1 depth 1, width 32")
        found = read_lock(tmp_path / LOCK)
        assert found is not None
        assert found.tutor == tutor
    assert graphs[0] != graphs[1]


def test_what_was_taught_is_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    """In a process with one thread, without a cache; and a build with nothing to do leaves it as it stands."""
    program = rings(tmp_path, goals=(Goal(metric="accuracy", limit=0.2),))
    write_lock(tmp_path / LOCK, lock_for(program, TUTOR))
    build(program, tmp_path)
    assert "rings.c" in verify(program, tmp_path, None)
    made = (tmp_path / "build" / "rings" / "report.json").stat()
    build(program, tmp_path)
    assert (tmp_path / "build" / "rings" / "report.json").stat() == made


def test_a_tutor_that_cannot_be_is_refused(tmp_path: Path) -> None:
    program = rings(tmp_path)
    write_lock(tmp_path / LOCK, lock_for(program, replace(TUTOR, recipe={})))
    with pytest.raises(SpecError, match="recipe"):
        build(program, tmp_path)


def test_what_a_tutor_says_are_its_scores_and_half_of_what_is_learnt(tmp_path: Path) -> None:
    program = rings(tmp_path)
    snapshot, store = frozen(program, tmp_path)
    graph = skeleton_graph(program, snapshot, "mlp.v1", LARGE)
    fitted = fit_once(program, snapshot, graph, RECIPE, store)
    found, rows = said(program, snapshot, fitted), snapshot.rows(LEARN)
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    np.testing.assert_allclose(found, interpret(fitted.graph, inputs)["ring_scores"], atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    learn = Examples(inputs=inputs, targets=snapshot.labels["ring"][rows], augment={}, said=found)
    half = learn.rows(np.arange(len(learn)) % 2 == 0)
    chunk, plain = (Batches(one, 8, 3, 0).chunk(1, 3) for one in (half, replace(half, said=None)))
    given = {row.tobytes(): answer for row, answer in zip(inputs["record"], found, strict=True)}
    for step in range(3):
        for row, target, hard in zip(
            chunk.inputs["record"][step], chunk.targets[step], plain.targets[step], strict=True
        ):
            np.testing.assert_allclose(target, (hard + given[row.tobytes()]) / 2, atol=1e-6)
