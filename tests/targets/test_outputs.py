"""Every form of a program that answers a number, or several labels, says what its Graph means."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.arrange import arrange
from datacc.emit import emit
from datacc.ir.build import Builder
from datacc.registry import load
from datacc.runtime.bound import row_type
from datacc.runtime.link import link
from datacc.runtime.load import Labels, Number
from datacc.runtime.load import load as load_native
from datacc.spec.interface import Interface, Port
from datacc.targets import Built
from tests.targets.programs import CLASSES, RECORD, Packed, packed
from tests.tools import need

ROWS = np.random.default_rng(3).normal(0, 2, (60, 2)).astype(np.float32)
KINDS = ("number", "labels")


@pytest.fixture(scope="module", params=KINDS)
def zoo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp(request.param), RECORD, output=request.param)


def meant(zoo: Packed) -> list[dict[str, Any]]:
    """What the Graph means, as packages say it."""
    told = zoo.expected(row=ROWS)
    if "kind_low" in told:
        parts = {"value": "kind", "low": "kind_low", "high": "kind_high"}
        return [{name: float(told[field][n, 0]) for name, field in parts.items()} for n in range(len(ROWS))]
    return [
        {
            "labels": [name for name, one in zip(CLASSES, told["kind"][n], strict=True) if one],
            "scores": dict(zip(CLASSES, map(float, told["kind_scores"][n]), strict=True)),
        }
        for n in range(len(ROWS))
    ]


def agree(found: list[dict[str, Any]], zoo: Packed) -> None:
    for one, other in zip(found, meant(zoo), strict=True):
        assert list(one) == list(other)
        if "labels" in other:
            assert (list(one["labels"]), one["scores"]) == (other["labels"], pytest.approx(other["scores"], abs=1e-5))
        else:
            assert one == pytest.approx(other, rel=1e-5, abs=1e-5)


def test_they_differ_from_row_to_row(zoo: Packed) -> None:
    told = meant(zoo)
    assert len({json.dumps(one.get("labels", one.get("value"))) for one in told}) > 1


def test_a_wheel(zoo: Packed, tmp_path: Path) -> None:
    (path,) = load("targets", "wheel").make(zoo.built, tmp_path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "installed")
    code = f"import json, zoo\nprint(json.dumps([a._asdict() for a in zoo.predict_batch({ROWS.tolist()!r})]))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    agree(json.loads(done.stdout), zoo)
    use = "x: float = a.value + a.low + a.high" if "value" in meant(zoo)[0] else "x: float = a.scores[a.labels[0]]"
    (tmp_path / "user.py").write_text(f"import zoo\na = zoo.predict([1.0, 2.0])\n{use}\n")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "user.py"], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path / "installed")},
    )  # fmt: skip
    assert "Success" in checked.stdout, checked.stdout


def test_an_npm_package(zoo: Packed, tmp_path: Path) -> None:
    need("node")
    load("targets", "npm").make(zoo.built, tmp_path)
    [path] = tmp_path.glob("*.tgz")
    subprocess.run(["tar", "xf", path.name], cwd=tmp_path, check=True)
    types = (tmp_path / "package" / "index.d.ts").read_text()
    assert "value: number;" in types or "labels: Label[];" in types
    code = f"""
    import {{ predictBatch }} from "./package/index.js";
    console.log(JSON.stringify(predictBatch({json.dumps(ROWS.tolist())})));
    """
    (tmp_path / "use.mjs").write_text(code)
    done = subprocess.run(["node", "use.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    agree(json.loads(done.stdout), zoo)


def test_a_command(zoo: Packed, tmp_path: Path) -> None:
    load("targets", "exe").make(zoo.built, tmp_path)
    command, rows = str(tmp_path / "zoo"), np.zeros(len(ROWS), row_type(zoo.built.interface.inputs))
    rows["row"] = ROWS * np.float32(10.0) ** np.arange(-8, 12, dtype=np.float32).repeat(3)[:, None]
    wanted = zoo.expected(row=rows["row"])

    def said(*options: str) -> list[str]:
        found = subprocess.run([command, *options], input=rows.tobytes(), capture_output=True, check=True)
        return found.stdout.decode().splitlines()

    if "kind_low" in wanted:
        numbers = np.concatenate([wanted[name] for name in ("kind", "kind_low", "kind_high")], axis=1)
        plain = np.array([[float(part) for part in line.split("\t")] for line in said()])
        np.testing.assert_allclose(plain, numbers, rtol=2e-5, atol=2e-5)
        objects = np.array(
            [[one[name] for name in ("value", "low", "high")] for one in map(json.loads, said("--json"))]
        )
        np.testing.assert_array_equal(objects, plain)
    else:
        given = [[name for name, one in zip(CLASSES, row, strict=True) if one] for row in wanted["kind"]]
        assert said() == [";".join(names) or ";" for names in given]
        found = [json.loads(line) for line in said("--json")]
        assert [one["labels"] for one in found] == given
        np.testing.assert_allclose([list(o["scores"].values()) for o in found], wanted["kind_scores"], atol=1e-4)
        assert [len(line.split("\t")) for line in said("--scores")] == [1 + len(CLASSES)] * len(ROWS)


def test_a_command_writes_numbers_in_seven_digits(tmp_path: Path) -> None:
    values = [0.0, -0.0, 1, -1, 9.9999995, 12345678, 1e-5, 1.5e-7, -3.25e-36, 3.4e38, 1e15, 0.1, 100, -0.00012345678]
    given = np.array(values, np.float32)
    b = Builder()
    x = b.input("x", "float32", (1,))
    outputs = {"y": b.op("relu", "y", x)}
    for side, slope in (("low", -1.0), ("high", 1e-3)):
        scale = b.weight(f"{side}.scale", (1,), role="fixed", value=np.array([slope]))
        zero = b.weight(f"{side}.zero", (1,), role="fixed", value=np.zeros(1))
        outputs[f"y_{side}"] = b.op("affine", side, x, scale, zero)
    graph = b.graph(outputs)
    answers = tuple(Port(name=name, dtype="float32", shape=(1,), type="number" * (name == "y")) for name in outputs)
    inputs = (Port(name="x", dtype="float32", shape=(1,)),)
    interface = Interface(name="zoo", cpu="x86-64-v2", inputs=inputs, answers=answers)
    plan = arrange(graph, interface.cpu)
    source = emit(plan, interface)
    library = link(source, interface.cpu, tmp_path)
    built = Built(interface=interface, source=source, library=library, scratch=plan.arena, graph=graph)
    load("targets", "exe").make(built, tmp_path)
    done = subprocess.run([tmp_path / "zoo"], input=given.tobytes(), capture_output=True, check=True)
    lines = [line.split("\t") for line in done.stdout.decode().splitlines()]
    wanted = np.stack([np.maximum(given, 0), -given, given * np.float32(1e-3)], axis=1)
    np.testing.assert_allclose(np.array(lines, np.float64), wanted, rtol=6e-7)
    assert ["100", "-100", "0.1"] in lines
    assert max(len(word) for line in lines for word in line) <= 17


def test_onnx(zoo: Packed, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    (path,) = load("targets", "onnx").make(zoo.built, tmp_path)
    session, wanted = runtime.InferenceSession(str(path)), zoo.expected(row=ROWS)
    for field, found in zip(wanted, session.run(list(wanted), {"row": ROWS}), strict=True):
        np.testing.assert_allclose(found, wanted[field], rtol=1e-5, atol=1e-5)


def test_the_library_itself(zoo: Packed) -> None:
    """As `datacc.load` gives it."""
    folder = zoo.built.library.path.parent
    (folder / "interface.json").write_text(zoo.built.interface.to_json())
    program = load_native(folder)
    answers = [program(row.tolist()) for row in ROWS]
    assert {type(answer) for answer in answers} <= {Number, Labels}
    assert all(answer.known for answer in answers)
    agree([{name: part for name, part in vars(answer).items() if name != "known"} for answer in answers], zoo)
