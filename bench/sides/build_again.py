"""Builds as a user types them: from nothing, again with nothing new, and twice in two places."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from datacc.compiler.artifact import files
from datacc.errors import GoalMissed

from .build_sets import BuildSet
from .process import datacc
from .rows import Row

ALLOWED = (0, GoalMissed.exit_code)


def rows(data: BuildSet, *, quick: bool) -> Iterator[Row]:
    """Wall seconds of `datacc build TABLE`, cold and with nothing new; the share of equal files of two builds."""
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as place:
        first, second = Path(place) / "first", Path(place) / "second"
        cold = _build(data, first)
        report = json.loads((_artifact(first) / "report.json").read_text())
        figure = next(line["figure"] for line in report["verdict"]["lines"] if line["kind"] == "goal")
        note = f"no goal given, judge {figure['value']:.4f}; every cache empty"
        yield data.row("cold", cold, note=note)
        again = [datacc(first, "build", allowed=ALLOWED).wall for _ in range(1 if quick else 5)]
        yield data.row("noop_build", median(again), note="nothing new")
        _build(data, second)
        one, other = ({name: path.read_bytes() for name, path in files(_artifact(p)).items()} for p in (first, second))
        names = {*one, *other}
        same = sum(one.get(name) == other.get(name) for name in names) / len(names)
        yield data.row("identical_builds", same, unit="share", better="more", note=f"of {len(names)} files; two places")


def _build(data: BuildSet, folder: Path) -> float:
    """Seconds of a zero-configuration build in a new folder, with an empty home of caches."""
    folder.mkdir()
    shutil.copy(data.table, folder / data.table.name)
    kept = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder / "caches")
    try:
        return datacc(folder, "build", data.table.name, "--label", data.label, allowed=ALLOWED).wall
    finally:
        os.environ.pop("XDG_CACHE_HOME") if kept is None else os.environ.__setitem__("XDG_CACHE_HOME", kept)


def _artifact(folder: Path) -> Path:
    [found] = (path.parent for path in folder.glob("build/*/report.json"))
    return found
