"""Make a label repository: a git repository with a format marker, and rules on what git should leave alone."""

import shutil
from pathlib import Path
from typing import Final

from datacc.errors import RepositoryError
from datacc.frozen import frozen
from datacc.repo.find import MARKER, Repository, marker_text
from datacc.repo.git import Git
from datacc.spec.names import check_name
from datacc.store import write_atomically

_IGNORED: Final = ("/.datacc/", "/build/")
_ATTRIBUTES: Final = (
    "/schema/** -text",
    "/runs/** -text",
    "/ops/** -text",
    "/media/** -text -diff",
    "/remotes/** -text",
    "/forgotten/** -text",
    "/origins/** -text",
)


@frozen
class Created:
    """What `create` made."""

    repository: Repository
    commit: str
    notes: tuple[str, ...]


def create(root: Path, name: str) -> Created:
    """A label repository called `name` in the folder `root`, in one commit, in a git repository of its own.

    Raises `SpecError` for a name that a program cannot have, `RepositoryError` when there is a repository already.
    """
    check_name(name, module=True)
    if (root / MARKER).exists():
        raise RepositoryError("this is a label repository already", where=str(root), tries=["datacc status"])
    if root.exists() and not root.is_dir():
        tries = ["datacc new FOLDER", "--program begins with a datacc.toml"]
        raise RepositoryError("a file is there; a repository is a folder", where=str(root), tries=tries)
    git, fresh, made = Git(root), not (root / ".git").exists(), not root.exists()
    old = {path: _read(root / path) for path in (".gitignore", ".gitattributes", MARKER)}
    new = {
        ".gitignore": _with_lines(old[".gitignore"], _IGNORED),
        ".gitattributes": _with_lines(old[".gitattributes"], _ATTRIBUTES),
        MARKER: marker_text(name),
    }
    try:
        root.mkdir(parents=True, exist_ok=True)
        if fresh:
            git.run("init", "--quiet")
            git.run("symbolic-ref", "HEAD", "refs/heads/main")
        for path, text in new.items():
            write_atomically(root / path, text)
        commit = git.commit(new, f"start the label repository {name}")
    except BaseException:
        _undo(root, old, fresh=fresh, made=made)
        raise
    notes = () if git.identity()[2] else (_anonymous(git),)
    return Created(repository=Repository(root=root.absolute(), name=name), commit=commit, notes=notes)


def _anonymous(git: Git) -> str:
    name, address, _ = git.identity()
    return f"git knows no user; commits are by {name} <{address}> until git config user.name and user.email are set"


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _with_lines(text: bytes | None, lines: tuple[str, ...]) -> bytes:
    have = (text or b"").decode(errors="surrogateescape").splitlines()
    missing = [line for line in lines if line not in have]
    return "".join(f"{line}\n" for line in [*have, *missing]).encode(errors="surrogateescape")


def _undo(root: Path, old: dict[str, bytes | None], *, fresh: bool, made: bool) -> None:
    if made:
        shutil.rmtree(root, ignore_errors=True)
        return
    for path, text in old.items():
        if text is None:
            (root / path).unlink(missing_ok=True)
        else:
            (root / path).write_bytes(text)
    if not any((root / "schema").glob("*")) and (root / "schema").is_dir():
        (root / "schema").rmdir()
    if fresh:
        shutil.rmtree(root / ".git", ignore_errors=True)
