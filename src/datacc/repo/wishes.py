"""What a repository wants that needs trust: the sentences that `datacc trust` shows, and others require."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from datacc.calls.code import code_of
from datacc.errors import UsageError
from datacc.registry import load
from datacc.repo.find import MARKER, Repository
from datacc.repo.git import Git
from datacc.repo.identity import address
from datacc.repo.remotes import contact, read_remotes
from datacc.repo.trust import require_trust
from datacc.spec.program import FILE
from datacc.spec.table import read_table
from datacc.spec.teacher import read_teacher

CHECKS: Final = "checks"  # the folder of functions that a build may run

_CHECK: Final = re.compile(r"\w+\.py", re.ASCII)
_LIBRARIES: Final = (".so", ".dylib", ".dll")


def wishes(repository: Repository) -> tuple[str, ...]:
    """Every sentence, as given to `require_trust` where the thing is done."""
    places = (contact(remote.url) for remote in read_remotes(repository.git))
    loads = _loads(repository.git, repository.root.resolve() / "build")
    return (*places, *loads, *_runs(repository.root / CHECKS), *_asks(repository.root))


def running(name: str, source: bytes) -> str:
    """What running the file `name` means, `source` being all that it holds."""
    return f"run {name} ({address(source)})"


def _runs(folder: Path) -> Iterator[str]:
    """The same for every file in the folder of checks that one may name."""
    files = folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ()
    for path in sorted(files):
        if _CHECK.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            yield running(f"{CHECKS}/{path.name}", path.read_bytes())


def _asks(root: Path) -> Iterator[str]:
    """What it means to ask the teacher and the function that `datacc.toml` names, if it names them."""
    file = root / FILE
    if not file.is_file():
        return
    table = read_table(file, missing="datacc new")
    if (teacher := read_teacher(table.table("teacher"))) is not None:
        yield load("teachers", teacher.kind).wish(teacher, root)
    source = table.table("source").values
    if isinstance(source.get("function"), str):
        with suppress(UsageError):  # its code is not here, so that nobody can call it
            yield code_of(source["function"], root / str(source.get("folder", "."))).running


def require_trusted_build(folder: Path) -> None:
    """Raises `TrustError` when the libraries in `folder` came by git, not by a build here, and nobody allowed to load
    them. Their digests are part of what is allowed."""
    place = folder.resolve()
    top = Git(place).ask("rev-parse", "--show-toplevel") if place.is_dir() else None
    if top is None:
        return
    root = next((above for above in place.parents if (above / MARKER).is_file()), Path(top))
    for what in _loads(Git(root), place):
        require_trust(Repository(root=root, name=""), what)


def _loads(git: Git, folder: Path) -> Iterator[str]:
    """What loading means, for each library at or below a folder that git tracks."""
    listed = git.ask("ls-files", "-z", "--", str(folder)) if folder.is_dir() else None
    for name in (listed or "").split("\0"):
        file = git.root / os.fsdecode(name)
        if name.endswith(_LIBRARIES) and file.is_file():
            plain = name if name.isprintable() else ascii(name)[1:-1]  # no name says two things
            yield f"load {plain} ({address(file.read_bytes())})"
