"""No compiler has anything to say about the C: zig and gcc, every processor, the portable form in strict C99."""

import re
import sys
from pathlib import Path

import pytest

from datacc.arrange import arrange
from datacc.emit import Source, emit
from datacc.ir.graph import Graph
from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import CPUS, FLAGS, march
from tests.emit.compiled import CPU, written
from tests.emit.nets import Net, digits, record, residual
from tests.emit.test_everywhere import everything as integers
from tests.emit.test_text import hostile

STRICT = "-Wall -Wextra -Wconversion -Wshadow -Wundef -Wstrict-prototypes -Wmissing-declarations -Werror -c".split()
PORTABLE = "-std=c99 -Wpedantic -O2 -DDATACC_PORTABLE".split()
ZIG = [sys.executable, "-m", "ziglang", "cc", "-target"]


def everything() -> Source:
    """A program that uses every kernel."""
    net = Net()
    x = net.conv("depthwise", net.conv("conv", net.picture(9, 9, 3), 12), 12, groups=12)
    x = net.b.op("add", "sum", net.b.op("relu", "relu", x), net.b.op("meanpool", "mean", x, size=(1, 1), stride=(1, 1)))
    variance = net.b.weight("variance", (12,), value=net.random.uniform(1, 2, 12))
    x = net.b.op("normalise", "norm", x, *(net.weight(n, 12) for n in ("gain", "shift", "centre")), variance)
    x = net.b.op("concat", "both", x, net.b.input("more", "float32", (9, 9, 5)), axis=2)
    x = net.b.op("affine", "scale2", x, net.weight("s", 17), net.weight("o", 9, 1, 1))
    return written(net.answers(net.dense("logits", net.b.op("maxpool", "max", x, size=(2, 2), stride=(2, 2)), 20)))


SOURCES = {
    "everything": everything(),
    "digits": written(digits()),
    "record": written(record()),
    "residual": written(residual()),
    "integers": written(integers()),
}


def compile_strictly(source: Source, folder: Path, *command: str) -> None:
    (folder / f"{source.name}.c").write_text(source.c)
    (folder / f"{source.name}.h").write_text(source.header)
    done = run([*command, *STRICT, f"{source.name}.c", "-o", "out.o"], folder)
    assert done.stderr == ""


@pytest.mark.parametrize("name", SOURCES)
def test_zig_is_silent(name: str, tmp_path: Path) -> None:
    target = [*ZIG, "x86_64-linux-gnu"]
    compile_strictly(SOURCES[name], tmp_path, *target, "-mcpu=x86_64_v3", *FLAGS)
    compile_strictly(SOURCES[name], tmp_path, *target, *PORTABLE)


@pytest.mark.parametrize("name", SOURCES)
def test_gcc_is_silent(name: str, tmp_path: Path, host_compiler: str) -> None:
    compile_strictly(SOURCES[name], tmp_path, host_compiler, *FLAGS, *march(CPUS["x86-64-v3"]))
    compile_strictly(SOURCES[name], tmp_path, host_compiler, *PORTABLE)


@pytest.mark.parametrize("graph", [residual(), integers()], ids=["floats", "integers"])
@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v2", "x86-64-v4", "aarch64"])
def test_every_processor(cpu: str, graph: Graph, tmp_path: Path, host_compiler: str) -> None:
    source = written(graph, cpu=cpu)
    machine = CPUS[cpu].machine
    model = cpu.replace("-", "_") if machine == "x86_64" else "generic"
    compile_strictly(source, tmp_path, *ZIG, f"{machine}-linux-gnu", f"-mcpu={model}", *FLAGS)
    if machine == "x86_64":
        compile_strictly(source, tmp_path, host_compiler, *FLAGS, *march(CPUS[cpu]))


@pytest.mark.parametrize("cpu", [name for name, cpu in CPUS.items() if cpu.machine == "x86_64"])
def test_the_flags_that_a_file_names_are_those_of_a_build(cpu: str, tmp_path: Path, host_compiler: str) -> None:
    """clang is named one more, and is silent with it and without it."""
    source = written(residual(), cpu=cpu)
    named = re.search(
        r"^ \* compile   cc (.*) \(no libc needed\)\n(?: \*           clang also (\S+),)?", source.c, re.MULTILINE
    )
    assert named is not None
    clang = [named[2]] if named[2] else []
    assert tuple(clang) == find().aligned(CPUS[cpu], source.c)
    assert bool(clang) == (CPUS[cpu].vector > 16)
    compile_strictly(source, tmp_path, host_compiler, *named[1].split())
    for more in ([], clang):
        compile_strictly(source, tmp_path, *ZIG, "x86_64-linux-gnu", f"-mcpu={CPUS[cpu].model}", *FLAGS, *more)


def test_hostile_names_raise_no_warning(tmp_path: Path, host_compiler: str) -> None:
    graph, interface = hostile()
    compile_strictly(emit(arrange(graph, CPU), interface), tmp_path, host_compiler, *PORTABLE)


@pytest.mark.parametrize("name", ["i", "inputs", "answers", "count", "scratch", "input", "answer", "in", "out", "x"])
def test_a_program_may_be_called_like_a_word_of_its_own_c(name: str, tmp_path: Path, host_compiler: str) -> None:
    compile_strictly(written(record(), name), tmp_path, host_compiler, *PORTABLE)
