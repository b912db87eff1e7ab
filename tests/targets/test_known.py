"""Every form of a program that abstains says what it does not know, as its Graph means it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.registry import load
from datacc.runtime.bound import row_type
from datacc.runtime.load import load as load_native
from tests.targets.programs import CLASSES, RECORD, Packed, packed
from tests.tools import need

ROWS = np.random.default_rng(3).normal(0, 2, (90, 2)).astype(np.float32)
LIMITS = {"label": 0.55, "labels": 0.8, "number": -6.0}
WHAT = {"label": "a class", "labels": "labels", "number": "a number"}


@pytest.fixture(scope="module", params=LIMITS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def unsure(form: str, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("unsure"), RECORD, limit=LIMITS[form], output=form)


@pytest.fixture(scope="module")
def known(form: str, unsure: Packed) -> list[bool]:
    """By the answers that it is told beside; some are known and some are not, none too near to say."""
    told = unsure.expected(row=ROWS)
    sure = {
        "label": lambda: told["kind_confidence"][:, 0],
        "labels": lambda: np.maximum(told["kind_scores"], 1 - told["kind_scores"]).min(axis=1),
        "number": lambda: -(told["kind_high"] - told["kind_low"])[:, 0],
    }[form]()
    assert np.abs(sure - LIMITS[form]).min() > 1e-5
    found = (sure >= LIMITS[form]).tolist()
    assert {True, False} == set(found)
    return found


def test_the_header_says_what_the_flag_means(form: str, unsure: Packed) -> None:
    said = f"int32_t kind_known; /* 1, or 0 for {WHAT[form]} too unsure to rely on */"
    assert said in unsure.built.source.header


def said(answer: dict[str, Any]) -> Any:
    """What an answer of a wheel is, beside its parts."""
    if "value" in answer:
        return pytest.approx(answer["value"], rel=1e-5, abs=1e-5)
    return answer["labels"] if "labels" in answer else answer["label"]


def meant(told: np.ndarray) -> Any:
    """The same of a row of the Graph's answer."""
    if told.dtype.kind == "f":
        return float(told[0])
    return CLASSES[told[0]] if len(told) == 1 else [name for name, one in zip(CLASSES, told, strict=True) if one]


def test_a_wheel(unsure: Packed, known: list[bool], tmp_path: Path) -> None:
    (path,) = load("targets", "wheel").make(unsure.built, tmp_path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "installed")
    code = f"import json, zoo\nprint(json.dumps([a._asdict() for a in zoo.predict_batch({ROWS.tolist()!r})]))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    answers = json.loads(done.stdout)
    assert [answer["known"] for answer in answers] == known
    told = unsure.expected(row=ROWS)["kind"]
    assert [said(answer) for answer in answers] == [meant(one) for one in told]
    (tmp_path / "user.py").write_text("import zoo\nx: bool = zoo.predict([1.0, 2.0]).known\n")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "user.py"], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path / "installed")},
    )  # fmt: skip
    assert "Success" in checked.stdout, checked.stdout


def test_an_npm_package(unsure: Packed, known: list[bool], tmp_path: Path) -> None:
    need("node")
    load("targets", "npm").make(unsure.built, tmp_path)
    [path] = tmp_path.glob("*.tgz")
    subprocess.run(["tar", "xf", path.name], cwd=tmp_path, check=True)
    assert "known: boolean;" in (tmp_path / "package" / "index.d.ts").read_text()
    code = f"""
    import {{ predictBatch }} from "./package/index.js";
    console.log(JSON.stringify(predictBatch({json.dumps(ROWS.tolist())}).map((answer) => answer.known)));
    """
    (tmp_path / "use.mjs").write_text(code)
    done = subprocess.run(["node", "use.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == known


def test_a_command(form: str, unsure: Packed, known: list[bool], tmp_path: Path) -> None:
    load("targets", "exe").make(unsure.built, tmp_path)
    command, rows = str(tmp_path / "zoo"), np.zeros(len(ROWS), row_type(unsure.built.interface.inputs))
    rows["row"] = ROWS

    def said(*options: str) -> list[str]:
        found = subprocess.run([command, *options], input=rows.tobytes(), capture_output=True, check=True)
        return found.stdout.decode().splitlines()

    assert [line.endswith("\tnot known") for line in said()] == [not one for one in known]
    assert [json.loads(line)["known"] for line in said("--json")] == known
    parts = {"label": 5, "labels": 4, "number": 3}[form]  # with the scores of three classes, where there are such
    option = [] if form == "number" else ["--scores"]
    assert all(len(line.split("\t")) == parts + (not one) for line, one in zip(said(*option), known, strict=True))
    assert "what is not known" in "\n".join(said("--help"))


def test_onnx(unsure: Packed, known: list[bool], tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    (path,) = load("targets", "onnx").make(unsure.built, tmp_path)
    session = runtime.InferenceSession(str(path))
    (found,) = session.run(["kind_known"], {"row": ROWS})
    assert found.reshape(-1).astype(bool).tolist() == known


def test_the_library_itself(form: str, unsure: Packed, known: list[bool], tmp_path: Path) -> None:
    """As `datacc.load` gives it."""
    folder = unsure.built.library.path.parent
    (folder / "interface.json").write_text(unsure.built.interface.to_json(), encoding="utf-8")
    from_disk = load_native(folder)
    assert [from_disk(row).known for row in ROWS] == known
    parts = {"label": ("confidence", "scores"), "labels": ("scores",), "number": ("low", "high")}[form]
    assert set(from_disk.batch(ROWS)) == {"kind", "kind_known", *(f"kind_{part}" for part in parts)}
