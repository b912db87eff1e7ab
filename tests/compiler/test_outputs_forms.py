"""Numbers and several labels in integers, and at several widths: judged as scikit-learn would."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from datacc.compiler.build import build
from datacc.compiler.report import Report, read_report
from datacc.fit import Recipe
from datacc.ir.file import load as load_graph
from datacc.runtime.load import load
from datacc.sources.table import infer_program
from datacc.spec.lock import Lock, shape_digest, write_lock
from datacc.spec.program import Program, Target
from tests.compiler.test_outputs import ROWS, numbers, tags, within

WIDTHS = (0.5, 1.0)
JUDGE = np.arange(ROWS) % 3 == 2
RECIPE = Recipe(epochs=60, batch=30, rate=0.02, threads=1)


def built(folder: Path, form: str, **changes: object) -> tuple[np.ndarray, np.ndarray, Path]:
    """Inputs and labels of all rows, and the artifact of a small net."""
    if form == "number":
        table = numbers(folder / "it.csv")
        inputs, truth, label, goals = table[:, :3].astype(np.float32), table[:, 3], "price", {"r2": 0.5}
    else:
        inputs, truth = tags(folder / "it.csv")
        label, goals = "tags", {"accuracy": 0.3}
    program: Program = replace(infer_program(folder / "it.csv", label, type=form), **changes)
    program = within(program, folder, goals)
    lock = Lock(
        program=shape_digest(program), skeleton="mlp.v1", sizes={"width": 16, "depth": 1}, recipe=RECIPE.plain()
    )
    write_lock(folder / "datacc.lock", lock)
    build(program, folder)
    return inputs, truth, folder / "build" / "it"


def figure(report: Report) -> float:
    [line] = [line for line in report.verdict.lines if line.kind == "goal"]
    assert line.figure is not None
    return line.figure.value


def measured(form: str, truth: np.ndarray, told: np.ndarray) -> float:
    if form == "number":
        return float(metrics.r2_score(truth, told.reshape(-1)))
    return float(metrics.accuracy_score(truth, told))


@pytest.mark.parametrize("form", ["number", "labels"])
def test_in_integers(form: str, tmp_path: Path) -> None:
    inputs, truth, artifact = built(tmp_path, form, target=Target(arithmetics=("int8",)))
    name = "price" if form == "number" else "tags"
    told = load(artifact).batch(inputs[JUDGE])
    report = read_report(artifact / "report.json")
    assert figure(report) == pytest.approx(measured(form, truth[JUDGE], told[name]), abs=1e-6)
    assert figure(report) > (0.9 if form == "number" else 0.75)
    [same] = [line for line in report.verdict.lines if line.kind == "parity"]
    assert "equal to the last bit" in same.wanted
    products = [node for node in load_graph((artifact / "graph.dcc").read_bytes()).nodes if node.op == "dense"]
    assert products
    assert {node.type.dtype for node in products} == {"int32"}
    if form == "number":
        half = (told["price_high"] - told["price"]).reshape(-1)
        tune = np.arange(ROWS) % 3 == 1
        errors = np.abs(load(artifact).batch(inputs[tune])["price"].reshape(-1) - truth[tune])
        assert 0.85 <= (errors <= half[0]).mean() <= 0.97  # of all tune rows; half of them gave 90 %


@pytest.mark.parametrize("form", ["number", "labels"])
def test_at_several_widths(form: str, tmp_path: Path) -> None:
    inputs, truth, artifact = built(tmp_path, form, widths=WIDTHS)
    name = "price" if form == "number" else "tags"
    report, native = read_report(artifact / "report.json"), load(artifact)
    assert [one.width for one in report.verdict.widths] == [*WIDTHS]
    for one in report.verdict.widths:
        told = native.at(one.width).batch(inputs[JUDGE])[name]
        assert one.accuracy.value == pytest.approx(measured(form, truth[JUDGE], told), abs=1e-6)
        assert one.metric == ("r2" if form == "number" else "accuracy")
        assert one.accuracy.value > 0.6
