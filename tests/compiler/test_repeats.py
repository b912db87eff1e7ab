"""Scores of few examples, out of fold: no model answers what it has seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from datacc.compiler import folds as folding
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.attempts import Attempt
from datacc.compiler.folds import unseen
from datacc.compiler.learnt import lessons
from datacc.compiler.recipe import default_recipe
from datacc.compiler.repeats import is_small, repeated
from datacc.compiler.search import search
from datacc.goals import Figure, _ranking
from datacc.goals.bootstrap import by_rows
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.lock import ALL
from datacc.spec.program import Goal, Program
from datacc.store import Store


def frozen(folder: Path, lines: list[str]) -> tuple[Program, Snapshot, Store]:
    (folder / "few.csv").write_text("\n".join(["a,kind", *lines]))
    program = infer_program(folder / "few.csv", "kind")
    store = Store(folder / "store")
    return program, load("sources", "table").snapshot(program, Path("/"), None, store), store


def test_groups_and_equal_inputs_are_frozen(tmp_path: Path) -> None:
    lines = [f"{n},{n % 7},{'xy'[n % 2]}" for n in range(60)] + [f"{n},9,{'xy'[n % 2]}" for n in range(3)]
    (tmp_path / "few.csv").write_text("\n".join(["a,speaker,kind", *lines]))
    program = infer_program(tmp_path / "few.csv", "kind")
    inputs = replace(program.inputs[0], options={"columns": ["a"]})
    grouped = replace(program.source, options={**program.source.options, "group": "speaker"})
    program = replace(program, inputs=(inputs,), source=grouped)
    snapshot = load("sources", "table").snapshot(program, Path("/"), None, Store(tmp_path / "store"))
    group_of = dict(zip(snapshot.columns["speaker"], snapshot.groups.tolist(), strict=True))
    for speaker, group in zip(snapshot.columns["speaker"], snapshot.groups.tolist(), strict=True):
        assert group_of[speaker] == group
    assert len(set(group_of.values())) == 5  # of eight speakers, the last said what three others said


def scored(folder: Path, lines: list[str]) -> Figure:
    program, snapshot, store = frozen(folder, lines)
    graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 8, "depth": 1})
    return repeated(program, snapshot, graph, default_recipe(200, graph.by_name[graph.loss].type.count), store)[0]


def test_what_can_be_learnt_is_scored_on_all_rows_and_chance_is_not_taken_for_skill(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(size=200)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    learnable = scored(tmp_path / "one", [f"{x:.4f},{'xy'[int(x > 0)]}" for x in numbers])
    guessed = scored(tmp_path / "other", [f"{x:.4f},{'xy'[random.integers(2)]}" for x in numbers])
    assert learnable.total > 0.7 * len(numbers)
    assert learnable.value > 0.9
    assert 0.3 < guessed.value < 0.7


@pytest.mark.parametrize(("rows", "folds", "repeats_asked"), [(100, 5, 2), (1500, 3, 1)])
def test_every_fit_is_remembered_and_none_sees_what_it_answers(
    rows: int, folds: int, repeats_asked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    program, snapshot, store = frozen(tmp_path, [f"{x:.9f},{'xy'[int(x > 0)]}" for x in random.normal(size=rows)])
    graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 0, "depth": 0})
    made, known = [], int((snapshot.splits != JUDGE).sum())

    class Seen(folding.Fold):
        def answers(self, *given):  # type: ignore[no-untyped-def]
            learnt, held = ({row.tobytes() for row in part["record"]} for part in (self.learn.inputs, self.held))
            assert not learnt & held
            assert len(self.learn) + len(self.held["record"]) == known
            assert not len(self.tune)
            made.append(self)
            return super().answers(*given)

    monkeypatch.setattr(folding, "Fold", Seen)
    first, dealt = repeated(program, snapshot, graph, default_recipe(rows, 10), store)
    assert len(made) == folds * repeats_asked
    assert len(dealt) == repeats_asked
    monkeypatch.setattr("datacc.compiler.engine.fit", lambda *given, **more: pytest.fail("fitted again"))
    assert repeated(program, snapshot, graph, default_recipe(rows, 10), store)[0] == first
    assert is_small(snapshot, asked=False)
    assert is_small(snapshot, asked=True) == (repeats_asked == 2)  # without a goal candidates are told apart by more


def test_some_thousands_are_few_where_fits_are_cheap(tmp_path: Path) -> None:
    _, snapshot, _ = frozen(tmp_path, [f"{n / 3:.4f},{'xy'[n % 2]}" for n in range(3000)])
    assert is_small(snapshot, asked=False, cheap=True)
    assert not is_small(snapshot, asked=False)
    assert not is_small(snapshot, asked=True, cheap=True)


def test_what_is_asked_is_measured_each_time_that_they_are_dealt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(3)
    lines = [f"{x:.4f},{'xy'[int(x + random.normal() > 0)]}" for x in random.normal(size=120)]
    program, snapshot, store = frozen(tmp_path, lines)
    program = replace(program, skeleton="mlp.v1", goals=(Goal(metric="auroc", limit=0.5),))
    told, drawn = list[Attempt](), list[int]()
    monkeypatch.setattr(
        _ranking, "by_rows", lambda rows, *given, **more: drawn.append(rows) or by_rows(rows, *given, **more)
    )
    search(program, snapshot, store, chosen_goal=False, announce=lambda rung: None, tell=told.append)
    assert len(drawn) == len(told), "a bound is asked for once"
    for one in told:
        areas = []
        for repeat in range(2):
            found = unseen(program, lessons(snapshot, ALL), one.rung.graph, one.recipe, store, repeat=repeat)
            areas.append(roc_auc_score(snapshot.labels["kind"][found.rows], found.answers["kind_scores"][:, 1]))
        assert one.score == pytest.approx(np.mean(areas))
        assert areas[0] != areas[1]
