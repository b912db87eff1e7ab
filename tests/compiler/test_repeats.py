"""Scores of few examples: folds that keep groups together and classes even; no model answers what it has seen."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler import repeats
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.recipe import default_recipe
from datacc.compiler.repeats import FOLDS, deal, is_small, repeated
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.program import Program
from datacc.store import Store

rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15)), min_size=1, max_size=120)


@given(rows, st.integers(0, 3))
def test_groups_stay_together(drawn: list[tuple[int, int]], repeat: int) -> None:
    classes, groups = (np.array(column) for column in zip(*drawn, strict=True))
    folds = deal(classes.astype(np.int32), groups.astype(np.int64), repeat)
    assert set(folds) <= set(range(FOLDS))
    assert len({(group, fold) for group, fold in zip(groups.tolist(), folds.tolist(), strict=True)}) == len(set(groups))
    np.testing.assert_array_equal(folds, deal(classes.astype(np.int32), groups.astype(np.int64), repeat))


@given(st.lists(st.integers(0, 3), min_size=20, max_size=200), st.integers(0, 3))
def test_without_groups_every_fold_has_the_same_share_of_each_class(drawn: list[int], repeat: int) -> None:
    classes = np.array(drawn, np.int32)
    folds = deal(classes, np.arange(len(classes)), repeat)
    for one in set(drawn):
        counts = Counter(folds[classes == one].tolist())
        assert max(counts.values()) - min(counts.get(k, 0) for k in range(FOLDS)) <= 1


def test_repeats_deal_otherwise() -> None:
    classes = np.zeros(50, np.int32)
    dealt = [deal(classes, np.arange(50), repeat) for repeat in range(2)]
    assert (dealt[0] != dealt[1]).any()


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


def scored(folder: Path, lines: list[str]) -> repeats.Figure:
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

    class Seen(repeats.Fold):
        def answers(self, *given):  # type: ignore[no-untyped-def]
            learnt, held = ({row.tobytes() for row in part["record"]} for part in (self.learn.inputs, self.held))
            assert not learnt & held
            assert len(self.learn) + len(self.held["record"]) == known
            assert not len(self.tune)
            made.append(self)
            return super().answers(*given)

    monkeypatch.setattr(repeats, "Fold", Seen)
    first, _ = repeated(program, snapshot, graph, default_recipe(rows, 10), store)
    assert len(made) == folds * repeats_asked
    monkeypatch.setattr("datacc.compiler.engine.fit", lambda *given, **more: pytest.fail("fitted again"))
    assert repeated(program, snapshot, graph, default_recipe(rows, 10), store)[0] == first
    assert is_small(snapshot, asked=False)
    assert is_small(snapshot, asked=True) == (repeats_asked == 2)  # without a goal candidates are told apart by more
