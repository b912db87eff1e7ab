"""The stack of a program: aligned for vectors by what callers call, wherever a caller has its own."""

import ctypes
import re
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.runtime.link import link
from datacc.runtime.toolchain import find, run
from tests.emit.compiled import CPU, compiled, written
from tests.emit.nets import Net
from tests.ir.graphs import inputs_for

SHIFTED = """\
typedef void (*single)(const void *, void *, void *);
void shifted(single run, const void *in, void *out, void *scratch, unsigned long room)
{
    volatile char *below = __builtin_alloca(room + 16);
    *below = 0;
    run(in, out, scratch);
}
"""


@pytest.fixture(scope="module")
def crowded() -> Graph:
    """Integers through windows of one channel each and of all: more sums and inputs than AVX2 has registers."""
    net = Net()
    x = net.conv("first", net.picture(15, 5, 1), 16)
    x = net.conv("second", net.conv("own", x, 16, groups=16), 16)
    simple = simplify(net.answers(net.dense("logits", x, 3)))
    return quantise(simple, calibrate(simple, inputs_for(simple, 20)))


def test_answers_are_the_same_wherever_a_caller_has_its_stack(crowded: Graph, tmp_path: Path) -> None:
    native = compiled(crowded, tmp_path)
    (tmp_path / "shifted.c").write_text(SHIFTED)
    run([*find().command, "-O1", "-shared", "-fPIC", "shifted.c", "-o", "shifted.so"], tmp_path)
    shifted = ctypes.CDLL(str(tmp_path / "shifted.so")).shifted
    inputs = inputs_for(crowded, 1)
    rows, wanted = native.pack(inputs), interpret(crowded, inputs)
    for room in range(0, 256, 16):
        answers = np.zeros(1, native.answer_row)
        places = (ctypes.c_void_p(one.ctypes.data) for one in (rows, answers, native.scratch))
        shifted(ctypes.cast(native.single, ctypes.c_void_p), *places, ctypes.c_size_t(room))
        for field, expected in wanted.items():
            np.testing.assert_array_equal(answers[field], expected)


def test_no_vector_on_the_stack_lies_across_a_page(crowded: Graph, tmp_path: Path) -> None:
    """What lies at a multiple of its own length is in one cache line, too, so that time depends on no address."""
    source = written(crowded)
    flags = [flag for flag in link(source, CPU, tmp_path).flags if flag not in ("-s", "-shared") and "-Wl," not in flag]
    run([*find().command, *flags, f"{source.name}.c", "-S", "-o", "program.s"], tmp_path)
    stored = re.findall(r"^\tv(mov\w+)\t%ymm\d+, -?\d*\(%rsp\)", (tmp_path / "program.s").read_text(), re.MULTILINE)
    assert stored
    assert set(stored) <= {"movaps", "movapd", "movdqa"}  # else: movups, movupd, movdqu
