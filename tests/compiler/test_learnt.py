"""What is learnt of few examples is all that judge does not hold; folds tell how good it is, and nothing else does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datacc
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.bisect.demand import SliceGoal
from datacc.compiler.build import Order, build
from datacc.compiler.cache import cache
from datacc.compiler.deal import FOLDS_OF_FEW
from datacc.compiler.engine import fit
from datacc.compiler.folds import unseen
from datacc.compiler.grow import grow
from datacc.compiler.learnt import lessons
from datacc.compiler.past import Fits, past_of
from datacc.compiler.recipe import default_recipe
from datacc.compiler.repeats import right_of
from datacc.compiler.sides import diff_builds
from datacc.compiler.verify import verify
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.lock import ALL, Lock, read_lock, write_lock
from datacc.spec.lock import LEARN as LEARN_ALONE
from datacc.spec.program import Budget, Goal, Program
from datacc.store import Store
from tests.compiler.test_sides import cheap

CORNERS = {"x": (0.0, 0.0), "y": (6.0, 0.0), "z": (0.0, 6.0)}


def table_in(folder: Path, *, at_random: bool = False) -> tuple[Program, Lock]:
    """Three kinds of points far apart, no learn row of the last; or labels by chance. A lock of a small net."""
    random, lines = np.random.default_rng(0), ["a,b,kind,split"]
    for n in range(240):
        split = ("learn", "learn", "tune", "judge")[n % 4]
        kind = "xy"[random.integers(2)] if split == "learn" else "xyz"[random.integers(3)]
        a, b = np.array(CORNERS[kind]) + random.normal(size=2)
        lines.append(f"{a:.6f},{b:.6f},{'xyz'[random.integers(3)] if at_random else kind},{split}")
    (folder / "points.csv").write_text("\n".join(lines))
    program = infer_program(folder / "points.csv", "kind", "points")
    return program, replace(cheap(program), sizes={"width": 8, "depth": 1}, learnt=ALL)


def frozen(program: Program, folder: Path) -> tuple[Snapshot, Store]:
    store = Store(folder / "store")
    return load("sources", "table").snapshot(program, folder, None, store), store


def answers_of(folder: Path) -> set[str]:
    native = datacc.load(folder / "build" / "points")
    return {native({"a": a, "b": b}).label for a, b in CORNERS.values()}


def test_what_only_tune_has_is_learnt_and_a_lock_from_before_means_what_it_meant(tmp_path: Path) -> None:
    program, lock = table_in(tmp_path)
    report = build(program, tmp_path, Order(lock=lock))
    assert answers_of(tmp_path) == {"x", "y", "z"}
    assert report.provenance.learnt == ALL
    assert not any("'z'" in note for note in report.data.notes)
    before = build(program, tmp_path, Order(lock=replace(lock, learnt=LEARN_ALONE)))
    assert answers_of(tmp_path) == {"x", "y"}
    assert before.provenance.learnt == LEARN_ALONE
    assert any("no learn example of kind is 'z'" in note for note in before.data.notes)


def test_the_report_tells_of_every_row_by_models_that_have_not_learnt_it(tmp_path: Path) -> None:
    """Labels by chance can be learnt by heart, and be told by nobody who has not."""
    program, lock = table_in(tmp_path, at_random=True)
    wide = replace(lock, sizes={"width": 64, "depth": 2}, recipe={**lock.recipe, "epochs": 120, "smoothing": 0.0})
    report = build(program, tmp_path, Order(lock=wide))
    [told] = report.tune
    assert (told.total, told.how) == (180, "out of fold")
    assert report.data.rows == {"learn": 120, "tune": 60, "judge": 60}
    assert 0.15 < told.right / told.total < 0.55  # a third by chance
    assert report.tried[0].tune == pytest.approx(told.right / told.total)
    assert report.tried[0].how == "out of fold"
    page = (tmp_path / "build" / "points" / "report.html").read_text()
    assert "right out of fold" in page
    assert "on tune" not in page


def test_a_search_in_vain_says_that_folds_scored(tmp_path: Path) -> None:
    program, _ = table_in(tmp_path, at_random=True)
    asked = replace(program, goals=(Goal(metric="accuracy", limit=0.9),), budget=Budget(work=700))
    report = build(asked, tmp_path)
    said = [note for note in report.data.notes if "no candidate reaches the goal" in note]
    assert [note.split(";")[0] for note in said] == ["no candidate reaches the goal with margin out of fold"]
    assert {one.how for one in report.tried} == {"out of fold"}
    assert not any("on tune" in one.note for one in report.tried)


def test_answers_of_folds_are_in_the_order_of_the_rows_and_score_what_they_say(tmp_path: Path) -> None:
    program, _ = table_in(tmp_path)
    snapshot, store = frozen(program, tmp_path)
    taught = lessons(snapshot, ALL)
    assert not len(taught.rows(TUNE))
    assert taught.rows(LEARN).tolist() == np.flatnonzero(snapshot.splits != JUDGE).tolist()
    assert lessons(snapshot, LEARN_ALONE) is snapshot
    graph = skeleton_graph(program, taught, "mlp.v1", {"width": 8, "depth": 1})
    found = unseen(program, taught, graph, default_recipe(180, 10), store)
    assert found.rows.tolist() == taught.rows(LEARN).tolist()
    scores, said = found.answers["kind_scores"], found.answers["kind"].reshape(-1)
    assert (scores.argmax(axis=1) == said).all()
    truth = snapshot.labels["kind"][found.rows]
    assert right_of(program, snapshot, found).right == int((said == truth).sum()) > 0.8 * len(truth)


def test_a_rebuild_obeys_the_lock_and_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    program, lock = table_in(tmp_path)
    write_lock(tmp_path / "datacc.lock", lock)
    first = build(program, tmp_path)
    assert read_lock(tmp_path / "datacc.lock").learnt == ALL  # type: ignore[union-attr]
    assert build(program, tmp_path) == first
    assert "graph.dcc" in verify(program, tmp_path, None)
    lines = (tmp_path / "points.csv").read_text().splitlines()
    assert lines[3].endswith(",tune")
    a, b, kind, split = lines[3].split(",")
    lines[3] = ",".join([a, b, {"x": "y", "y": "z", "z": "x"}[kind], split])
    (tmp_path / "points.csv").write_text("\n".join(lines))
    after = build(program, tmp_path)
    assert after.digests.graph != first.digests.graph  # a label of tune is learnt, too
    assert after.digests.graph == build(program, tmp_path, Order(exact=True)).digests.graph


def test_a_diff_asks_models_of_folds_about_learn_and_tune(tmp_path: Path) -> None:
    program, lock = table_in(tmp_path)
    build(program, tmp_path, Order(lock=lock))
    table = tmp_path / "points.csv"
    table.write_text(table.read_text().replace(",y,", ",x,"))  # y is gone, so to say
    report = build(program, tmp_path, Order(lock=lock))
    assert report.since is not None
    [part] = report.since.answers
    assert (part.split, part.rows) == (ALL, 180)
    assert part.differ > 30
    known = cache(tmp_path)
    [again] = diff_builds(tmp_path / "build" / "points", tmp_path, known, learn=False).answers
    assert (again.differ, again.rows) == (part.differ, part.rows)


def test_after_an_edit_the_models_that_score_a_build_tell_what_changed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, lock = table_in(tmp_path)
    build(program, tmp_path, Order(lock=lock))
    fits = []

    def counted(*given: Any, **more: Any) -> Any:
        fits.append(given)
        return fit(*given, **more)

    monkeypatch.setattr("datacc.compiler.engine.fit", counted)
    table = tmp_path / "points.csv"
    lines = table.read_text().splitlines()
    row = next(n for n, line in enumerate(lines) if line.endswith(",x,learn"))
    lines[row] = lines[row].replace(",x,", ",y,")
    table.write_text("\n".join(lines))
    report = build(program, tmp_path, Order(lock=lock))
    assert report.since is not None
    assert (report.since.labels, report.since.answers[0].rows) == (1, 180)
    assert len(fits) <= 1 + FOLDS_OF_FEW
    fits.clear()
    diff_builds(tmp_path / "build" / "points", tmp_path, cache(tmp_path))
    assert not fits


def test_a_commit_of_such_a_form_is_measured_on_all_rows_out_of_fold(tmp_path: Path) -> None:
    program, lock = table_in(tmp_path, at_random=True)
    snapshot, store = frozen(program, tmp_path)
    fits = Fits(announce=lambda title: None)
    found = SliceGoal(metric="accuracy", where={}).read(past_of(program, snapshot, lock, store, fits)).figure
    assert found is not None
    assert found.total == 180
    alone = past_of(program, snapshot, replace(lock, learnt=LEARN_ALONE), store, fits)
    told = SliceGoal(metric="accuracy", where={}).read(alone).figure
    assert told is not None
    assert told.total == 60


def test_what_grows_goes_on_to_learn_all(tmp_path: Path) -> None:
    program, lock = table_in(tmp_path)
    build(program, tmp_path, Order(lock=lock))
    report = grow(tmp_path / "build" / "points", program, tmp_path, cache(tmp_path), 2, lambda rung: None)
    assert report.provenance.learnt == ALL
    assert answers_of(tmp_path) == {"x", "y", "z"}
