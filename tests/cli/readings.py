"""Repositories whose output is a number, or several labels at once, with a lock of a small net."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from datacc.cli import app
from datacc.fit import Recipe
from datacc.spec.lock import Lock, shape_digest, write_lock
from datacc.spec.read import read_program

ROWS: Final = 240
SPLITS: Final = ("learn", "tune", "learn", "judge")
NAMES: Final = ("east", "north")


def points() -> NDArray[np.float64]:
    """The columns x and y, (ROWS, 2)."""
    return np.random.default_rng(0).normal(size=(ROWS, 2)).round(3)


def values(form: str) -> list[Any]:
    """What each point is: 100 + 20 x − 7 y and some noise, or the names of where it lies."""
    xy = points()
    if form == "number":
        noise = np.random.default_rng(1).normal(0, 2, ROWS)
        return [float(value) for value in (100 + 20 * xy[:, 0] - 7 * xy[:, 1] + noise).round(2)]
    return [[name for name, given in zip(NAMES, row > 0.1, strict=True) if given] for row in xy]


def cell(value: Any) -> str:
    """A value as a table has it."""
    return (";".join(value) or ";") if isinstance(value, list) else str(value)


def repository(folder: Path, form: str) -> Path:
    """The repository `prog` in `folder`, imported, and a lock of a small net."""
    rows = zip(points(), values(form), strict=True)
    lines = [f"{x},{y},s{n // 4 % 2},{cell(v)},{SPLITS[n % 4]}" for n, ((x, y), v) in enumerate(rows)]
    (folder / "t.csv").write_text("\n".join(["x,y,site,what,split", *lines, ""]))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert app.call(["new", "prog"]) == 0
        patch.chdir(folder / "prog")
        words = ["import", "../t.csv", "--label", "what", "--split", "split", "--type", form]
        assert app.call(words) == 0
        program = read_program(Path("datacc.toml"))
        recipe = Recipe(epochs=40, batch=30, rate=0.03, threads=1).plain()
        sizes = {"width": 0, "depth": 0} if form == "number" else {"width": 8, "depth": 1}
        lock = Lock(program=shape_digest(program), skeleton="mlp.v1", sizes=sizes, recipe=recipe)
        write_lock(Path("datacc.lock"), lock)
    return folder / "prog"


def ids(root: Path) -> dict[int, str]:
    """Row of the table → id of the example."""
    [run] = root.glob("runs/*")
    rows = (run / "labels.tsv").read_text().splitlines()[1:]
    places = [json.loads(line)[-1] for line in (run / "inputs.jsonl").read_text().splitlines()]
    return {int(place.rpartition(":")[2]) - 2: row.split("\t")[0] for place, row in zip(places, rows, strict=True)}
