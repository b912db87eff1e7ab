"""Taking back a labelling commit, and who is answerable for what is said; with real git as the oracle."""

from pathlib import Path

import pytest

from datacc.errors import RepositoryError, UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.blame import blame
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.fold import fold
from datacc.repo.label import label
from datacc.repo.remove import delete
from datacc.repo.revert import revert
from tests.repo.conftest import Git, png
from tests.repo.test_undo import ANN, BEN, ann, ids, said

__all__ = ["ann"]  # a fixture of every test here


def relabelled(repository: Repository, number: int, who: str = ANN) -> str:
    """Label one example otherwise and commit that; the commit."""
    id = ids(repository)[number]
    label(repository, id, None, "dog" if said(repository)[id] == ("cat",) else "cat", who)
    return commit(repository).commit


def test_the_old_value_is_back_and_all_else_stays(repository: Repository, git: Git) -> None:
    before = said(repository)
    first = relabelled(repository, 0)
    relabelled(repository, 1)
    after = said(repository)
    done = revert(repository, first[:8])
    assert (done.of, done.edits, done.conflicts) == (first, 1, 0)
    id = ids(repository)[0]
    assert said(repository) == {**after, id: before[id]}
    assert git("status", "--porcelain") == ""
    assert git("log", "-1", "--format=%s").strip() == 'Revert "label 1 example"'


def test_it_is_what_git_revert_makes(repository: Repository, git: Git) -> None:
    made = relabelled(repository, 0)
    relabelled(repository, 1)
    git("branch", "by-git")
    revert(repository, made)
    git("switch", "-q", "by-git")
    git("revert", "--no-edit", made)
    mark, *others = git("diff", "--no-renames", "--name-status", "by-git", "main").splitlines()
    assert (mark.split("/")[0], others) == ("A\treverted", [])


def test_a_revert_can_be_reverted(repository: Repository) -> None:
    made = relabelled(repository, 0)
    after = said(repository)
    done = revert(repository, made)
    assert said(repository) != after
    revert(repository, done.commit)
    assert said(repository) == after


def test_what_was_labelled_again_is_in_conflict(repository: Repository, pictures: Path) -> None:
    (pictures / "owl").mkdir()
    (pictures / "owl" / "99.png").write_bytes(png(99))
    import_examples(repository, pictures, ImportOptions(label="animal"))
    id = ids(repository)[0]
    [old] = said(repository)[id]
    first = relabelled(repository, 0)
    label(repository, id, None, "owl")
    second = commit(repository).commit
    assert revert(repository, first).conflicts == 1
    assert set(said(repository)[id]) == {old, "owl"}
    assert revert(repository, second).conflicts == 0
    assert said(repository)[id] == (old,)


def test_what_cannot_be_reverted_is_refused(repository: Repository, git: Git) -> None:
    with pytest.raises(UsageError, match="no label edits"):
        revert(repository, "HEAD")
    made = relabelled(repository, 0)
    git("switch", "-q", "-c", "side", f"{made}^")
    with pytest.raises(RepositoryError, match="not in the history"):
        revert(repository, made)
    relabelled(repository, 1)
    git("merge", "-q", "--no-edit", made)
    with pytest.raises(UsageError, match="is a merge"):
        revert(repository, "HEAD")
    revert(repository, made)
    with pytest.raises(UsageError, match="reverted already"):
        revert(repository, made)


def test_a_hook_that_refuses_leaves_all_as_it_was(repository: Repository, git: Git) -> None:
    made = relabelled(repository, 0)
    after, tree = said(repository), git("rev-parse", "HEAD^{tree}")
    hook = Path(git("rev-parse", "--git-path", "hooks").strip())
    path = repository.root / hook / "pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    with pytest.raises(RepositoryError):
        revert(repository, made)
    assert (said(repository), git("rev-parse", "HEAD^{tree}"), git("status", "--porcelain")) == (after, tree, "")


def test_a_repository_below_the_top_of_the_working_tree(tmp_path: Path, pictures: Path, git: Git) -> None:
    (tmp_path / "repo" / "below").mkdir(exist_ok=True, parents=True)
    inner = create(tmp_path / "repo" / "below", "inner").repository
    import_examples(inner, pictures, ImportOptions(label="animal"))
    before = said(inner)
    made = relabelled(inner, 0)
    revert(inner, made)
    assert said(inner) == before


def test_blame_names_commit_author_and_verifier(repository: Repository) -> None:
    id = ids(repository)[0]
    made = relabelled(repository, 0)
    [value] = said(repository)[id]
    label(repository, id, None, value, BEN)
    verified = commit(repository).commit
    found = blame(repository, id[:8])
    [field] = found.fields
    [event] = field.said
    assert (field.value, event.commit, event.who) == (value, made, ANN)
    assert [(one.commit, one.who) for one in field.verified] == [(verified, BEN)]
    assert found.presence == ()


def test_blame_of_what_was_imported_names_the_import(repository: Repository, git: Git) -> None:
    [field] = blame(repository, ids(repository)[5]).fields
    [event] = field.said
    assert event.commit == git("log", "--format=%H", "--", "runs").split()[-1]


def test_blame_names_both_sides_of_a_conflict(repository: Repository, git: Git) -> None:
    id = ids(repository)[0]
    git("switch", "-q", "-c", "other")
    relabelled(repository, 0, BEN)
    git("switch", "-q", "-")
    label(repository, id, None, said(repository)[id][0])
    first = fold(read_contents(repository).operations())[id]
    assert not first.conflict
    delete(repository, [id])
    commit(repository)
    git("merge", "-q", "other")
    found = blame(repository, id)
    assert [event.who for event in found.presence] == [ANN]
    assert [event.who for event in found.fields[0].said] == [BEN]
