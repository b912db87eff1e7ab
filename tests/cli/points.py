"""A repository of points in two clusters with a lock of a small net, and people who label in it."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from datacc.cli import app
from datacc.compiler.recipe import default_recipe
from datacc.spec.lock import Lock, shape_digest, write_lock
from datacc.spec.read import read_program

ROWS = 120
SPLITS = ("learn", "tune", "learn", "judge", "learn")


def write_table(path: Path) -> None:
    """Two clusters, long on the right and short on the left, from the sites 1 and 2."""
    random = np.random.default_rng(0)
    lines = ["x,y,kind,site,split"]
    for n in range(ROWS):
        x, y = random.normal((-2, 2)[n % 2], 0.4), random.normal()
        lines.append(f"{x:.3f},{y:.3f},{('short', 'long')[n % 2]},s{1 + n // 2 % 2},{SPLITS[n % 5]}")
    path.write_text("\n".join(lines) + "\n")


def git(*words: str) -> str:
    who = ("-c", "user.name=Bob", "-c", "user.email=bob@example.org")
    return subprocess.run(["git", *who, *words], check=True, capture_output=True, text=True).stdout.strip()


def examples(split: str, kind: str) -> list[str]:
    """The ids of a split that were imported as `kind`, in order."""
    [run] = Path().glob("runs/*")
    rows = (run / "labels.tsv").read_text().splitlines()
    places = (run / "inputs.jsonl").read_text().splitlines()
    found = []
    for row, place in zip(rows[1:], places, strict=True):
        n = int(json.loads(place)[-1].rpartition(":")[2]) - 2  # the line of the table; the first is a heading
        if SPLITS[n % 5] == split and ("short", "long")[n % 2] == kind:
            found.append(row.split("\t")[0])
    return found


def label(ids: Iterable[str], kind: str, message: str) -> str:
    """A commit that says `kind` of these examples."""
    file = Path("labels.jsonl")
    file.write_text("".join(json.dumps({"example": id, "label": kind}) + "\n" for id in ids))
    assert app.call(["label", "--from", str(file)]) == 0
    file.unlink()
    assert app.call(["commit", "-m", message]) == 0
    return git("rev-parse", "HEAD")


def careful(n: int) -> str:
    """A commit that takes one example out, which does no harm."""
    assert app.call(["delete", examples("learn", "short")[n]]) == 0
    assert app.call(["commit", "-m", f"careful {n}"]) == 0
    return git("rev-parse", "HEAD")


def mistaken() -> str:
    """A commit by which nearly everything long in learn is short."""
    return label(examples("learn", "long")[3:], "short", "in a hurry")


def committed(folder: Path) -> Path:
    """The repository `points` in `folder`, with a lock of a small net, all of it committed, tagged `good`."""
    write_table(folder / "points.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert app.call(["new", "points"]) == 0
        patch.chdir(folder / "points")
        assert app.call(["import", "../points.csv", "--label", "kind", "--split", "split"]) == 0
        recipe = default_recipe(72, 100).plain() | {"epochs": 20}
        shape = shape_digest(read_program(Path("datacc.toml")))
        write_lock(
            Path("datacc.lock"), Lock(program=shape, skeleton="mlp.v1", sizes={"width": 8, "depth": 1}, recipe=recipe)
        )
        git("add", "datacc.toml", "datacc.lock")
        git("commit", "--quiet", "--message=what to build")
        git("tag", "good")
    return folder / "points"
