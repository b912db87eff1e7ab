"""The behaviour diff: labels, answers, what was fixed and broken, and which evidence each part has."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.diff import Side, diff, effect_of
from datacc.compiler.diff_text import diff_text
from datacc.compiler.learnt import Unlearnt
from datacc.repo.snapshot import LEARN, TUNE, Snapshot
from datacc.store import Store
from tests.compiler.made import CLASSES, PROGRAM, Oracle, points, snapshot_of, thirds

COUNT = 60
VALUES, NAMES = points(COUNT)
SPLITS = thirds(COUNT)


def side(snapshot: Snapshot, answers: dict[int, str]) -> Side:
    """A build that answers every example by its place in `NAMES`, but for `answers`."""
    classes = snapshot.classes["side"]
    by_point = {tuple(np.float32(VALUES[n])): answers.get(n, NAMES[n]) for n in range(COUNT)}
    native = Oracle(lambda row: classes.index(by_point[tuple(row)]))
    return Side(origin=snapshot.origin, program=PROGRAM, snapshot=snapshot, native=native, right=(18, 20))


def place(snapshot: Snapshot, split: int, nth: int) -> int:
    """The position in `NAMES` of the nth row of a split."""
    return int(str(snapshot.columns["name"][snapshot.rows(split)[nth]]).removeprefix("row "))


def other(name: str, *, than: str = "") -> str:
    return next(one for one in CLASSES if one not in (name, than))


def test_labels_and_answers_are_compared_example_by_example(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before = snapshot_of(store, VALUES, NAMES, SPLITS)
    relabelled, fixed, broke = (place(before, TUNE, n) for n in (0, 1, 2))
    labels = list(NAMES)
    labels[relabelled] = other(NAMES[relabelled])
    after = snapshot_of(store, VALUES, labels, SPLITS)
    old = side(before, {fixed: other(NAMES[fixed])})
    new = side(after, {broke: other(NAMES[broke]), relabelled: labels[relabelled]})
    found = diff(old, new)

    (label,) = found.relabelled
    assert (label.name, label.old, label.new) == (f"row {relabelled}", NAMES[relabelled], labels[relabelled])
    (tune,) = found.answers
    assert tune.rows == 20
    assert {(one.name, one.effect) for one in tune.changed} == {
        (f"row {relabelled}", "fixed"),
        (f"row {fixed}", "fixed"),
        (f"row {broke}", "broke"),
    }
    assert (tune.fixed, tune.broke, tune.other) == (2, 1, 0)
    assert found.judge.differ == 0


def test_judge_gives_counts_and_not_one_example(tmp_path: Path) -> None:
    store = Store(tmp_path)
    snapshot = snapshot_of(store, VALUES, NAMES, SPLITS)
    judged = [n for n in range(COUNT) if SPLITS[n] == "judge"]
    found = diff(side(snapshot, {}), side(snapshot, {n: other(NAMES[n]) for n in judged[:7]}))
    assert (found.judge.rows, found.judge.differ) == (20, 7)
    assert (found.judge.old, found.judge.new) == ((18, 20), (18, 20))
    told = json.dumps(asdict(found)) + diff_text(found)
    sealed = [example for example, split in zip(snapshot.ids, snapshot.splits, strict=True) if split == 2]
    assert not any(example[:12] in told for example in sealed)
    assert "counts only" in told


def test_classes_may_come_and_go(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before = snapshot_of(store, VALUES, NAMES, SPLITS)
    labels = ["very far" if name == "far" else name for name in NAMES]
    after = snapshot_of(store, VALUES, labels, SPLITS, classes=("very far", "high", "low"))
    moved = [n for n in range(COUNT) if NAMES[n] == "far"]
    found = diff(side(before, {}), side(after, dict.fromkeys(moved, "very far")))
    assert (found.classes_added, found.classes_removed) == (("very far",), ("far",))
    in_tune = [n for n in moved if SPLITS[n] == "tune"]
    assert {one.name for one in found.answers[0].changed} == {f"row {n}" for n in in_tune}
    assert found.answers[0].fixed == len(in_tune)
    assert len(found.relabelled) == len([n for n in moved if SPLITS[n] != "judge"])


def test_examples_may_come_and_go(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before = snapshot_of(store, VALUES[:54], NAMES[:54], SPLITS[:54])
    after = snapshot_of(store, VALUES, NAMES, SPLITS)
    found = diff(side(before, {}), side(after, {}))
    assert (found.added, found.removed) == (6, 0)
    assert found.answers[0].rows == 18
    assert diff(side(after, {}), side(before, {})).removed == 6


def test_learn_comes_from_models_that_had_not_seen_the_example(tmp_path: Path) -> None:
    snapshot = snapshot_of(Store(tmp_path), VALUES, NAMES, SPLITS)
    rows = snapshot.rows(LEARN)
    ids = tuple(snapshot.ids[row] for row in rows)
    answers = snapshot.labels["side"][rows].copy()
    changed = answers.copy()
    changed[3] = (changed[3] + 1) % 3
    one = side(snapshot, {})
    first, second = (Unlearnt(rows=rows, answers={"side": said}) for said in (answers, changed))
    found = diff(one, one, (first, second))
    learn = found.answers[1]
    assert (learn.split, learn.rows, learn.broke, len(learn.changed)) == ("learn", 20, 1, 1)
    assert learn.changed[0].id == ids[3]
    assert "without the example" in learn.evidence


def test_the_text_is_cut_and_inert(tmp_path: Path) -> None:
    store = Store(tmp_path)
    hostile = ("low\x1b[31m", "hi\u202egh", "far\nlabels 0")
    wild = [hostile[CLASSES.index(name)] for name in NAMES]
    before = snapshot_of(store, VALUES, NAMES, SPLITS)
    after = snapshot_of(store, VALUES, wild, SPLITS, classes=hostile)
    text = diff_text(diff(side(before, {}), side(after, {n: wild[n] for n in range(COUNT)})))
    assert all(line.isprintable() for line in text.splitlines())
    assert "… and 20 more" in text  # 40 labels changed, 20 are named


@pytest.mark.parametrize(("old", "new", "effect"), [("a", "b", "broke"), ("b", "a", "fixed"), ("b", "c", "other")])
def test_effects_are_measured_by_the_present_label(tmp_path: Path, old: str, new: str, effect: str) -> None:
    snapshot = snapshot_of(Store(tmp_path), VALUES, NAMES, SPLITS)
    assert effect_of(side(snapshot, {}), "a", old, new) == effect
