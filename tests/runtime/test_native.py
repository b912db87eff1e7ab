"""Calling a library: batches equal single answers, threads do not disturb each other, wrong rows are refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.errors import DataError, ToolchainError
from datacc.ir.interpret import interpret
from datacc.runtime import machine
from datacc.runtime.measure import latency
from datacc.runtime.native import Native, row_type
from datacc.spec.interface import Port
from tests.emit.compiled import compiled, interface_of
from tests.emit.nets import Net, digits
from tests.ir.graphs import assert_alike, inputs_for

GRAPH = digits((8,), 12, 4)


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    return compiled(GRAPH, tmp_path_factory.mktemp("native"))


def test_a_batch_is_its_rows_one_by_one(native: Native) -> None:
    inputs = inputs_for(GRAPH, 30)
    together = native.batch(inputs)
    for n in range(30):
        alone = native.batch({name: array[n : n + 1] for name, array in inputs.items()})
        for field, answers in together.items():
            np.testing.assert_array_equal(alone[field][0], answers[n])
    assert all(len(answers) == 0 for answers in native.batch({"picture": inputs["picture"][:0]}).values())


def test_threads_do_not_disturb_each_other(native: Native) -> None:
    inputs = inputs_for(GRAPH, 400)
    expected = native.batch(inputs)
    with ThreadPoolExecutor(4) as threads:
        for answers in threads.map(lambda _: native.batch(inputs), range(12)):
            np.testing.assert_array_equal(answers["label_scores"], expected["label_scores"])


def test_struct_layouts_of_mixed_types_agree_with_c(tmp_path: Path) -> None:
    net = Net()
    parts, sizes = [], {"uint8": 3, "int16": 5, "int8": 1, "float32": 2}
    for dtype, count in sizes.items():
        x = net.b.input(f"in_{dtype}", dtype, (count,))
        parts.append(x if dtype == "float32" else net.b.op("cast", f"float_{dtype}", x))
    graph = net.b.graph({"joined": net.b.op("concat", "joined", *parts, axis=0)})
    inputs = inputs_for(graph, 7)
    assert_alike(compiled(graph, tmp_path).batch(inputs)["joined"], interpret(graph, inputs)["joined"])
    ports = tuple(Port(name=dtype, dtype=dtype, shape=(count,)) for dtype, count in sizes.items())
    assert row_type(ports).itemsize == 24


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "picture"),
        ({"picture": np.zeros((2, 12, 12, 1), np.uint8), "other": np.zeros(2)}, "other"),
        ({"picture": np.zeros((2, 12, 12), np.uint8)}, "a row is uint8"),
        ({"picture": np.zeros((2, 12, 12, 1), np.float32)}, "the program takes uint8"),
        ({"picture": np.zeros((2, 12, 12, 1), np.int64)}, "the program takes uint8"),
        ({"picture": np.uint8(3)}, "the program takes uint8"),
    ],
)
def test_wrong_rows_are_refused(native: Native, inputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        native.batch(inputs)


def test_an_older_processor_is_told_before_the_library_is_loaded(
    native: Native, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "features", lambda: frozenset({"sse2", "pni", "lahf_lm"}))
    with pytest.raises(ToolchainError, match=r"this processor lacks .*avx2") as caught:
        Native(tmp_path / "nothing.so", native.interface)
    assert 'cpu = "x86-64"' in caught.value.tries[0]


def test_what_is_not_this_programs_library_is_refused(native: Native, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("not a library")
    with pytest.raises(ToolchainError, match="not a library of program"):
        Native(tmp_path / "text.so", native.interface)
    other = compiled(GRAPH, tmp_path, "other")
    [path] = tmp_path.glob("other-*")
    with pytest.raises(ToolchainError, match="not a library of program"):
        Native(path, native.interface)
    assert other.interface == replace(interface_of(GRAPH), name="other")


def test_scratch_is_aligned_and_large_enough(native: Native) -> None:
    assert native.scratch.ctypes.data % 64 == 0
    assert native.scratch.nbytes == native.scratch_bytes


def test_latency_is_measured_on_the_given_rows(native: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    run = native.run
    monkeypatch.setattr(native, "run", lambda rows, answers: (seen.add(rows.tobytes()[:144]), run(rows, answers)))
    found = latency(native, inputs_for(GRAPH, 3))
    assert 0 < found.median < 1
    assert found.p99 > 0
    assert found.reference > 0
    assert found.spread >= 1
    assert found.rows == 3
    assert seen == {native.pack(inputs_for(GRAPH, 3)).tobytes()[:144]}
    with pytest.raises(DataError, match="no input"):
        latency(native, inputs_for(GRAPH, 0))
