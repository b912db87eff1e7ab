"""Proofs hold on programs, name what is broken in a broken one, and claim nothing that was not looked at."""

import json
import shutil
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.simplify import simplify
from datacc.errors import ToolchainError, UsageError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.runtime import prove as proving
from datacc.runtime.prove import CHECKS, controls, find, prove
from datacc.runtime.prove import compiled as compiling
from datacc.runtime.prove import traced as tracing
from datacc.runtime.prove.controls import PLANTED
from datacc.runtime.prove.proof import FAILED, NOT_CHECKED, NOT_FULLY, NOT_GIVEN, PASSED, PROVEN, Proof
from datacc.runtime.prove.rows import rows
from datacc.runtime.prove.words import words
from datacc.spec.cpus import CPUS
from datacc.spec.interface import Port
from datacc.types.text import TextOptions
from tests.emit.compiled import CPU
from tests.emit.nets import digits, record, residual
from tests.emit.test_everywhere import products
from tests.emit.test_states import wavenet
from tests.runtime.artifacts import artifact
from tests.tools import need

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="runs a harness of Linux's system calls")
Plant = Callable[[str], str]


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    need("valgrind")
    need("gcc")


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes it for seen that every control is caught: another test looks at that."""
    seen = {check: dict.fromkeys(faults, True) for check, faults in PLANTED.items()}
    monkeypatch.setattr(proving, "controls", lambda *_: seen)


def statuses(proof: Proof) -> dict[str, str]:
    return {check.name: check.status for check in proof.checks}


def text(skeleton: str) -> Graph:
    """The cheapest program of a skeleton for texts of 24 bytes, weights by chance."""
    front = load("types", "text").front("x", TextOptions(length=24))
    form, label = load("skeletons", skeleton), load("types", "label")
    sizes = form.ladder([front.by_name["x"].type])[0]
    graph: Graph = form.graph([front], label.answer("y", ("a", "b", "c"), label.options()), sizes)
    random = np.random.default_rng(0)
    return graph.fill({node.name: random.uniform(0.1, 1, node.type.shape) for node in graph.holes})


def test_every_planted_fault_is_caught(tmp_path: Path) -> None:
    found = controls(find(), CPUS[CPU], tmp_path)
    assert found == {check: dict.fromkeys(faults, True) for check, faults in PLANTED.items()}
    assert set(found) == set(CHECKS) - {"source"}


NETS = {"digits": digits((8, 16), 14), "record": record(), "residual": residual(), "integers": products()}


@pytest.mark.parametrize("graph", NETS.values(), ids=NETS)
def test_programs_are_proven(graph: Graph, tmp_path: Path, caught: None) -> None:
    proof = prove(artifact(graph, tmp_path), seed=3)
    assert statuses(proof) == dict.fromkeys(CHECKS, PASSED)
    assert proof.certificate("work") == proof.certificate("trace") == PROVEN
    assert "proven" in words(proof)
    told = json.loads(proof.to_json())
    assert told["version"] == 1
    assert told["certificates"] == {"work": PROVEN, "trace": PROVEN}
    assert {row["name"] for row in told["checks"]} == set(CHECKS)


@pytest.mark.parametrize("name", ["rows", "run", "planted", "guarded", "word", "call", "members", "prove_choice"])
def test_programs_may_be_called_like_anything_in_the_harness(name: str, tmp_path: Path, caught: None) -> None:
    proof = prove(artifact(record(), tmp_path, name), seed=3)
    assert statuses(proof) == dict.fromkeys(CHECKS, PASSED)


def test_sanitizers_that_take_too_long_have_not_checked(
    tmp_path: Path, caught: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "PATIENCE", 1e-6)
    proof = prove(artifact(record(), tmp_path), seed=3)
    assert statuses(proof)["sanitizers"] == NOT_CHECKED


def planted(text: str) -> Plant:
    """A change that puts `text` at the end of the program's own function."""
    head = "const volatile float *in = (const volatile float *)(const void *)input; volatile float *out = "
    tail = "(volatile float *)(void *)answer; (void)in, (void)out;"

    def change(c: str) -> str:
        start = c.index("ENTRY void program(")
        end = c.index("\n}", start)
        return f"{c[:end]}\n    {head}{tail} {text}{c[end:]}"

    return change


BRANCH = "if (in[0] > 0.5f) out[0] = in[1] * 3;"
INDEX = "static const volatile float table[4] = {1, 2, 3, 4}; out[0] += table[*(const volatile uint8_t *)in & 3];"
KEPT = "static volatile int calls; calls++;"
OVERRUN = "((volatile char *)scratch)[sizeof *scratch] = 1;"
UNDEFINED = "static volatile int most = 2147483647; out[0] += (float)(most + 1);"


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (BRANCH, {"branches", "instructions"}),
        (INDEX, {"addresses"}),
        (KEPT, {"constant"}),
        (OVERRUN, {"memory"}),
        (UNDEFINED, {"sanitizers", "constant"}),
    ],
    ids=["branch", "index", "kept", "overrun", "undefined"],
)
def test_a_broken_program_fails(fault: str, broken: set[str], tmp_path: Path, caught: None) -> None:
    proof = prove(artifact(record(), tmp_path, change=planted(fault)))
    found = statuses(proof)
    failures = {name for name, status in found.items() if status == FAILED}
    assert broken <= failures
    assert proof.certificate("trace") == FAILED
    assert proof.certificate("work") == (PROVEN if broken == {"addresses"} else FAILED)
    assert all(name in words(proof) for name in broken)


