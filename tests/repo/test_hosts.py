"""A git host without any merge driver: it merges whatever does not contradict, and `datacc check` finds what does."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from datacc import errors
from datacc.cli import app
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.evolve import add_classes, add_output, apply
from datacc.repo.find import Repository, find
from datacc.repo.label import label
from datacc.repo.working import read_working
from tests.repo.conftest import png

HERE = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nowhere"}
HERE |= {f"GIT_{role}_{what}": "host@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *words: str, allowed: tuple[int, ...] = (0,)) -> str:
    """Stock git that finds no datacc and no configuration but the repository's own."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, env=HERE)
    assert done.returncode in allowed, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def clones(tmp_path: Path, pictures: Path) -> dict[str, Repository]:
    """Two people's clones of one bare repository."""
    first = create(tmp_path / "first", "pets").repository
    import_examples(first, pictures, ImportOptions(label="animal"))
    git(tmp_path, "clone", "-q", "--bare", "first", "host.git")
    for name in ("ann", "ben"):
        git(tmp_path, "clone", "-q", "host.git", name)
        git(tmp_path / name, "switch", "-q", "--create", name)
    return {name: find(tmp_path / name) for name in ("ann", "ben")}


def merged(clones: dict[str, Repository]) -> Repository:
    """The two branches, pushed and merged on the host as its button does it: without a working tree; a fresh clone."""
    folder = clones["ann"].root.parent
    for name, repository in clones.items():
        git(repository.root, "push", "-q", "origin", name)
    host = folder / "host.git"
    assert "merge." not in git(host, "config", "--list")
    tree = git(host, "merge-tree", "--write-tree", "ann", "ben").strip()  # fails where it cannot merge
    made = git(host, "commit-tree", tree, "-p", "ann", "-p", "ben", "-m", "Merge ben").strip()
    git(host, "update-ref", "refs/heads/main", made)
    for name in ("ann", "ben"):  # and in a clone: the other way round, into one's own branch
        git(clones[name].root, "fetch", "-q", "origin")
        git(clones[name].root, "merge", "-q", "--no-edit", "origin/ben" if name == "ann" else "origin/ann")
        assert git(clones[name].root, "rev-parse", "HEAD^{tree}").strip() == tree
    git(folder, "clone", "-q", "--branch", "main", "host.git", "merged")
    return find(folder / "merged")


def values(repository: Repository) -> dict[str, str]:
    working = read_working(repository)
    [output, *_] = working.contents.schema.of("output")
    found = {id: [output.name_of(v) for v in s.fields[output.id].values] for id, s in working.states.items()}
    return {id: " or ".join(sorted(map(str, names))) for id, names in found.items()}


def relabel(repository: Repository, number: int, name: str) -> str:
    id = sorted(values(repository))[number]
    label(repository, id, "animal", name)
    commit(repository)
    return id


def test_labels_of_different_examples(clones: dict[str, Repository]) -> None:
    before = values(clones["ann"])
    other = {"cat": "dog", "dog": "cat"}
    changed = {}
    for numbers, repository in (((0, 2, 4), clones["ann"]), ((1, 3, 5), clones["ben"])):
        for number in numbers:
            id = sorted(before)[number]
            changed[id] = other[before[id]]
            relabel(repository, number, changed[id])
    repository = merged(clones)
    assert values(repository) == {**before, **changed}
    assert check(repository).problems == ()


def schema_of(*names: str) -> Callable[[Repository], None]:
    def add(repository: Repository) -> None:
        working = read_working(repository)
        apply(repository, working, add_classes(working.contents.schema, "animal", names))
        relabel(repository, len(names[0]), names[0])

    return add


def output_of(name: str) -> Callable[[Repository], None]:
    def add(repository: Repository) -> None:
        working = read_working(repository)
        apply(repository, working, add_output(working.contents.schema, name, ["yes", "no"]))

    return add


def import_of(kind: str) -> Callable[[Repository], None]:
    def add(repository: Repository) -> None:
        folder = repository.root.parent / f"more-{repository.root.name}"
        (folder / kind).mkdir(parents=True)
        (folder / kind / "new.png").write_bytes(png(100 + len(kind)))
        import_examples(repository, folder, ImportOptions(label="animal"))
        shutil.rmtree(folder)

    return add


ADDED: dict[str, tuple[Callable[[Repository], None], Callable[[Repository], None], set[str]]] = {
    "a class each": (schema_of("owl"), schema_of("weasel"), {"owl", "weasel"}),
    "one class twice": (schema_of("owl"), schema_of("owl"), {"owl"}),
    "some of the same": (schema_of("owl", "eel"), schema_of("weasel", "owl"), {"owl", "eel", "weasel"}),
    "imports with a class each": (import_of("owl"), import_of("weasel"), {"owl", "weasel"}),
    "an output each": (output_of("tame"), output_of("wild"), set()),
    "one output twice": (output_of("tame"), output_of("tame"), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
def test_each_added_something(clones: dict[str, Repository], name: str) -> None:
    ours, theirs, classes = ADDED[name]
    ours(clones["ann"])
    theirs(clones["ben"])
    repository = merged(clones)
    output = next(one for one in read_working(repository).contents.schema.of("output") if one.name == "animal")
    assert [one.name for one in output.classes[:2]] == ["cat", "dog"]
    assert {one.name for one in output.classes} == {"cat", "dog", *classes}
    assert classes - {"eel"} <= set(values(repository).values())  # nothing is an eel
    assert check(repository).problems == ()


@pytest.mark.parametrize("same", [True, False])
def test_the_required_check_finds_what_only_people_can_decide(
    clones: dict[str, Repository], same: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, repository in clones.items():
        working = read_working(repository)
        apply(repository, working, add_classes(working.contents.schema, "animal", ["eel", "owl"]))
        id = relabel(repository, 0, "owl" if same or name == "ann" else "eel")
    repository = merged(clones)
    monkeypatch.chdir(repository.root)
    assert app.call(["check"]) == (0 if same else errors.DataError.exit_code)
    said = capsys.readouterr()
    assert values(repository)[id] == ("owl" if same else "eel or owl")
    if not same:
        assert id in said.out
        assert re.search("animal is (eel and owl|owl and eel) at once", said.out)
        assert "datacc resolve" in said.err
