"""Rebuilds after small label edits: they go on from the parent, by its digest alone, and say so; else from nothing."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler import build as path_of_build
from datacc.compiler import onward
from datacc.compiler import verify as verifying
from datacc.compiler.artifact import files
from datacc.compiler.build import Order, build
from datacc.compiler.cache import cache
from datacc.compiler.parent import recall_parent
from datacc.compiler.report import Report
from datacc.ir.file import load as load_graph
from datacc.repo.snapshot import recall
from datacc.spec.lock import Lock, read_lock, write_lock
from datacc.spec.program import Program
from tests.compiler.tables import blobs
from tests.compiler.test_sides import asked, cheap

SWAP = {"kind a": "kind b", "kind b": "kind a"}


@pytest.fixture(autouse=True)
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits as small as these go on from a parent, too."""
    monkeypatch.setattr(onward, "CHEAP", 0)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A program of two flowers, built from nothing by the lock of a small net."""
    blobs(tmp_path / "flowers.csv", rows=240, classes=2, spread=0.5)
    program = asked(tmp_path)
    write_lock(tmp_path / "datacc.lock", cheap(program))
    build(program, tmp_path)
    return program


def relabel(root: Path, *, first: int = 1, count: int = 4) -> None:
    """Swap the labels of some rows of the table."""
    lines = (root / "flowers.csv").read_text().splitlines()
    for n in range(first, first + count):
        head, _, label = lines[n].rpartition(",")
        lines[n] = f"{head},{SWAP[label]}"
    (root / "flowers.csv").write_text("\n".join(lines) + "\n")


def lock_of(root: Path) -> Lock:
    found = read_lock(root / "datacc.lock")
    assert found is not None
    return found


def bytes_of(root: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files(root / "build" / "flowers").items()}


def begun(report: Report) -> list[str]:
    """What is said of where the fit began."""
    return [note for note in report.data.notes if note.startswith("fitted ")]


def test_the_lock_names_what_was_fitted_from_nothing(tmp_path: Path, program: Program) -> None:
    graph = load_graph((tmp_path / "build" / "flowers" / "graph.dcc").read_bytes())
    assert lock_of(tmp_path).parent == graph.digest
    kept = recall_parent(cache(tmp_path), graph.digest)
    assert kept is not None
    assert kept.graph.digest == graph.digest


def test_a_small_edit_goes_on_from_the_parent_and_every_edit_from_the_same(tmp_path: Path, program: Program) -> None:
    root = lock_of(tmp_path)
    for n in range(3):
        relabel(tmp_path, first=1 + 4 * n)
        report = build(program, tmp_path)
        assert report.provenance.parent == root.parent == report.makers["fitted from"]
        assert report.digests.graph != root.parent
        assert lock_of(tmp_path) == root
        (said,) = begun(report)
        assert said.startswith(f"fitted on from {str(root.parent)[:12]}: ")


def test_the_examples_that_differ_are_counted(tmp_path: Path, program: Program) -> None:
    kept = recall_parent(cache(tmp_path), str(lock_of(tmp_path).parent))
    assert kept is not None
    relabel(tmp_path)
    lines = (tmp_path / "flowers.csv").read_text().splitlines()
    (tmp_path / "flowers.csv").write_text("\n".join([*lines[:-7], "9.5,9.5,9.5,shore,kind a"]) + "\n")
    now = recall(cache(tmp_path), build(program, tmp_path).data.digest)
    assert now is not None
    learns = {
        id_: int(label)
        for id_, label, split in zip(now.ids, now.labels["species"], now.splits, strict=True)
        if not split
    }
    labels = kept.labels.view(np.int32)[:, 0].tolist()
    before = dict(zip(kept.ids, labels, strict=True))
    changed, gone = kept.unlike(now)
    here = list(learns)  # in the order of their ids, as a snapshot is
    assert {here[row] for row in changed} == {id_ for id_, of in learns.items() if before.get(id_) != of}
    assert gone == len(before.keys() - learns.keys())
    assert len(changed) > 1
    assert gone > 1


def test_the_same_parent_and_labels_give_the_same_bytes(tmp_path: Path, program: Program) -> None:
    other = Path(shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name} other"))
    for first in (1, 9):  # the other folder never builds what lies between
        relabel(tmp_path, first=first)
        build(program, tmp_path)
        relabel(other, first=first)
    report = build(program, other)
    assert report.provenance.parent is not None
    assert bytes_of(other) == bytes_of(tmp_path)


def test_nothing_is_done_after_it(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    relabel(tmp_path)
    first = build(program, tmp_path)
    monkeypatch.setattr(path_of_build, "finish", lambda *_: pytest.fail("linked and judged again"))
    assert build(program, tmp_path) == first


def test_labels_put_back_give_the_parent_back(tmp_path: Path, program: Program) -> None:
    before = bytes_of(tmp_path)
    relabel(tmp_path)
    build(program, tmp_path)
    assert bytes_of(tmp_path) != before
    relabel(tmp_path)
    assert build(program, tmp_path).provenance.parent is None
    assert bytes_of(tmp_path) == before


def test_exact_gives_what_a_clean_clone_gives(tmp_path: Path, program: Program) -> None:
    relabel(tmp_path)
    warm = build(program, tmp_path)
    clone = tmp_path.parent / f"{tmp_path.name} clone"
    clone.mkdir()
    for name in ("flowers.csv", "datacc.lock"):
        shutil.copy(tmp_path / name, clone / name)
    cloned = build(program, clone)
    assert cloned.provenance.parent is None
    (said,) = begun(cloned)
    assert said == f"fitted from nothing: the parent {str(warm.provenance.parent)[:12]} is not in the cache"
    exact = build(program, tmp_path, Order(exact=True))
    assert exact.provenance.parent is None
    assert begun(exact) == []
    assert bytes_of(tmp_path) == bytes_of(clone)
    assert lock_of(tmp_path) == lock_of(clone)
    assert lock_of(tmp_path).parent == exact.digests.graph != warm.digests.graph


def test_too_many_edits_make_a_new_parent(tmp_path: Path, program: Program) -> None:
    old = lock_of(tmp_path).parent
    relabel(tmp_path, count=40)
    report = build(program, tmp_path)
    (said,) = begun(report)
    assert said.startswith(f"fitted from nothing: it is far from the parent {str(old)[:12]}")
    assert report.provenance.parent is None
    assert lock_of(tmp_path).parent == report.digests.graph != old


@pytest.mark.parametrize("hurt", [b"", b"\0" * 40], ids=["gone", "damaged"])
def test_a_parent_that_cannot_be_read_is_none(hurt: bytes, tmp_path: Path, program: Program) -> None:
    parent = str(lock_of(tmp_path).parent)
    relabel(tmp_path)
    for path in (tmp_path / ".datacc").rglob("*"):
        if path.is_file():
            path.write_bytes(hurt) if hurt else path.unlink()
    (said,) = begun(build(program, tmp_path))
    assert said == f"fitted from nothing: the parent {parent[:12]} is not in the cache"


@pytest.mark.parametrize("change", ["seed", "recipe", "sizes"])
def test_a_parent_that_was_asked_for_otherwise_is_none(change: str, tmp_path: Path, program: Program) -> None:
    lock = lock_of(tmp_path)
    relabel(tmp_path)
    if change == "seed":
        program = replace(program, seed=1)
    elif change == "recipe":
        write_lock(tmp_path / "datacc.lock", replace(lock, recipe={**lock.recipe, "smoothing": 0.0}))
    else:
        write_lock(tmp_path / "datacc.lock", replace(lock, sizes={"width": 4, "depth": 1}))
    (said,) = begun(build(program, tmp_path))
    assert said == f"fitted from nothing: the parent {str(lock.parent)[:12]} has other classes, inputs or settings"


def test_other_classes_are_another_form(tmp_path: Path, program: Program) -> None:
    text = (tmp_path / "flowers.csv").read_text()
    (tmp_path / "flowers.csv").write_text(text.replace("kind b", "kind z"))
    (said,) = begun(build(program, tmp_path))
    assert said.endswith("has other classes, inputs or settings")


def test_what_loses_on_tune_is_fitted_from_nothing(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    relabel(tmp_path)
    real = onward.fit_once

    def spoilt(*words: object, start: object = None, **more: object) -> object:
        found = real(*words, start=start, **more)  # type: ignore[arg-type]
        return found if start is None else replace(found, history=((0, 0.9), (1, 0.5)))

    monkeypatch.setattr(onward, "fit_once", spoilt)
    report = build(program, tmp_path)
    (said,) = begun(report)
    assert said == "fitted from nothing: going on from the parent loses on tune: 90.0% → 50.0%"
    assert lock_of(tmp_path).parent == report.digests.graph


def test_a_lock_without_a_parent_begins_at_nothing(tmp_path: Path, program: Program) -> None:
    write_lock(tmp_path / "datacc.lock", replace(lock_of(tmp_path), parent=None))
    relabel(tmp_path)
    report = build(program, tmp_path)
    assert report.provenance.parent is None
    assert begun(report) == []
    assert lock_of(tmp_path).parent == report.digests.graph


def test_a_cheap_fit_has_no_parent(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onward, "CHEAP", 10**15)
    relabel(tmp_path)
    report = build(program, tmp_path)
    assert report.provenance.parent is None
    assert begun(report) == []
    assert lock_of(tmp_path).parent is None


def test_a_build_that_went_on_is_verified_from_the_same_parent(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "from datacc.compiler import onward; onward.CHEAP = 0; from datacc.cli.app import main; main()"
    monkeypatch.setattr(verifying, "BUILD", (sys.executable, "-c", script, "build"))
    relabel(tmp_path)
    assert build(program, tmp_path).provenance.parent is not None
    assert "flowers.c" in verifying.verify(program, tmp_path, None)


def weights(root: Path) -> dict[str, np.ndarray]:
    """What was learnt by gradient, of the program that was built last."""
    graph = load_graph((root / "build" / "flowers" / "graph.dcc").read_bytes())
    return {node.name: node.value for node in graph.weights if node.role == "learnt" and node.value is not None}


def test_answers_are_kept_half_way_from_the_parent(tmp_path: Path, program: Program) -> None:
    before = weights(tmp_path)
    relabel(tmp_path)
    build(program, tmp_path)
    after = weights(tmp_path)
    assert build(replace(program, keep_answers=True), tmp_path).provenance.parent == lock_of(tmp_path).parent
    half = np.float32(0.5)
    for name, weight in weights(tmp_path).items():
        np.testing.assert_array_equal(weight, half * before[name] + half * after[name])
    assert any((before[name] != after[name]).any() for name in before)
