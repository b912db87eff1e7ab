"""Builds a program once more, from nothing and in another place, and compares the bytes."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from datacc.compiler.artifact import files
from datacc.compiler.build import LOCK, Order, build
from datacc.compiler.search import Announce
from datacc.errors import VerifyError
from datacc.repo.git import Git
from datacc.spec.program import Program


def verify(program: Program, root: Path, revision: str | None, announce: Announce) -> tuple[str, ...]:
    """The files of `build/<name>` that came out equal, byte by byte, in a second build of `program` elsewhere.

    A repository is cloned for it, a table is read where it lies; nothing is taken from a cache. Checks in Python, which
    change no byte, do not run again. Raises `VerifyError` that names the files that differ.
    """
    with tempfile.TemporaryDirectory(prefix="datacc-verify-") as place:
        elsewhere = _clone(root, Path(place)) if program.source.type == "repository" else Path(place)
        if (root / LOCK).exists():
            shutil.copy(root / LOCK, elsewhere / LOCK)
        checks = tuple(check for check in program.checks if check.kind != "python")
        again = _from_anywhere(replace(program, checks=checks), root)
        build(again, elsewhere, Order(revision=revision, exact=True), announce)
        first, second = (_bytes(folder / "build" / program.name) for folder in (root, elsewhere))
    unequal = sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
    if unequal:
        what = f"a second build gave other bytes: {', '.join(unequal)}"
        raise VerifyError(what, where=str(root / "build" / program.name), tries=["datacc build --exact", "report it"])
    return tuple(sorted(first))


def _bytes(artifact: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files(artifact).items()}


def _clone(root: Path, place: Path) -> Path:
    """The folder `root` in a clone of its repository."""
    git = Git(root)
    top, below = (
        git.run("rev-parse", question).decode().rstrip("\n") for question in ("--show-toplevel", "--show-prefix")
    )
    git.run("clone", "--quiet", "--no-hardlinks", "--", top, str(place / "clone"))
    return place / "clone" / below


def _from_anywhere(program: Program, root: Path) -> Program:
    """The same program, whose table is found from another folder too."""
    options = program.source.options
    if program.source.type == "repository" or "path" not in options:
        return program
    absolute = str((root / str(options["path"])).absolute())
    return replace(program, source=replace(program.source, options={**options, "path": absolute}))
