"""No branch and no address of a linked program depends on its input: valgrind would say so, and does where one does."""

import subprocess
from pathlib import Path

import pytest

from datacc.ir.graph import Graph
from datacc.runtime.native import Native
from tests.emit.compiled import compiled
from tests.emit.nets import digits, record, residual
from tests.emit.test_everywhere import everything
from tests.tools import lacking, need

REPORTED = 9


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("memcheck") / "memcheck"
    need("valgrind")
    source = Path(__file__).with_name("memcheck.c")
    done = subprocess.run([need("gcc"), "-O1", str(source), "-o", str(target), "-ldl"], capture_output=True, text=True)
    if "valgrind/memcheck.h" in done.stderr:
        lacking("valgrind's header is not installed")
    assert done.returncode == 0, done.stderr
    return target


def reports(checker: Path, native: Native, folder: Path, *more: str) -> bool:
    [library] = folder.glob("program-*")
    sizes = map(str, (native.input_row.itemsize, native.answer_row.itemsize, native.scratch_bytes))
    valgrind = ["valgrind", "-q", f"--error-exitcode={REPORTED}"]
    done = subprocess.run([*valgrind, str(checker), str(library), "program", *sizes, *more], capture_output=True)
    assert done.returncode in (0, REPORTED)
    return done.returncode == REPORTED


NETS = {"digits": digits((8, 16), 14), "record": record(), "residual": residual(), "integers": everything()}


@pytest.mark.parametrize("graph", NETS.values(), ids=NETS)
def test_the_work_does_not_depend_on_the_input(graph: Graph, checker: Path, tmp_path: Path) -> None:
    native = compiled(graph, tmp_path)
    assert not reports(checker, native, tmp_path)


def test_a_planted_branch_is_reported(checker: Path, tmp_path: Path) -> None:
    assert reports(checker, compiled(record(), tmp_path), tmp_path, "branch")
