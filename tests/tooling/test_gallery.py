"""The gallery: what is fetched is what its datacc.toml asks for, and the picture held out is not among the examples."""

import csv
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datacc.registry import load
from datacc.spec.read import read_program

GALLERY = Path(__file__).parents[2] / "gallery"
NAMES = sorted(path.parent.name for path in GALLERY.glob("*/datacc.toml"))


def fetch(name: str, folder: Path) -> Path:
    spec = importlib.util.spec_from_file_location(f"gallery_{name}", GALLERY / name / "fetch.py")
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.fetch(folder / name)
    return folder / name


@pytest.mark.parametrize("name", NAMES)
def test_a_program_of_the_gallery_is_whole(name: str) -> None:
    program = read_program(GALLERY / name / "datacc.toml")
    expected = json.loads((GALLERY / name / "expected.json").read_text())
    assert program.name == name
    goals = {goal.metric: goal.limit for goal in program.goals}
    most = {metric for metric in goals if load("goals", metric).at_most}
    assert {metric: goals[metric] for metric in goals.keys() - most} == expected["at_least"]
    costs = {key: getattr(program.budget, key) for key in expected["at_most"].keys() - most}
    assert {**costs, **{metric: goals[metric] for metric in most}} == expected["at_most"]
    assert (GALLERY / name / "README.md").exists()


def test_digits(tmp_path: Path) -> None:
    folder = fetch("digits", tmp_path)
    with np.load(folder / "digits.npz") as file:
        pictures, labels = file["x"], file["y"]
    with Image.open(folder / "seven.png") as image:
        seven = np.asarray(image)
    program = read_program(GALLERY / "digits" / "datacc.toml")
    options = program.inputs[0].options
    assert pictures.shape == (4999, options["height"], options["width"])
    assert pictures.dtype == seven.dtype == np.uint8
    assert np.bincount(labels).tolist() == [500] * 7 + [499] + [500] * 2
    assert not (pictures == seven).all(axis=(1, 2)).any()


def test_tumours(tmp_path: Path) -> None:
    folder = fetch("tumours", tmp_path)
    with (folder / "tumours.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    program = read_program(GALLERY / "tumours" / "datacc.toml")
    assert len(rows) == 569
    assert [*program.inputs[0].options["columns"], program.outputs[0].name] == list(rows[0])
    assert {row["diagnosis"] for row in rows} == {"benign", "malignant"}
