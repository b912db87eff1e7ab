"""Programs with states: a wheel's caller binds a stream, a package makes some, a command's rows are one."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.simplify import simplify
from datacc.runtime.link import link
from datacc.targets import Built
from datacc.targets._call import Port, Program
from datacc.targets.exe import Exe
from datacc.targets.npm import Npm
from tests.emit.compiled import CPU, interface_of, written
from tests.emit.test_states import counter
from tests.tools import need


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    path = link(written(counter()), CPU, tmp_path_factory.mktemp("counter")).path
    port = Port("x", "float32", (3, 11))
    return Program("program", str(path), (port,), (Port("y", "float32", (3, 11)),), keeps=True)


def expected(sums: list[float]) -> list[float]:
    return [float(np.exp(np.float32(min(total, 2)))) for total in sums]


def test_bound_memory_goes_on_and_begins_again(program: Program) -> None:
    bound = program.bind()
    found = []
    for _ in range(3):
        bound.inputs["x"].cast("B")[:] = np.full((3, 11), 0.5, np.float32).tobytes()
        found.append(bound()["y"].tolist()[2][10])
    np.testing.assert_allclose(found, expected([0.5, 1.0, 1.5]), rtol=1e-6)
    bound.state[:] = bytes(len(bound.state))
    np.testing.assert_allclose(bound()["y"].tolist()[0][0], expected([0.5])[0], rtol=1e-6)


def test_each_call_begins_a_stream_and_a_batch_is_one(program: Program) -> None:
    x = np.full((3, 11), 0.25, np.float32)
    for _ in range(2):
        np.testing.assert_allclose(program.one(x)[0], expected([0.25])[0], rtol=1e-6)
        many = [row[0] for row in program.many(np.stack([x] * 4))]
        np.testing.assert_allclose(many, expected([0.25, 0.5, 0.75, 1.0]), rtol=1e-6)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    source, interface = written(counter()), interface_of(counter())
    library = link(source, CPU, tmp_path_factory.mktemp("built"))
    return Built(interface=interface, source=source, library=library, scratch=0, graph=simplify(counter()))


def test_a_command_takes_its_rows_as_one_stream(built: Built, tmp_path: Path) -> None:
    rows = np.full((70, 3, 11), 0.02, np.float32)
    [command] = Exe().make(built, tmp_path)
    found = subprocess.run([command], input=rows.tobytes(), capture_output=True, check=True).stdout
    answers = np.frombuffer(found, np.float32).reshape(70, 33)
    np.testing.assert_allclose(answers[:, 32], expected([0.02 * i for i in range(1, 71)]), rtol=1e-5)


PAGE = """
import { predict, predictBatch, stream } from "program";
const x = Array(33).fill(0.02);
const [first, second] = [stream(), stream()];
first(x);
const found = [predict(x), predict(x), ...predictBatch(Array(70).fill(x)), first(x), second(x)];
console.log(JSON.stringify(found.map(({ y }) => y[32])));
"""


def test_a_package_holds_several_streams(built: Built, tmp_path: Path) -> None:
    [package] = Npm().make(built, tmp_path)
    npm = [need("npm"), "install", "--offline", "--no-audit", "--no-fund", f"./{package.name}"]
    subprocess.run(npm, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "page.mjs").write_text(PAGE)
    done = subprocess.run([need("node"), "page.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    sums = [0.02, 0.02, *(0.02 * i for i in range(1, 71)), 0.04, 0.02]
    np.testing.assert_allclose(json.loads(done.stdout), expected(sums), rtol=1e-5)
    types = (tmp_path / "node_modules" / "program" / "index.d.ts").read_text()
    assert "export function stream(): (x: Numbers) => Answer;" in types
