"""The kinds that name examples or builds: pinned and broken."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler.certify import certify
from datacc.compiler.checks import Place, broken, kind_of
from datacc.compiler.diff import Side
from datacc.compiler.verdict import Line
from datacc.errors import CertifyError, DataError, SpecError
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.program import Check
from datacc.store import Store
from tests.compiler.checks.trials import NAMES, VALUES, Fake, frozen, trial_of
from tests.compiler.made import CLASSES, PROGRAM, snapshot_of, thirds

RIGHT = Fake(lambda point: CLASSES.index(place_of(point)))
HIGH = Fake(lambda point: 1)


def place_of(point: Any) -> str:
    x, y = (round(float(value), 3) for value in point)
    return "far" if x * x + y * y > 3 else "high" if y > 0 else "low"


def pinned(*ids: str, of_class: str | None = None) -> Check:
    return Check(kind="pinned", options={"pinned": list(ids)}, of_class=of_class, line=7)


def ids(snapshot: Snapshot, split: int, count: int = 8) -> list[str]:
    return [snapshot.ids[row] for row in snapshot.rows(split)[:count]]


def test_pinned_examples_are_answered_by_their_label_or_as_a_class(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, RIGHT)
    some = [*ids(trial.snapshot, LEARN), *(id[:12].upper() for id in ids(trial.snapshot, TUNE))]
    line = kind_of(pinned()).line(pinned(*some), trial)
    assert (line.holds, line.reached, line.detail) == (True, "16 of 16", "")
    other = kind_of(pinned()).line(pinned(*some), replace(trial, native=HIGH))
    rows = [trial.snapshot.ids.index(id) for id in (*ids(trial.snapshot, LEARN), *ids(trial.snapshot, TUNE))]
    labels = [place_of(trial.snapshot.inputs["point"][row]) for row in rows]
    high = labels.count("high")
    assert (other.holds, other.reached) == (False, f"{high} of 16")
    assert f"is answered 'high', not '{labels[[n != 'high' for n in labels].index(True)]}'" in other.detail
    assert other.detail.count("is answered") == 5
    assert f"and {16 - high - 5} more" in other.detail
    of_class = kind_of(pinned()).line(pinned(*some, of_class="high"), replace(trial, native=HIGH))
    assert of_class.holds
    assert of_class.what == "16 pinned examples answered 'high'"


def test_an_example_pinned_twice_counts_once(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, RIGHT)
    [id] = ids(trial.snapshot, TUNE, 1)
    assert kind_of(pinned()).line(pinned(id, id[:20]), trial).reached == "1 of 1"


def test_a_candidate_that_breaks_one_is_not_promising(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, RIGHT)
    check = pinned(*ids(trial.snapshot, LEARN))
    assert kind_of(check).promising(check, trial)
    assert not kind_of(check).promising(check, replace(trial, native=HIGH))


def test_judge_examples_are_pinned_to_a_class_alone(tmp_path: Path) -> None:
    snapshot = frozen(tmp_path)
    [id] = ids(snapshot, JUDGE, 1)
    with pytest.raises(SpecError, match="is in judge, whose labels stay sealed") as caught:
        certify(replace(PROGRAM, checks=(pinned(id),)), snapshot)
    assert caught.value.where == "datacc.toml:7"
    assert certify(replace(PROGRAM, checks=(pinned(id, of_class="high"),)), snapshot) == ()
    assert kind_of(pinned()).line(pinned(id, of_class="high"), trial_of(tmp_path, HIGH)).holds


def test_ids_that_mean_nobody_or_several(tmp_path: Path) -> None:
    snapshot = frozen(tmp_path)
    first = snapshot.ids[0]
    several = replace(snapshot, ids=(first, first[:8] + "f" * 24, *snapshot.ids[2:]))
    for wrong, where, what, attempt in (
        ("0000", snapshot, "no labelled example", "datacc show 0000"),
        ("0000; rm", snapshot, "no labelled example", "datacc show '0000; rm'"),
        (first[:3], snapshot, "too short", "4 or more"),
        ("", snapshot, "too short", "4 or more"),
        (first[:8], several, "2 examples", first),
    ):
        with pytest.raises(SpecError, match=r"datacc\.toml:7") as caught:
            certify(replace(PROGRAM, checks=(pinned(wrong),)), where)
        assert what in caught.value.what
        assert attempt in " ".join(caught.value.tries)
    with pytest.raises(SpecError, match="no class 'hihg'"):
        certify(replace(PROGRAM, checks=(pinned(first, of_class="hihg"),)), snapshot)


def line_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Check, old: Fake, new: Fake, before: Snapshot | None = None
) -> Line:
    """The line of `check` for `new` after `old`, which saw the same examples, or those of `before`."""
    trial = trial_of(tmp_path, new)
    side = Side(origin="before", program=PROGRAM, snapshot=before or trial.snapshot, native=old)
    monkeypatch.setattr(broken, "open_side", lambda folder, root, store: side)
    place = Place(root=tmp_path, artifact=tmp_path, before=tmp_path, store=Store(tmp_path / "cache"))
    return kind_of(check).line(check, replace(trial, place=place))


def flipped(point: Any) -> int:
    """Wrong where a point is far to the right, right elsewhere."""
    return 0 if point[0] > 1.5 and place_of(point) != "low" else CLASSES.index(place_of(point))


def count(old: Fake, new: Fake) -> tuple[int, int]:
    rows = [np.array(VALUES[n], np.float32) for n in range(2, len(VALUES), 3)]
    truth = [NAMES[n] for n in range(2, len(VALUES), 3)]
    right = [CLASSES[old.answer(row)] == name for row, name in zip(rows, truth, strict=True)]
    broke = [was and CLASSES[new.answer(row)] != name for was, row, name in zip(right, rows, truth, strict=True)]
    return sum(right), sum(broke)


@pytest.mark.parametrize(("old", "new"), [(RIGHT, Fake(flipped)), (HIGH, RIGHT), (Fake(flipped), HIGH)])
def test_broken_answers_are_counted_on_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: Fake, new: Fake
) -> None:
    right, broke = count(old, new)
    for limit in (broke, max(0, broke - 1)):
        line = line_of(tmp_path, monkeypatch, Check(kind="broken", options={"broken": limit}), old, new)
        assert line.reached == f"{broke} of {right} that were right"
        assert line.holds == (broke <= limit)
        assert (line.limit, line.value) == (limit, broke)
    assert count(RIGHT, Fake(flipped))[1] > 0


def test_a_share_counts_by_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, broke = count(RIGHT, Fake(flipped))
    check = Check(kind="broken", options={"broken": 0.5})
    line = line_of(tmp_path, monkeypatch, check, RIGHT, Fake(flipped))
    assert line.holds
    assert line.value is not None
    assert line.value > broke / right
    for share, holds in ((line.value + 1e-9, True), (line.value - 1e-9, False)):
        again = line_of(tmp_path, monkeypatch, replace(check, options={"broken": share}), RIGHT, Fake(flipped))
        assert again.holds == holds
    nothing = line_of(tmp_path, monkeypatch, check, RIGHT, RIGHT)
    assert nothing.value == pytest.approx(1 - 0.05 ** (1 / 100))


def test_only_examples_in_judge_of_both_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = ["learn" if n % 9 == 2 else split for n, split in enumerate(thirds(len(VALUES)))]
    before = snapshot_of(Store(tmp_path / "cache"), VALUES, NAMES, splits)
    line = line_of(tmp_path, monkeypatch, Check(kind="broken", options={"broken": 0}), RIGHT, HIGH, before)
    shared = [NAMES[n] for n in range(2, len(VALUES), 3) if n % 9 != 2]
    assert line.reached == f"{sum(name != 'high' for name in shared)} of {len(shared)} that were right"


def test_no_build_before_breaks_nothing(tmp_path: Path) -> None:
    check = Check(kind="broken", options={"broken": 0})
    for place in (None, Place(root=tmp_path, artifact=tmp_path, before=None, store=Store(tmp_path))):
        line = kind_of(check).line(check, replace(trial_of(tmp_path, HIGH), place=place))
        assert line.holds
        assert "no build before" in line.reached


def test_a_build_before_that_cannot_be_asked_is_a_miss_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(folder: Path, root: Path, store: Store) -> Side:
        raise DataError("the examples are no longer in the cache")

    check = Check(kind="broken", options={"broken": 0})
    line_of(tmp_path, monkeypatch, check, RIGHT, RIGHT)
    monkeypatch.setattr(broken, "open_side", lost)
    place = Place(root=tmp_path, artifact=tmp_path, before=tmp_path, store=Store(tmp_path / "cache"))
    line = kind_of(check).line(check, replace(trial_of(tmp_path, RIGHT), place=place))
    assert not line.holds
    assert "no longer in the cache" in line.reached
    assert "remove build/points" in line.closes
    assert line.value is None


def test_a_share_that_judge_cannot_show_is_refused(tmp_path: Path) -> None:
    snapshot = frozen(tmp_path)
    for limit, refused in ((0.01, True), (0.05, False), (0, False)):
        program = replace(PROGRAM, checks=(Check(kind="broken", options={"broken": limit}),))
        if refused:
            with pytest.raises(CertifyError, match="100 judge examples"):
                certify(program, snapshot)
        else:
            assert certify(program, snapshot) == ()
    column = ["new" if n == 0 else "old" for n in range(len(VALUES))]  # example 0 is in learn
    other = snapshot_of(Store(tmp_path / "cache"), VALUES, NAMES, thirds(len(VALUES)), {"age": column})
    check = Check(kind="broken", options={"broken": 0}, where={"age": "new"}, line=3)
    with pytest.raises(CertifyError, match="judge has no such example"):
        certify(replace(PROGRAM, checks=(check,)), other)
