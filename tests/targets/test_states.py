"""Programs with states in the hands of a wheel's caller: one stream in bound memory, new ones elsewhere."""

from pathlib import Path

import numpy as np
import pytest

from datacc.errors import SpecError
from datacc.runtime.link import link
from datacc.targets import Built
from datacc.targets._call import Port, Program
from datacc.targets.exe import Exe
from datacc.targets.npm import Npm
from tests.emit.compiled import CPU, interface_of, written
from tests.emit.test_states import counter


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


@pytest.mark.parametrize("target", [Exe(), Npm()])
def test_what_cannot_hold_a_stream_says_so(target: Exe | Npm, tmp_path: Path) -> None:
    source, interface = written(counter()), interface_of(counter())
    built = Built(interface=interface, source=source, library=link(source, CPU, tmp_path), scratch=0, graph=counter())
    with pytest.raises(SpecError, match="cannot hold the stream"):
        target.make(built, tmp_path)