def test_a_marked_op_gets_work_alone_and_its_table_is_named(tmp_path: Path, caught: None) -> None:
    b = Builder()
    x = b.input("letters", "uint8", (5,))
    table = b.weight("table", (16, 4), value=np.ones((16, 4), np.float32))
    proof = prove(artifact(b.graph({"found": b.op("gather", "found", x, table)}), tmp_path))
    assert proof.tables == {"found": 256}
    assert proof.certificate("work") == PROVEN
    assert proof.certificate("trace") == NOT_GIVEN
    assert "found (256 bytes)" in words(proof)


def test_rows_of_any_length_are_taken_without_a_branch(tmp_path: Path, caught: None) -> None:
    b, random = Builder(), np.random.default_rng(0)
    x, found = b.input("letters", "uint8", (9,)), {}
    for columns, dtype in product((3, 16, 40, 150), ("float32", "int8", "int4")):
        name, value = f"{dtype}_{columns}", (random.integers(-8, 8, (64, columns)) * 16).astype(np.int8)
        table = b.weight(
            f"of_{name}", value.shape, role="fixed", value=value.astype(dtype.replace("4", "8")), dtype=dtype
        )
        found[name] = b.op("gather", name, x, table)
    proof = prove(artifact(b.graph(found), tmp_path))
    assert statuses(proof)["branches"] == PASSED
    assert proof.certificate("work") == PROVEN


@pytest.mark.parametrize(("skeleton", "trace"), [("bytes.v1", PROVEN), ("text.v2", NOT_GIVEN), ("text.v3", NOT_GIVEN)])
def test_a_text_without_a_table_gets_the_trace(skeleton: str, trace: str, tmp_path: Path, caught: None) -> None:
    proof = prove(artifact(simplify(text(skeleton)), tmp_path))
    assert proof.certificate("work") == PROVEN
    assert proof.certificate("trace") == trace
    assert set(proof.tables) == ({"grams.rows", "loud.rows"} if skeleton.startswith("text") else set())


def test_nothing_is_passed_without_valgrind(tmp_path: Path, caught: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "valgrind", str)
    monkeypatch.setattr(compiling, "host_compiler", str)
    proof = prove(artifact(record(), tmp_path))
    missing = {name for name, status in statuses(proof).items() if status == NOT_CHECKED}
    assert missing == {"branches", "instructions", "addresses", "sanitizers"}
    assert proof.certificate("work") == proof.certificate("trace") == NOT_FULLY


def test_a_detector_that_misses_its_fault_passes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "controls", lambda *_: {"branches": {"a branch": False}})
    [branches] = [check for check in prove(artifact(record(), tmp_path)).checks if check.name == "branches"]
    assert branches.status == NOT_CHECKED
    assert "missed a planted fault: a branch" in branches.evidence


def test_for_another_processor_the_same_c_is_run(tmp_path: Path, caught: None) -> None:
    proof = prove(artifact(record(), tmp_path, cpu="aarch64"))
    assert statuses(proof) == dict.fromkeys(CHECKS, PASSED)
    assert {check.on for check in proof.checks} == {"library", "same C", "C"}
    assert proof.certificate("work") == NOT_FULLY
    assert "the library for aarch64 was not run" in words(proof)


def test_c_that_does_not_give_the_library_is_told(tmp_path: Path, caught: None) -> None:
    folder = artifact(record(), tmp_path)
    text = (folder / "program.c").read_text(encoding="utf-8")
    more = "EXPORT int more(void);\nEXPORT int more(void) { return 7; }\n"
    (folder / "program.c").write_text(text + more, encoding="utf-8")
    assert statuses(prove(folder))["source"] == NOT_CHECKED


def test_what_is_no_artifact(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no built program"):
        prove(tmp_path)
    folder = artifact(record(), tmp_path)
    [library] = folder.glob("program-*")
    shutil.copy(library, folder / "program-0123456789ab.so")
    with pytest.raises(ToolchainError, match="2 libraries"):
        prove(folder)


def test_rows_hold_what_is_special_and_differ_by_seed() -> None:
    ports = (Port(name="x", dtype="float32", shape=(2, 3)), Port(name="n", dtype="int16", shape=(4,)))
    made = rows(ports, 128, 1)
    x = made["x"].reshape(128, -1)
    assert np.isnan(x).all(1).any()
    assert np.isposinf(x).all(1).any()
    assert ((x != 0) & (np.abs(x) < 1e-38)).all(1).any()
    assert (x == 0).all(1).any()
    assert {-32768, 32767, 0} <= set(made["n"].ravel().tolist())
    assert len({row.tobytes() for row in made}) > 100
    assert made.tobytes() == rows(ports, 128, 1).tobytes() != rows(ports, 128, 2).tobytes()


def test_states_are_marked_too(tmp_path: Path, caught: None) -> None:
    proof = prove(artifact(wavenet(16, 3, 8, states=True), tmp_path))
    assert statuses(proof) == dict.fromkeys(CHECKS, PASSED)
    leak = "if (((const volatile float *)(const void *)state)[2] > 0.5f) out[0] = in[1] * 3;"
    broken = statuses(prove(artifact(wavenet(16, 3, 8, states=True), tmp_path / "broken", change=planted(leak))))
    assert (broken["branches"], broken["instructions"]) == (FAILED, FAILED)
