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


def module(name: str) -> Any:
    """The gallery's fetch.py of this name."""
    spec = importlib.util.spec_from_file_location(f"gallery_{name}", GALLERY / name / "fetch.py")
    assert spec
    assert spec.loader
    found: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def fetch(name: str, folder: Path) -> Path:
    module(name).fetch(folder / name)
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


def test_languages_are_the_first_codes_with_enough_paragraphs() -> None:
    languages = module("languages")

    def page(code: str, count: int) -> str:
        return f'<html data-iso6393="{code}">' + "".join(f"<p>{code} {n}</p>" for n in range(count))

    pages = {"1.html": page("zzz", 25), "2.html": page("aaa", 24), "3.html": page("aaa", 30), "4.html": page("aaa", 99)}
    found = languages._chosen(pages)
    assert list(found) == ["aaa", "zzz"]
    assert (len(found["aaa"]), found["zzz"][0]) == (30, "zzz 0")
    many = {f"{n}.html": page(f"a{n:03}", 25) for n in range(130)}
    assert list(languages._chosen(many)) == [f"a{n:03}" for n in range(120)]


def test_sentences_end_where_their_script_says_so() -> None:
    sentences = module("languages")._sentences
    latin = "All human beings are born <b>free</b> and equal. They are endowed with reason &amp; conscience."
    assert sentences([latin, latin, "Too short."]) == [
        "All human beings are born free and equal.",
        "They are endowed with reason & conscience.",
    ]
    assert sentences(["人人生而自由在尊严和权利上一律平等。他们赋有理性和良心。"]) == [
        "人人生而自由在尊严和权利上一律平等。",
        "他们赋有理性和良心。",
    ]


def test_packages_are_one_for_each_source_of_sections_that_say_a_topic() -> None:
    packages = module("packages")

    def block(name: str, section: str, said: str, source: str = "") -> str:
        return (
            f"Package: {name}\n"
            + (f"Source: {source} (1.0)\n" if source else "")
            + f"Description: {said}\nSection: {section}\n"
        )

    games = [block(f"g{n}", "non-free/games", f"game {n}") for n in range(200)]
    few = [block(f"m{n}", "mail", f"mail {n}") for n in range(199)]
    others = [block("g1-data", "games", "its data", "g1"), block("libg", "libs", "a library"), "Package: broken\n"]
    found = packages.rows("\n".join([*games, *few, *others]))
    assert found == sorted((f"game {n}", "games") for n in range(200))


def test_names_are_of_one_country_alone() -> None:
    pytest.importorskip("faker")
    found = module("names").rows()
    countries = dict(found)
    assert len(countries) == len(found) > 30_000
    assert len(set(countries.values())) == 40
    assert (countries["Norgren"], countries["Danfríður"]) == ("SE", "IS")
