"""Options that matter only after a fit: a build that changes them obeys its lock, and fits only what it must."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler.build import build
from datacc.fit import Recipe
from datacc.ir.file import load as load_graph
from datacc.sources.table import infer_program
from datacc.spec.lock import Lock, shape_digest, write_lock
from datacc.spec.program import Goal, Program

ROWS = 600
RECIPE = Recipe(epochs=4, batch=32, rate=0.02, threads=1)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers whose spread depends on the second column."""
    random = np.random.default_rng(4)
    x = np.round(random.normal(size=(ROWS, 2)), 3)
    y = np.round(4 * x[:, 0] + np.where(x[:, 1] > 0, 2.0, 0.2) * random.normal(size=ROWS), 3)
    path = tmp_path_factory.mktemp("table") / "it.csv"
    path.write_text("\n".join(["a,b,load", *(f"{p},{q},{v}" for (p, q), v in zip(x, y, strict=True)), ""]))
    return path


def asked(table: Path, options: dict[str, Any]) -> Program:
    program = infer_program(table, "load", type="number")
    source = replace(program.source, options={**program.source.options, "path": "it.csv"})
    known = {"abstain": True, **options}
    goal = Goal(metric="coverage", limit=0.3) if known["abstain"] else Goal(metric="r2", limit=0.1)
    return replace(program, source=source, goals=(goal,), outputs=(replace(program.outputs[0], options=known),))


def built(folder: Path, program: Program) -> tuple[bytes, int]:
    """The fitted Graph, and how often a fit said how far it was."""
    steps: list[object] = []
    build(program, folder, announce=lambda rung: steps.append)
    return (folder / "build" / "it" / "graph.dcc").read_bytes(), len(steps)


@pytest.mark.parametrize(
    ("before", "after", "is_fitted"),
    [
        ({"within": 1.0}, {"within": 2.0, "widest": 9.0}, False),
        ({"interval": 0.9}, {"interval": 0.6}, True),  # the quantiles that it answers are others
        ({"abstain": False}, {"abstain": False, "interval": 0.6, "within": 2.0}, False),
    ],
)
def test_a_build_goes_on_by_its_lock(
    before: dict[str, Any], after: dict[str, Any], is_fitted: bool, table: Path, tmp_path: Path
) -> None:
    """With the same bytes as one that knows no cache."""
    first, second = asked(table, before), asked(table, after)
    lock = Lock(program=shape_digest(first), skeleton="mlp.v1", sizes={"width": 8, "depth": 1}, recipe=RECIPE.plain())
    graphs = {}
    for place in ("edited", "fresh"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "it.csv").write_bytes(table.read_bytes())
        write_lock(tmp_path / place / "datacc.lock", lock)
        if place == "edited":
            old, steps = built(tmp_path / place, first)
            assert steps > 0
            kept = (tmp_path / place / "datacc.lock").read_text()
        graphs[place], steps = built(tmp_path / place, second)
        assert (steps > 0) is (is_fitted or place == "fresh")
    assert graphs["edited"] == graphs["fresh"] != old
    assert (tmp_path / "edited" / "datacc.lock").read_text() == kept


def test_the_levels_of_a_number_that_abstains_are_in_what_was_fitted(table: Path, tmp_path: Path) -> None:
    """Weights that are learnt differ, and not just what is calibrated."""
    (tmp_path / "it.csv").write_bytes(table.read_bytes())
    learnt = []
    for interval in (0.9, 0.5):
        program = asked(table, {"interval": interval})
        write_lock(
            tmp_path / "datacc.lock",
            Lock(
                program=shape_digest(program), skeleton="mlp.v1", sizes={"width": 8, "depth": 1}, recipe=RECIPE.plain()
            ),
        )
        graph = load_graph(built(tmp_path, program)[0])
        learnt.append([node.value for node in graph.nodes if node.role == "learnt"])
    assert not all(map(np.array_equal, *learnt))
