"""Branches that say different things: merged by stock git, both sides kept, settled by a person; and the check."""

import json
import os
import shutil
from pathlib import Path

import pytest

from datacc.errors import DataError, RepositoryError, UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.branches import begin, branches, merge, switch
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.queue import queue, resolve, settle
from datacc.repo.remove import delete
from datacc.repo.working import read_working
from tests.repo.conftest import Git, png
from tests.repo.test_revert import relabelled
from tests.repo.test_undo import ANN, BEN, ann, ids, said

__all__ = ["ann"]  # a fixture of every test here


def torn(repository: Repository) -> str:
    """An example that two branches call differently, merged; its id."""
    id = ids(repository)[0]
    [old] = said(repository)[id]
    begin(repository, "side")
    for kind in ("dog" if old == "cat" else "cat", old):  # there and back, so that the old value is said anew
        label(repository, id, None, kind, BEN)
    commit(repository)
    switch(repository, "side")
    relabelled(repository, 0)
    merge(repository, "main")
    return id


def test_branches_are_those_of_git(repository: Repository, git: Git) -> None:
    begin(repository, "more/nines")
    assert [(one.name, one.is_here) for one in branches(repository)] == [("main", True), ("more/nines", False)]
    at = switch(repository, "more/nines")
    assert git("branch", "--show-current").strip() == "more/nines"
    assert at == git("rev-parse", "main").strip()


@pytest.mark.parametrize("name", ["", "-x", "a b", "a..b", "x.lock", "@{-1}"])
def test_what_is_no_name_is_refused(repository: Repository, name: str) -> None:
    with pytest.raises(UsageError):
        begin(repository, name)
    with pytest.raises(UsageError):
        switch(repository, name)


def test_a_name_that_is_taken_and_one_that_is_not_there(repository: Repository) -> None:
    with pytest.raises(UsageError, match="already"):
        begin(repository, "main")
    with pytest.raises(UsageError, match="there is no branch 'side'; there is 'main'"):
        switch(repository, "side")


def test_edits_that_wait_belong_to_their_branch(repository: Repository) -> None:
    begin(repository, "side")
    label(repository, ids(repository)[0], None, "cat")
    with pytest.raises(UsageError, match="1 edit of this branch waits"):
        switch(repository, "side")
    commit(repository)
    switch(repository, "side")


def test_the_same_said_twice_is_one(repository: Repository) -> None:
    begin(repository, "side")
    relabelled(repository, 0)
    after = said(repository)
    switch(repository, "side")
    relabelled(repository, 0, BEN)
    done = merge(repository, "main")
    assert (done.changes.changes, queue(repository)) == ((), ())
    assert said(repository) == after


def test_what_disagrees_waits_with_both_sides(repository: Repository) -> None:
    id = torn(repository)
    [one] = queue(repository)
    assert (one.example, one.field, {event.new for event in one.sides}) == (id, "animal", {"cat", "dog"})
    assert {event.who for event in one.sides} == {ANN, BEN}
    assert all(event.commit for event in one.sides)
    assert (one.name or "").endswith(".png")
    [problem] = check(repository).problems
    assert problem.where == id
    assert problem.what in ("animal is cat and dog at once", "animal is dog and cat at once")
    assert resolve(repository, id, None, "cat").op == "resolve"
    commit(repository)
    assert (queue(repository), check(repository).problems) == ((), ())
    with pytest.raises(DataError, match="no two values"):
        resolve(repository, id, None, "dog")


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_deletion_against_an_edit_is_settled(repository: Repository, is_kept: bool) -> None:
    id = ids(repository)[0]
    begin(repository, "side")
    delete(repository, [id], "blurred")
    commit(repository)
    switch(repository, "side")
    relabelled(repository, 0)
    merge(repository, "main")
    [one] = queue(repository)
    assert one.field == ""
    assert {event.op for event in one.sides} == {"delete", "set"}
    assert check(repository).problems[0].what == "is deleted and edited at once"
    with pytest.raises(DataError, match="no two values"):
        resolve(repository, id, None, "dog")
    assert settle(repository, id[:8], is_kept=is_kept) == id
    commit(repository)
    assert (said(repository)[id] == "deleted") is not is_kept
    assert check(repository).problems == ()
    with pytest.raises(DataError, match="no deletion"):
        settle(repository, id, is_kept=True)


