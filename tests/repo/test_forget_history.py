"""forget and history: what others said of it stays as it was, and a rewrite of history leaves no trace."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from datacc.errors import DataError
from datacc.repo.changes import changes
from datacc.repo.check import check
from datacc.repo.contents import read_contents
from datacc.repo.events import history
from datacc.repo.find import Repository, find
from datacc.repo.forget import forget
from datacc.repo.fsck.perform import fsck
from datacc.repo.remains import COMMAND
from datacc.repo.revert import revert
from datacc.repo.show import show
from datacc.repo.states import States
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from tests.repo.exchange import addresses, all_media, git, restored
from tests.repo.forgetting import objects, planted, told


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    planted(folder)
    return folder


def filtered(repository: Repository) -> None:
    tool = Path(sys.executable).parent
    done = subprocess.run(
        COMMAND, shell=True, cwd=repository.root, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{tool}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_command_that_is_shown_rewrites_history(ann: Repository) -> None:
    first, second, third, *rest = addresses(ann)[:6]
    data = all_media(ann)[first]
    before = {id: events_of(ann, id) for id in (second, third, *rest)}
    done = forget(ann, [first], really=True)
    assert len(done.history.commits) == 3
    assert first.encode() in objects(ann.root)
    filtered(ann)
    with pytest.raises(DataError, match="nothing is left"):
        forget(ann, [first[:12]], really=True)
    stones = [path.read_bytes() for path in ann.root.glob("forgotten/*")]
    left = objects(ann.root)
    for stone in stones:
        left = left.replace(stone, b"")
    names = [path.name.encode() for path in ann.root.glob("forgotten/*")]
    assert left.count(first.encode()) == sum(left.count(name) for name in names)
    assert data not in left
    assert {id: events_of(ann, id) for id in (second, third, *rest)} == before
    assert (fsck(ann, deep=True).damages, check(ann).problems) == ((), ())
    assert (
        len(States(read_contents(ann, git(ann.root, "log", "--format=%H", "--diff-filter=A", "--", "runs").split()[0])))
        == 39
    )


def events_of(repository: Repository, id: str) -> list[tuple[object, ...]]:
    """Who said what of an example, in commits with which subject: what a rewrite of history keeps."""
    found = history(repository, read_working(repository), id)
    subjects = [git(repository.root, "log", "-1", "--format=%s", str(one.commit)) for one in found]
    return [(one.id, one.op, one.new, one.who, one.when, said) for one, said in zip(found, subjects, strict=True)]


def test_pictures_inside_git_leave_history_too(repository: Repository) -> None:
    first, *others = addresses(repository)
    bytes_of = all_media(repository)
    forget(repository, [first], really=True)
    assert bytes_of[first] in objects(repository.root)
    filtered(repository)
    assert bytes_of[first] not in objects(repository.root)
    assert all_media(repository) == {name: bytes_of[name] for name in others}
    assert (fsck(repository).damages, check(repository).problems) == ((), ())


def test_builds_of_commits_that_had_it_are_named(ann: Repository) -> None:
    first = addresses(ann)[0]
    for name, at in (("old", "HEAD"), ("older", git(ann.root, "rev-list", "--max-parents=0", "HEAD").strip())):
        folder = ann.root / "build" / name
        folder.mkdir(parents=True)
        told_of = git(ann.root, "rev-parse", at).strip()
        (folder / "report.json").write_text(json.dumps({"provenance": {"commit": told_of}}))
    assert forget(ann, [first]).builds == ("build/old",)


def test_revert_and_undo_of_what_others_say_are_as_before(ann: Repository, work: Path) -> None:
    """The same commands, on the repository as it was and on the one that forgot, lead to the same states."""
    first, second, third, *rest = addresses(ann)[:6]
    commits = git(ann.root, "log", "--format=%H", "--", "ops").split()
    expected, found = [list[object](), list[object]()]
    for results, is_forgetful in ((expected, False), (found, True)):
        ann = find(restored(work) / "ann")
        if is_forgetful:
            forget(ann, [first], really=True)
        results.append(told(ann, [second, third, *rest]))
        for name in commits[:2]:
            revert(ann, name)
            results.append({id: show(ann, id).values for id in (second, third, *rest)})
        revert(ann, "HEAD~1")
        results.append({id: show(ann, id).values for id in (second, third, *rest)})
        undone = undo(ann)
        results.append(([one.example for one in undone.edits], {id: show(ann, id).values for id in (second, third)}))
    assert expected == found


def test_a_diff_says_that_one_is_gone_and_no_more(ann: Repository) -> None:
    first = addresses(ann)[0]
    commits = git(ann.root, "log", "--format=%H", "--", "runs", "ops").split()
    before = {made: changes(ann, made, "HEAD") for made in commits}
    forget(ann, [first], really=True)
    for made, expected in before.items():
        found = changes(ann, made, "HEAD")
        assert (found.added, found.removed) == (0, 1)
        assert found.changes == tuple(one for one in expected.changes if one.example != first)
        assert changes(ann, "HEAD", made).added == 1
