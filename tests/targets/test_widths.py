"""Every form of a program with several widths answers at each as the Graph of that width means it."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from datacc.registry import load
from datacc.runtime import binary
from datacc.runtime.bound import row_type
from tests.targets.programs import CLASSES, Packed, packed
from tests.tools import need

WIDTHS = (0.25, 0.5, 1.0)
KNOWN = "0.25, 0.5, 1"
COLUMNS = ("tail", "ears")
INPUTS = {"width": ("record", {"columns": COLUMNS})}  # an input may be called as the argument is
ROWS = np.random.default_rng(3).normal(0, 2, (90, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def elastic(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("elastic"), INPUTS, widths=WIDTHS)


@pytest.fixture(scope="module")
def expected(elastic: Packed) -> dict[float, np.ndarray]:
    """The scores (N, K) at each width; no two widths say the same."""
    found = {width: elastic.expected_at(width, width=ROWS)["kind_scores"] for width in WIDTHS}
    assert min(np.abs(found[a] - found[b]).max() for a in WIDTHS for b in WIDTHS if a < b) > 1e-3
    return found


@pytest.fixture(scope="module")
def installed(elastic: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel is unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = load("targets", "wheel").make(elastic.built, folder)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


USER = """
import json, zoo
rows = json.loads(input())
def scores(answers): return [list(answer.scores.values()) for answer in answers]
def bound(width):
    memory = zoo.bind(width=width)
    memory.inputs["width"][:] = zoo_row
    return [memory()["kind_scores"].tolist()]
from array import array
zoo_row = array("f", rows[0])
found = {str(width): [scores(zoo.predict_batch(rows, width=width)), scores([zoo.predict(rows[0], width=width)]),
                      bound(width)] for width in zoo.WIDTHS}
found["whole"] = [scores(zoo.predict_batch(rows)), scores([zoo.predict({"tail": rows[0][0], "ears": rows[0][1]})]),
                  [zoo.bind().answers["kind_scores"].tolist()]]
refused = []
def many(row, width): return zoo.predict_batch([row], width=width)
def bind(row, width): return zoo.bind(width=width)
for ask in (zoo.predict, many, bind):
    for width in (0.6, 0, None):
        try: ask(rows[0], width=width)
        except ValueError as error: refused.append(str(error))
