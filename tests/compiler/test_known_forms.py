"""Numbers and several labels that abstain, from a CSV to a judged program: in floats, in integers, at two widths."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler.build import build
from datacc.compiler.report import read_report
from datacc.fit import Recipe
from datacc.ir.file import load as load_graph
from datacc.runtime.load import load
from datacc.sources.table import infer_program
from datacc.spec.lock import Lock, shape_digest, write_lock
from datacc.spec.program import Goal, Program, Target
from datacc.spec.read import read_program
from tests.compiler.test_outputs import tags

ROWS = 1800
JUDGE = np.arange(ROWS) % 3 == 2
RECIPE = Recipe(epochs=60, batch=30, rate=0.02, threads=1)
FORMS: dict[str, dict[str, Any]] = {
    "float": {},
    "int8": {"target": Target(arithmetics=("int8",))},
    "widths": {"widths": (0.5, 1.0)},
}
NUMBER = {"abstain": True, "within": 1.0}


def loads(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Loads that are hard to tell where the third column is above 0."""
    random = np.random.default_rng(3)
    x = np.round(random.normal(size=(ROWS, 3)), 3)
    y = np.round(5 * x[:, 0] + x[:, 1] ** 2 + np.where(x[:, 2] > 0, 3.0, 0.3) * random.normal(size=ROWS), 3)
    split = np.array(["learn", "tune", "judge"])[np.arange(ROWS) % 3]
    lines = [f"{','.join(map(str, p))},{v},{s}" for p, v, s in zip(x, y, split, strict=True)]
    path.write_text("\n".join(["x,y,z,load,split", *lines, ""]))
    return x.astype(np.float32), y.astype(np.float32)


def built(folder: Path, program: Program) -> Path:
    source = replace(program.source, options={**program.source.options, "path": "it.csv"})
    program = replace(program, source=source)
    lock = Lock(
        program=shape_digest(program), skeleton="mlp.v1", sizes={"width": 16, "depth": 1}, recipe=RECIPE.plain()
    )
    write_lock(folder / "datacc.lock", lock)
    build(program, folder)
    return folder / "build" / "it"


@pytest.mark.parametrize("form", FORMS)
def test_a_number_that_is_known_where_its_interval_is_narrow(form: str, tmp_path: Path) -> None:
    inputs, truth = loads(tmp_path / "it.csv")
    program = infer_program(tmp_path / "it.csv", "load", type="number")
    outputs = (replace(program.outputs[0], options=NUMBER),)
    goals = (Goal(metric="error", limit=0.5), Goal(metric="coverage", limit=0.3))
    artifact = built(tmp_path, replace(program, outputs=outputs, goals=goals, **FORMS[form]))
    report, native = read_report(artifact / "report.json"), load(artifact)
    answers = {name: array.reshape(-1) for name, array in native.batch(inputs).items()}
    known = answers["load_known"] > 0
    limit = load_graph((artifact / "graph.dcc").read_bytes()).by_name["load.limit"].value
    assert limit is not None
    np.testing.assert_array_equal(known, answers["load_low"] - answers["load_high"] >= limit)
    hard = inputs[:, 2] > 0
    width = answers["load_high"] - answers["load_low"]
    assert width[hard].mean() > 2 * width[~hard].mean()
    assert known[~hard].mean() > known[hard].mean() + 0.2
    figures = {line.what: line.figure for line in report.verdict.lines if line.kind == "goal"}
    error, coverage = figures["error"], figures["coverage"]
    assert error is not None
    assert coverage is not None
    off = np.abs(answers["load"].astype(float) - truth) > 1.0
    assert (error.total - error.right, error.total) == (int(off[known & JUDGE].sum()), int((known & JUDGE).sum()))
    assert (coverage.right, coverage.total) == (int((known & JUDGE).sum()), int(JUDGE.sum()))
    assert off[known].mean() < off[~known].mean()
    told = report.known[0].told
    assert "load is known where its interval is at most" in told
    assert told in (artifact / "card.md").read_text()
    one = native(inputs[0])
    assert one.known == bool(known[0])
    if form == "widths":
        narrow = {name: array.reshape(-1) for name, array in native.at(0.5).batch(inputs).items()}
        graph = load_graph((artifact / "width-0.5.dcc").read_bytes())
        np.testing.assert_array_equal(
            narrow["load_known"] > 0, narrow["load_low"] - narrow["load_high"] >= graph.by_name["load.limit"].value
        )


@pytest.mark.parametrize("form", FORMS)
def test_labels_that_are_known_where_none_is_in_doubt(form: str, tmp_path: Path) -> None:
    inputs, truth = tags(tmp_path / "it.csv")
    program = infer_program(tmp_path / "it.csv", "tags", type="labels")
    outputs = (replace(program.outputs[0], options={"abstain": True}),)
    artifact = built(
        tmp_path, replace(program, outputs=outputs, goals=(Goal(metric="coverage", limit=0.5),), **FORMS[form])
    )
    answers = load(artifact).batch(inputs)
    known = answers["tags_known"].reshape(-1) > 0
    report = read_report(artifact / "report.json")
    sure = np.maximum(answers["tags_scores"], 1 - answers["tags_scores"]).min(axis=1)
    near = np.abs(sure - report.known[0].limit) < 1e-6
    np.testing.assert_array_equal(known[~near], sure[~near] >= report.known[0].limit)
    wrong = (answers["tags"] != truth).any(axis=1)
    assert 0 < wrong[known].mean() < wrong[~known].mean() or not wrong[known].any()
    judge = np.arange(len(inputs)) % 3 == 2
    [figure] = [line.figure for line in report.verdict.lines if line.kind == "goal"]
    assert figure is not None
    assert (figure.right, figure.total) == (int((known & judge).sum()), int(judge.sum()))
    assert "where no label has a confidence below" in report.known[0].told


def test_a_limit_in_its_own_unit_needs_no_goal(tmp_path: Path) -> None:
    inputs, _ = loads(tmp_path / "it.csv")
    program = infer_program(tmp_path / "it.csv", "load", type="number")
    outputs = (replace(program.outputs[0], options={"abstain": True, "widest": 3.0}),)
    program = replace(program, outputs=outputs, goals=(Goal(metric="covered", limit=0.5),))
    artifact = built(tmp_path, program)
    answers = {name: array.reshape(-1) for name, array in load(artifact).batch(inputs).items()}
    np.testing.assert_array_equal(answers["load_known"] > 0, answers["load_high"] - answers["load_low"] <= 3.0)
    assert 0 < answers["load_known"].mean() < 1
    asked = read_report(artifact / "report.json").program
    (tmp_path / "datacc.toml").write_text(asked)
    assert read_program(tmp_path / "datacc.toml").outputs == outputs
