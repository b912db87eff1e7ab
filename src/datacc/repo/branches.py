"""Branches of the repository, which are git's: list, begin, switch, merge."""

import os
from collections.abc import Iterable
from glob import escape

from datacc.errors import RepositoryError, UsageError
from datacc.frozen import frozen
from datacc.repo.births import Birth, brought_between
from datacc.repo.changes import Changes, changes
from datacc.repo.contents import read_contents
from datacc.repo.find import Repository, refuse_own_folder
from datacc.repo.git import Git
from datacc.repo.journal import Journal
from datacc.repo.origins import reverted_path
from datacc.repo.swap import swap
from datacc.repo.tidy import Note, alone, changing, noted
from datacc.repo.words import counted, listed


@frozen
class Branch:
    """One branch: where it ends, and whether it is the one that is worked on."""

    name: str
    commit: str
    is_here: bool


@frozen
class Merged:
    """The commit at which the branch now ends, and how it differs from where it ended before."""

    commit: str
    changes: Changes


def branches(repository: Repository) -> tuple[Branch, ...]:
    """The local branches by name."""
    text = repository.git.run("for-each-ref", "--format=%(HEAD)%(refname:short) %(objectname)", "refs/heads").decode()
    found = ([*line[1:].rsplit(" ", 1), line[0]] for line in text.splitlines())
    return tuple(Branch(name=name, commit=commit, is_here=here == "*") for name, commit, here in found)


def begin(repository: Repository, name: str) -> Branch:
    """Begin a branch at HEAD, without switching to it. Raises `UsageError` for a name that is taken or none."""
    _demand_name(repository, name)
    if repository.git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
        raise UsageError(f"there is a branch {name!r} already", tries=[f"datacc switch {name}"])
    with alone(repository.root), noted(repository.root, Note(locks=[f"refs/heads/{escape(name)}.lock"])):
        repository.git.run("branch", name)
    return Branch(name=name, commit=repository.git.commit_of("HEAD"), is_here=False)


def switch(repository: Repository, name: str) -> str:
    """Work on another branch from now on; its commit.

    Raises `UsageError` for an unknown one, and while edits wait: they speak of what this branch says.
    """
    _demand_name(repository, name)
    if not repository.git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
        known = [branch.name for branch in branches(repository)]
        raise UsageError(f"there is no branch {name!r}; there is {listed(known)}", tries=[f"datacc branch {name}"])
    if waiting := Journal(repository.root).count():
        what = f"{counted(waiting, 'edit')} of this branch {'waits' if waiting == 1 else 'wait'} for a commit"
        raise UsageError(what, tries=["datacc commit", "datacc undo"])
    git, commit = repository.git, repository.git.commit_of(f"refs/heads/{name}")
    refuse_own_folder(git, commit)
    gone = [git.root / path for path in _differing(git, "--diff-filter=D", "HEAD", commit)]
    with alone(repository.root), changing(repository.root, _clean(git, _differing(git, "HEAD", commit))):
        git.run("switch", "--quiet", name)
        for path in gone:
            if path.is_file() or path.is_symlink():  # git could not remove it, and only warns
                path.unlink()
    return commit


def merge(repository: Repository, revision: str) -> Merged:
    """Merge a revision into this branch by stock git; what disagrees is kept, both sides, for `resolve`.

    Raises `RepositoryError`, and leaves all as it was, when both changed one file, which labels never do.
    """
    with alone(repository.root), repository.reading() as repository:
        before, born = _merge(repository, revision)
        _mark_reverted(repository, before, revision)
        found = changes(repository, before, "HEAD", born)
    return Merged(commit=found.new, changes=found)


