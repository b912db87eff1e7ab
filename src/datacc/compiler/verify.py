"""Builds a program once more, in another process and place and by one thread, and compares the bytes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.compiler.artifact import files
from datacc.compiler.begin import find_parent
from datacc.compiler.build import LOCK
from datacc.compiler.cache import cache
from datacc.compiler.parent import lend
from datacc.errors import GoalMissed, VerifyError
from datacc.registry import load
from datacc.repo.git import Git
from datacc.sources import Source
from datacc.spec.lock import read_lock
from datacc.spec.program import FILE, Program
from datacc.spec.write import program_toml

BUILD: Final = (sys.executable, "-P", "-m", "datacc", "build")


def verify(program: Program, root: Path, revision: str | None) -> tuple[str, ...]:
    """The files of `build/<name>` that came out equal, byte by byte, in a second build of `program` elsewhere.

    A repository is cloned for it, a table is read where it lies; nothing is taken from a cache but the parent that the
    lock names, if any. The second process has one processor, so that back ends take one thread. Checks in Python, which
    change no byte, do not run again. Raises `VerifyError` that names the files that differ, or when the second build
    fails.
    """
    with tempfile.TemporaryDirectory(prefix="datacc-verify-") as place:
        source: Source = load("sources", program.source.type)
        elsewhere = _clone(root, Path(place)) if source.has_commits else Path(place)
        if (lock := read_lock(root / LOCK)) is not None:
            shutil.copy(root / LOCK, elsewhere / LOCK)
            parent = lock.parent and find_parent(root / "build" / program.name, lock.parent, cache(root))
            if parent:
                lend(cache(root), cache(elsewhere), parent)
        again = replace(program, checks=tuple(check for check in program.checks if check.kind != "python"))
        (elsewhere / FILE).write_text(program_toml(_from_anywhere(again, root)), encoding="utf-8")
        words = [] if revision is None else ["--revision", revision]
        with _one_processor():
            code = subprocess.run([*BUILD, *words], cwd=elsewhere, stdout=subprocess.DEVNULL, check=False).returncode
        if code not in (0, GoalMissed.exit_code):
            raise VerifyError(f"the second build failed with exit code {code}", tries=["datacc build --exact"])
        first, second = (_bytes(folder / "build" / program.name) for folder in (root, elsewhere))
    unequal = sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
    if unequal:
        what = f"a second build gave other bytes: {', '.join(unequal)}"
        raise VerifyError(what, where=str(root / "build" / program.name), tries=["datacc build --exact", "report it"])
    return tuple(sorted(first))


@contextmanager
def _one_processor() -> Iterator[None]:
    """Whatever is started meanwhile sees one processor, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_ = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_)


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
    if "path" not in options:
        return program
    absolute = str((root / str(options["path"])).absolute())
    return replace(program, source=replace(program.source, options={**options, "path": absolute}))
