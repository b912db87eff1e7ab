"""The targets `c`, `library` and `onnx`: what a C programmer or another runtime gets, and that it works."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from datacc.registry import load
from tests.targets.programs import Packed

CALLER = """
#include "zoo.h"
const char *ask(float *confidence)
{
    static zoo_scratch scratch;
    zoo_input input = {.picture = {9, 8, 7}, .row = {1.0f, 2.0f}};
    zoo_answer answer;
    zoo(&input, &answer, &scratch);
    *confidence = answer.kind_confidence;
    return zoo_kind_names[answer.kind];
}
"""


def answer_of(zoo: Packed) -> tuple[str, float]:
    picture = np.zeros((1, 3, 5, 1), np.uint8)
    picture.reshape(-1)[:3] = (9, 8, 7)
    expected = zoo.expected(picture=picture, row=np.array([[1, 2]], np.float32))
    return ("cat", "dog", "owl")[int(expected["kind"][0, 0])], float(expected["kind_confidence"][0, 0])


@pytest.mark.parametrize(
    "options", [["-std=c99", "-DDATACC_PORTABLE", "-Wpedantic"], ["-march=x86_64_v2", "-fno-sanitize=undefined"]]
)
def test_the_c_file_compiles_into_a_strangers_program(options: list[str], zoo: Packed, tmp_path: Path) -> None:
    files = load("targets", "c").make(zoo.built, tmp_path)
    assert [path.name for path in files] == ["zoo.c", "zoo.h"]
    (tmp_path / "caller.c").write_text(CALLER)
    compiler = [sys.executable, "-m", "ziglang", "cc", "-Wall", "-Wextra", "-Werror", *options]
    free = ["-O2", "-shared", "-fPIC", "-nostdlib", "-ffreestanding", "-fno-builtin", "-o", "caller.so"]
    subprocess.run([*compiler, *free, "caller.c", "zoo.c"], cwd=tmp_path, check=True)
    ask = ctypes.CDLL(str(tmp_path / "caller.so")).ask
    ask.restype = ctypes.c_char_p
    confidence = ctypes.c_float()
    label, expected = answer_of(zoo)
    assert ask(ctypes.byref(confidence)).decode() == label
    assert abs(confidence.value - expected) < 1e-5


def test_the_library_has_the_name_that_linkers_look_for(zoo: Packed, tmp_path: Path) -> None:
    library, header = load("targets", "library").make(zoo.built, tmp_path)
    assert (library.name, header.name) == ("libzoo.so", "zoo.h")
    assert library.read_bytes() == zoo.built.library.path.read_bytes()
    assert ctypes.CDLL(str(library)).zoo


def test_onnx_takes_the_same_arrays(zoo: Packed, tmp_path: Path) -> None:
    (path,) = load("targets", "onnx").make(zoo.built, tmp_path)
    assert path.name == "zoo.onnx"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(2)
    inputs = {
        "picture": random.integers(0, 256, (7, 3, 5, 1)).astype(np.uint8),
        "row": random.normal(size=(7, 2)).astype(np.float32),
    }
    expected = zoo.expected(**inputs)
    for name, found in zip(expected, session.run(list(expected), inputs), strict=True):
        np.testing.assert_allclose(found, expected[name], atol=1e-5)


def test_files_are_the_same_each_time(zoo: Packed, tmp_path: Path) -> None:
    for name in ("c", "library", "onnx"):
        first = {path.name: path.read_bytes() for path in load("targets", name).make(zoo.built, tmp_path)}
        again = {path.name: path.read_bytes() for path in load("targets", name).make(zoo.built, tmp_path)}
        assert first == again