def test_each_may_add_a_class(repository: Repository, pictures: Path, git: Git) -> None:
    for branch, kind in (("owls", "owl"), ("eels", "eel")):
        switch(repository, "main")
        begin(repository, branch)
        switch(repository, branch)
        (pictures / kind).mkdir()
        (pictures / kind / f"{kind}.png").write_bytes(png(len(branch) + ord(kind[0])))
        import_examples(repository, pictures, ImportOptions(label="animal"))
        shutil.rmtree(pictures / kind)
    switch(repository, "main")
    merge(repository, "owls")
    git("merge", "-q", "--no-edit", "eels")  # as a host does it
    [output] = read_working(repository).contents.schema.of("output")
    assert {one.name for one in output.classes} == {"cat", "dog", "owl", "eel"}
    assert check(repository).problems == ()


def test_both_may_add_the_same_class_at_another_place(repository: Repository, pictures: Path, git: Git) -> None:
    begin(repository, "side")
    for branch, kinds in (("main", ["owl"]), ("side", ["eel", "owl"])):
        switch(repository, branch)
        for kind in kinds:
            (pictures / kind).mkdir()
            (pictures / kind / "1.png").write_bytes(png(100 + len(branch) + ord(kind[0])))
        import_examples(repository, pictures, ImportOptions(label="animal"))
        for kind in kinds:
            shutil.rmtree(pictures / kind)
    git("merge", "-q", "--no-edit", "main")  # as a host does it
    [output] = read_working(repository).contents.schema.of("output")
    assert sorted(one.name for one in output.classes) == ["cat", "dog", "eel", "owl"]
    assert check(repository).problems == ()


def test_both_changed_the_program(repository: Repository, git: Git) -> None:
    begin(repository, "side")
    for branch, text in (("main", "a"), ("side", "b")):
        switch(repository, branch)
        (repository.root / "datacc.toml").write_text(f'name = "{text}"\n')
        commit(repository)
    before = git("rev-parse", "HEAD")
    with pytest.raises(RepositoryError, match=r"both sides changed 'datacc\.toml'"):
        merge(repository, "main")
    assert (git("rev-parse", "HEAD"), git("status", "--porcelain")) == (before, "")


def test_merging_what_is_merged_changes_nothing(repository: Repository) -> None:
    begin(repository, "side")
    assert merge(repository, "side").changes.changes == ()
    with pytest.raises(RepositoryError, match="no revision"):
        merge(repository, "nowhere")


def rewritten(repository: Repository, git: Git, path: Path, text: bytes) -> None:
    path.write_bytes(text)
    git("add", "-f", os.fspath(path))
    git("commit", "-q", "-m", "by hand")


def test_a_run_that_was_changed_by_hand_is_found(repository: Repository, git: Git) -> None:
    [path] = repository.root.glob("runs/*/labels.tsv")
    lines = path.read_bytes().splitlines(keepends=True)
    id, value = lines[1].decode().rstrip("\n").split("\t")
    others = {line.decode().rstrip("\n").split("\t")[1] for line in lines[1:]} - {value}
    lines[1] = f"{id}\t{others.pop()}\n".encode()
    rewritten(repository, git, path, b"".join(lines))
    [problem] = check(repository).problems
    assert (problem.where, problem.what) == (
        f"runs/{path.parent.name}/labels.tsv:2",
        "was changed since it was imported",
    )


def test_a_segment_that_was_changed_by_hand_is_found(repository: Repository, git: Git) -> None:
    relabelled(repository, 0)
    [path] = repository.root.glob("ops/*/*.jsonl")
    edit = json.loads(path.read_bytes())
    rewritten(repository, git, path, (json.dumps({**edit, "reason": "I"}, separators=(",", ":")) + "\n").encode())
    assert [problem.what for problem in check(repository).problems] == ["was changed since it was committed"]
    assert check(repository, "HEAD~1").problems == ()


def test_a_class_that_the_schema_lost_is_found(repository: Repository, git: Git) -> None:
    [path] = [p for p in repository.root.glob("schema/*/*.json") if json.loads(p.read_text()).get("name") == "dog"]
    git("rm", "-q", os.fspath(path))
    git("commit", "-q", "-m", "no dogs")
    [problem] = check(repository).problems
    assert problem.where == path.relative_to(repository.root).as_posix()
    assert problem.what.startswith("is missing; 20 examples need it")


def test_a_class_that_two_files_name_is_found(repository: Repository, git: Git) -> None:
    [path] = [p for p in repository.root.glob("schema/*/*.json") if json.loads(p.read_text()).get("name") == "dog"]
    second = {**json.loads(path.read_text()), "id": "0123abcd", "rank": 9}
    rewritten(repository, git, path.with_name("0123abcd.json"), json.dumps(second).encode())
    assert [problem.what for problem in check(repository).problems] == ["2 classes are called 'dog'"]


def test_a_file_that_is_missing_is_found(repository: Repository, git: Git) -> None:
    git("rm", "-q", "-r", "media")
    git("commit", "-q", "-m", "no files")
    assert len(check(repository).problems) == 40