print(json.dumps([found, refused]))
"""


def test_a_wheel(installed: Path, expected: dict[float, np.ndarray]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USER], input=json.dumps(ROWS.tolist()), capture_output=True, text=True,
        check=True, env=environment,
    )  # fmt: skip
    found, refused = json.loads(done.stdout)
    for width in WIDTHS:
        many, one, bound = found[str(width)]
        np.testing.assert_allclose(many, expected[width], atol=1e-5)
        np.testing.assert_allclose([*one, *bound], [expected[width][0]] * 2, atol=1e-5)
    np.testing.assert_allclose(found["whole"][0], expected[1.0], atol=1e-5)
    np.testing.assert_allclose(found["whole"][1][0], expected[1.0][0], atol=1e-5)
    assert refused == [f"zoo has no width {width}; it has {KNOWN}" for width in (0.6, 0, None)] * 3


def test_a_wheel_is_typed(installed: Path, tmp_path: Path) -> None:
    good = "import zoo\nx: tuple[float, ...] = zoo.WIDTHS\ny: str = zoo.predict([1.0, 2.0], width=x[0]).label\n"
    bad = 'import zoo\nzoo.predict([1.0, 2.0], width="0.5")\nzoo.predict([1.0, 2.0], 0.5)\n'
    for name, text in (("good", good), ("bad", bad)):
        (tmp_path / f"{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "good.py", "bad.py"], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(installed)},
    )  # fmt: skip
    found = [line.split(": ")[0] for line in done.stdout.splitlines() if ": error" in line]
    assert found == ["bad.py:2", "bad.py:3"], done.stdout


PAGE = """
import { predict, predictBatch, WIDTHS } from "./package/index.js";
const rows = JSON.parse(process.argv[2]);
const scores = ({ scores }) => Object.values(scores);
const found = WIDTHS.map((width) => [...predictBatch(rows, { width }), predict(rows[0], { width })].map(scores));
const whole = [...predictBatch(rows), predict(rows[0], {})].map(scores);
const refused = [0.6, 0, "0.5"].map((width) => { try { predict(rows[0], { width }); } catch (e) { return `${e}`; } });
console.log(JSON.stringify([found, whole, refused]));
"""


def test_an_npm_package(elastic: Packed, expected: dict[float, np.ndarray], tmp_path: Path) -> None:
    (path,) = load("targets", "npm").make(elastic.built, tmp_path)
    subprocess.run(["tar", "xf", path.name], cwd=tmp_path, check=True)
    (tmp_path / "page.mjs").write_text(PAGE)
    done = subprocess.run(
        [need("node"), "page.mjs", json.dumps(ROWS.tolist())], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found, whole, refused = json.loads(done.stdout)
    for width, one in zip((*WIDTHS, 1.0), (*found, whole), strict=True):
        np.testing.assert_allclose(one, [*expected[width], expected[width][0]], atol=1e-5)
    assert refused == [f"RangeError: zoo has no width {width}; it has {KNOWN}" for width in (0.6, 0, 0.5)]
    types = (tmp_path / "package" / "index.d.ts").read_text()
    assert "export type Width = 0.25 | 0.5 | 1;" in types
    assert re.search(r"predict\(width_2: .*, options\?: Options\): Answer;", types)


def test_a_module_of_webassembly_exports_them(elastic: Packed, tmp_path: Path) -> None:
    [path] = load("targets", "wasm").make(elastic.built, tmp_path)
    mine = {"zoo_batch", "zoo_at_batch", "zoo_widths", "zoo_scratch_bytes"}
    assert set(binary.defined_symbols(path.read_bytes())) == {"memory", "__heap_base", *mine}


@pytest.fixture(scope="module")
def command(elastic: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    [path] = load("targets", "exe").make(elastic.built, tmp_path_factory.mktemp("command"))
    return Path(path)


def test_a_command(elastic: Packed, expected: dict[float, np.ndarray], command: Path) -> None:
    rows = np.zeros(len(ROWS), row_type(elastic.built.interface.inputs))
    rows["width"] = ROWS

    def said(*options: str) -> bytes:
        return subprocess.run([command, *options], input=rows.tobytes(), capture_output=True, check=True).stdout

    spelt = {"0.25": 0.25, "0.250": 0.25, "0.5": 0.5, "1": 1.0, "1.": 1.0, "1.0": 1.0}
    for text, width in spelt.items():
        for options in (("--width", text, "--raw"), ("--raw", "--width", text)):
            answers = np.frombuffer(said(*options), row_type(elastic.built.interface.answers))
            np.testing.assert_allclose(answers["kind_scores"], expected[width], atol=1e-5)
        lines = [line.split("\t")[0] for line in said("--width", text).decode().splitlines()]
        assert lines == [CLASSES[k] for k in expected[width].argmax(axis=1)]
    assert said() == said("--width", "1")
    assert f"at one of its widths {KNOWN}" in said("--help").decode()


@pytest.mark.parametrize("text", ["0.6", "10", "0", "", "0.5x", ".5", "-1", "0.2", "0.2500001"])
def test_a_command_names_the_widths_that_there_are(text: str, command: Path) -> None:
    done = subprocess.run([command, "--width", text], input="", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"error: there is no such width; the program has {KNOWN}\n")


@pytest.mark.parametrize("words", [["--width"], ["--width", "1", "--width", "1"], ["--json", "--raw"], ["--width=1"]])
def test_a_command_refuses_what_it_does_not_understand(words: list[str], command: Path) -> None:
    done = subprocess.run([command, *words], input="", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "error: unknown arguments\n  try: --help\n")


@pytest.mark.parametrize("name", ["width", "widths", "choose", "same_number", "given"])
def test_a_command_with_widths_may_be_called_like_one_of_its_words(name: str, tmp_path: Path) -> None:
    zoo = packed(tmp_path, {"row": INPUTS["width"]}, name=name, widths=(0.5, 1.0))
    [command] = load("targets", "exe").make(zoo.built, tmp_path)
    done = subprocess.run([command, "--width", "0.5", "--raw"], input=ROWS.tobytes(), capture_output=True, check=True)
    answers = np.frombuffer(done.stdout, row_type(zoo.built.interface.answers))
    np.testing.assert_allclose(answers["kind_scores"], zoo.expected_at(0.5, row=ROWS)["kind_scores"], atol=1e-5)
