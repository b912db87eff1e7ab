"""The behaviour diff of two real builds: relabel, build again, compare the artifacts on disk."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from datacc.compiler.build import build
from datacc.compiler.cache import cache
from datacc.compiler.changes import Diff
from datacc.compiler.diff_text import diff_text
from datacc.compiler.sides import diff_builds
from datacc.errors import DataccError, DataError, UsageError
from datacc.fit import Recipe
from datacc.sources.table import infer_program
from datacc.spec.lock import Lock, shape_digest, write_lock
from datacc.spec.program import Goal, Program
from datacc.store import Store
from tests.compiler.tables import blobs, of_numbers

EDITED = 30


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a program was built, thirty labels were changed, and it was built again."""
    folder = tmp_path_factory.mktemp("diff")
    table = blobs(folder / "flowers.csv", rows=240, classes=2, spread=0.5)
    program = asked(folder)
    write_lock(folder / "datacc.lock", cheap(program))  # no search: what was chosen is not the matter here
    build(program, folder)
    lines = table.read_text().splitlines()
    swap = {"kind a": "kind b", "kind b": "kind a"}
    for n in range(1, EDITED + 1):
        head, _, label = lines[n].rpartition(",")
        lines[n] = f"{head},{swap[label]}"
    table.write_text("\n".join(lines) + "\n")
    build(program, folder)
    return folder


def asked(folder: Path) -> Program:
    inferred = of_numbers(infer_program(folder / "flowers.csv", "species"))
    origin = replace(inferred.source, options={"path": "flowers.csv", "label": "species"})
    return replace(inferred, source=origin, goals=(Goal(metric="accuracy", limit=0.6),))


def cheap(program: Program) -> Lock:
    recipe = Recipe(epochs=20, batch=32, rate=0.01, threads=1).plain()
    return Lock(program=shape_digest(program), skeleton="mlp.v1", sizes={"width": 0, "depth": 0}, recipe=recipe)


def compared(root: Path, *, learn: bool = False) -> Diff:
    return diff_builds(root / "build" / "flowers", root, cache(root), learn=learn)


def test_the_changed_labels_are_named(root: Path) -> None:
    found = compared(root)
    assert 0 < len(found.relabelled) < EDITED, "those of judge are sealed"
    assert all({one.old, one.new} == {"kind a", "kind b"} for one in found.relabelled)
    assert (found.added, found.removed) == (0, 0)
    assert [part.split for part in found.answers] == ["tune"]
    assert found.judge.old is not None


def test_learn_is_answered_by_fold_models_of_both_sides(root: Path) -> None:
    found = compared(root, learn=True)
    tune, learn = found.answers
    assert learn.rows > 100
    assert learn.rows > tune.rows
    assert "fitted without the example" in diff_text(found)
    assert compared(root, learn=True) == found


def test_a_lost_cache_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no longer in the cache"):
        diff_builds(root / "build" / "flowers", root, Store(tmp_path))


def test_nothing_to_compare_with_is_told(root: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(UsageError, match="no built program"):
        diff_builds(tmp_path / "build" / "none", tmp_path, store)
    with pytest.raises(UsageError, match="no other build before this one"):
        diff_builds(root / "build" / "flowers" / "previous", root, store)


@pytest.mark.parametrize("file", ["report.json", "graph.dcc", "interface.json"])
def test_of_a_damaged_build_before_it_is_said_what_helps(root: Path, tmp_path: Path, file: str) -> None:
    """Another build would leave it as it is."""
    place = tmp_path / "flowers"
    shutil.copytree(root / "build" / "flowers", place)
    (place / "previous" / file).write_bytes(b"{")
    with pytest.raises(DataccError, match="try: relabel, datacc commit, datacc build") as caught:
        diff_builds(place, root, cache(root))
    assert caught.value.where == str(place / "previous" / file)
    with pytest.raises(DataccError) as other:
        diff_builds(place / "previous", root, cache(root), old=root / "build" / "flowers")
    assert other.value.tries == ("datacc build",), "of an artifact that somebody names, a build is what helps"