def _merge(repository: Repository, revision: str) -> tuple[str, dict[str, Birth]]:
    """Merge; the commit at which the branch ended before, and what brought that which the other side has alone."""
    git = repository.git
    here, there, by_hand = git.commits_at("HEAD", revision, "MERGE_HEAD")  # somebody may be merging by hand
    before, other = here or git.commit_of("HEAD"), there or git.commit_of(revision)
    refuse_own_folder(git, other)
    born, touched = brought_between(repository, before, other)
    with changing(git.root, [] if by_hand else _clean(git, touched), merges=not by_hand):
        _merge_by_git(git, revision, other)
    return before, born


def _merge_by_git(git: Git, revision: str, other: str) -> None:
    try:
        _git_merge(git, revision, other)
    except RepositoryError as error:
        unmerged = git.ask("diff", "--name-only", "--diff-filter=U", "--relative")
        if unmerged is None:
            raise
        git.run("merge", "--abort")
        paths = unmerged.split("\n")
        tries = [f"git merge {revision}, then settle {paths[0]}"]
        tries += ["datacc build --search makes a new datacc.lock"] if "datacc.lock" in paths else []
        raise RepositoryError(f"both sides changed {listed(paths)}", where=revision, tries=tries) from error


def _differing(git: Git, *between: str) -> set[str]:
    listed = git.run("diff", "--name-only", "-z", "--no-renames", "--relative", *between)
    return {os.fsdecode(path) for path in listed.split(b"\0")[:-1]}


def _clean(git: Git, paths: Iterable[str]) -> list[str]:
    """Those of the files that are as HEAD has them: the others git leaves alone, or refuses to touch."""
    there = [path for path in paths if os.path.lexists(git.root / path)]
    return sorted({*paths} - {*(git.changed(there) if there else ())})


def _mark_reverted(repository: Repository, before: str, revision: str) -> None:
    """Mark the segments that one side took away, by `git revert` too, and the other had joined meanwhile."""
    is_joined = (repository.root / "origins").is_dir()
    base = repository.git.ask("merge-base", before, revision) if is_joined else None
    if base is None:
        return
    after = read_contents(repository)
    known = read_contents(repository, base).parts.keys()
    kept = (read_contents(repository, side).parts.keys() for side in (before, revision))
    gone = {path for side in kept for path in known - side}
    marks = {reverted_path(path): b"" for path in gone & after.parts.keys() - after.tree.keys()}
    if marks:
        swap(repository, [], marks, f"Keep reverted what {revision} or this branch took back")


def _git_merge(git: Git, revision: str, other: str) -> None:
    """Merge by git; once more without renames where it fails, since git takes rewritten files for renamed ones."""
    words = ("merge", "--quiet", "--no-edit", "-m", f"Merge {revision}")
    before = ("-c", "merge.directoryRenames=false")
    try:
        git.run_signed(*before, *words, other)
    except RepositoryError:
        if git.ask("diff", "--name-only", "--diff-filter=U") is None:
            raise
        git.run("merge", "--abort")
        git.run_signed(*before, *words, "--strategy=recursive", "-Xno-renames", other)


def current_branch(repository: Repository) -> str:
    """The branch that is worked on. Raises `UsageError` when HEAD is detached."""
    name = repository.git.ask("symbolic-ref", "--short", "--quiet", "HEAD")
    if name is None:
        raise UsageError("no branch is worked on (HEAD is detached)", tries=["datacc switch NAME"])
    return name


def default_branch(repository: Repository) -> str:
    """The branch that others start from: that of git's remote `origin`, else the `main` or `master` that is here."""
    git = repository.git
    head = git.ask("symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD")
    if head is not None:
        return head.removeprefix("origin/")
    names = [one.name for one in branches(repository)]
    asked = (git.ask("config", "init.defaultBranch"), "main", "master")
    return next((name for name in asked if name in names), names[0] if len(names) == 1 else "main")


def _demand_name(repository: Repository, name: str) -> None:
    if repository.git.ask("check-ref-format", "--branch", name) is None:
        raise UsageError(f"{name!r} cannot be the name of a branch", tries=["letters, digits, - and /"])
