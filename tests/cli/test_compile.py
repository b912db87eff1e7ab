"""`datacc compile`: an ONNX file becomes an artifact that answers as onnxruntime does, or one error and nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import datacc as package
from tests.ir.onnx.models import exported, reference


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small conv net, exported beside the current folder's build."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 5))
    options = {"input_names": ["image"], "output_names": ["scores"], "dynamic_axes": {"image": {0: "batch"}}}
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Small net.onnx"
    path.write_bytes(exported(body, (1, 3, 8, 8), **options))
    return path


def test_the_artifact_answers_the_bytes_that_onnxruntime_takes(net: Path, datacc: Callable[..., Any]) -> None:
    said = datacc("compile", net)
    folder = Path(said["folder"])
    assert said["name"] == "small_net"
    assert folder == Path("build/small_net")
    names = {path.name for path in folder.iterdir()}
    assert {"graph.dcc", "interface.json", "compiled.json", "card.md", "small_net.c", "small_net.h"} <= names
    assert "libsmall_net.so" in names
    image = np.random.default_rng(0).normal(size=(1, 3, 8, 8)).astype(np.float32)
    found = package.load(folder).batch({"image": image})["scores"]
    np.testing.assert_allclose(found, reference(net.read_bytes(), {"image": image})["scores"], atol=1e-5)
    assert said["costs"]["work"] == 8 * 64 * 27 + 128 * 5
    stored = json.loads((folder / "compiled.json").read_text())
    assert stored["costs"] == said["costs"]
    assert stored["latency"]["median"] > 0
    listed = datacc("inspect", folder)
    assert listed["work"] == said["costs"]["work"]
    assert [op["op"] for op in listed["ops"]] == ["transpose", "conv", "relu", "maxpool", "dense"]


def test_run_takes_the_bare_array_and_json_that_names_the_input(net: Path, datacc: Callable[..., Any]) -> None:
    folder = Path(datacc("compile", net)["folder"])
    assert "labelled examples" not in (folder / "small_net.c").read_text()
    image = np.random.default_rng(0).normal(size=(1, 3, 8, 8)).astype(np.float32)
    row = image[0].tolist()
    bare, named = (datacc("run", folder, json.dumps(form)) for form in (row, {"image": row}))
    assert bare == named
    wanted = reference(net.read_bytes(), {"image": image})["scores"]
    np.testing.assert_allclose(np.reshape(bare["answers"][0]["value"], -1), wanted.reshape(-1), atol=1e-4)


def test_the_same_model_gives_the_same_bytes(net: Path, datacc: Callable[..., Any]) -> None:
    folders = [Path(datacc("compile", net, "--out", name)["folder"]) for name in ("one", "two")]
    for file in ("graph.dcc", "small_net.c", "libsmall_net.so", "interface.json"):
        first, second = ((folder / file).read_bytes() for folder in folders)
        assert first == second


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["absent.onnx"], 2, "cannot be read"),
        (["broken.onnx"], 16, "not an ONNX model"),
        (["Small net.onnx", "--dim", "time"], 2, "no dimension"),
        (["Small net.onnx", "--dim", "time=4"], 2, "no input has a dimension"),
        (["Small net.onnx", "--cpu", "native"], 3, "another program"),
        (["Small net.onnx", "--make", "c,cobol"], 3, "cobol"),
        (["Small net.onnx", "--name", "int"], 3, "reserved"),
        (["."], 2, "directory"),
    ],
)
def test_a_failure_is_one_error_and_leaves_nothing(
    net: Path, datacc: Callable[..., Any], words: list[str], code: int, what: str
) -> None:
    (net.parent / "broken.onnx").write_bytes(net.read_bytes()[:500])
    before = sorted(net.parent.rglob("*"))
    said = datacc("compile", *words, code=code)
    assert what in said["error"]["what"]
    assert sorted(net.parent.rglob("*")) == before
