"""Integer programs give the very bytes of the interpreter everywhere: compilers, levels of optimisation, processors."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.runtime.native import Native
from datacc.runtime.toolchain import run
from datacc.spec.cpus import CPUS, FLAGS, march
from tests.emit.compiled import interface_of, written
from tests.emit.nets import Net
from tests.ir.graphs import inputs_for
from tests.tools import need

HERE = Path(__file__).parent
ZIG = [sys.executable, "-m", "ziglang", "cc", "-fsanitize-trap=undefined"]  # undefined behaviour would kill it
SHARED = ["-shared", "-fPIC", "-nostdlib", "-ffreestanding", "-fno-builtin"]
ROWS = 12


@cache
def products() -> Graph:
    """A program of integers without a table: products of all kinds, sums, pools, signed and unsigned; class, scores."""
    net = Net()
    x = net.conv("stem", net.picture(13, 13, 3), 24, relu=False)
    a, b = net.conv("left", x, 24), net.conv("right", x, 24, 1, relu=False)
    total = net.b.op("add", "total", net.conv("depthwise", a, 24, groups=24, relu=False), b)
    joined = net.b.op("concat", "joined", net.b.op("relu", "kept", total), x, axis=2)
    y = net.conv("strided", joined, 40, stride=2, groups=8)
    y = net.conv("residual", y, 40, add=net.b.op("maxpool", "least", y, size=(1, 1), stride=(1, 1)))
    y = net.b.op("maxpool", "largest", y, size=(2, 2), stride=(2, 2))
    mean = net.b.op("meanpool", "mean", y, size=(3, 3), stride=(3, 3))
    more = net.dense("of_record", net.b.input("record", "float32", (7,)), 40, relu=True)
    both = net.b.op("add", "both", net.dense("of_picture", mean, 40), more)
    simple = simplify(net.answers(net.dense("logits", net.b.op("relu", "hidden", both), 11)))
    return quantise(simple, calibrate(simple, inputs_for(simple, 100)))


@cache
def everything() -> Graph:
    """A program of every integer kernel: the products, and rows of half bytes."""
    b = Builder(products())
    numbers = b.input("numbers", "int16", (7,))
    rows = {f"rows{columns}": _half_bytes(b, numbers, columns) for columns in (1, 2, 9, 24, 31)}
    return check(b.graph({**dict(products().outputs), **rows}), holes=())


def _half_bytes(b: Builder, numbers: str, columns: int) -> str:
    """Rows of a table that holds all half bytes there are."""
    value = np.random.default_rng(columns).permutation(np.arange(11 * 16 * columns) % 16 * 16 - 128)
    table = b.weight(f"table{columns}", (176, columns), value=value.reshape(176, columns), role="fixed", dtype="int4")
    return b.op("gather", f"rows{columns}", numbers, table)


@cache
def expected() -> dict[str, np.ndarray]:
    return interpret(everything(), inputs_for(everything(), ROWS, seed=1))


def native(folder: Path) -> Native:
    return Native(folder / "program.so", interface_of(everything()))


def print_into(folder: Path, cpu: str) -> None:
    source = written(everything(), cpu=cpu)
    (folder / "program.c").write_text(source.c)
    (folder / "program.h").write_text(source.header)


def demand_same(answers: dict[str, np.ndarray]) -> None:
    for field, wanted in expected().items():
        np.testing.assert_array_equal(answers[field], wanted)


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O3"])
@pytest.mark.parametrize("compiler", ["zig", "gcc"])
def test_compilers_and_levels(compiler: str, level: str, tmp_path: Path) -> None:
    print_into(tmp_path, "x86-64-v3")
    start = [*ZIG, "-target", "x86_64-linux-gnu", "-mcpu=x86_64_v3"] if compiler == "zig" else [need("gcc")]
    flags = [] if compiler == "zig" else march(CPUS["x86-64-v3"])
    run([*start, *flags, *FLAGS, level, *SHARED, "program.c", "-o", "program.so"], tmp_path)
    demand_same(native(tmp_path).batch(inputs_for(everything(), ROWS, seed=1)))


@pytest.mark.parametrize("cpu", [name for name, cpu in CPUS.items() if cpu.machine == "x86_64"])
def test_levels_of_x86(cpu: str, tmp_path: Path) -> None:
    """What this machine cannot run is only compiled."""
    print_into(tmp_path, cpu)
    run(
        [need("gcc"), *march(CPUS[cpu]), *FLAGS, *SHARED, "-Wall", "-Wextra", "program.c", "-o", "program.so"], tmp_path
    )
    has = set(Path("/proc/cpuinfo").read_text().split())
    if CPUS[cpu].needs <= has:
        demand_same(native(tmp_path).batch(inputs_for(everything(), ROWS, seed=1)))


@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("compiler", ["zig", "gcc"])
def test_the_portable_form(compiler: str, level: str, tmp_path: Path) -> None:
    print_into(tmp_path, "x86-64-v3")
    start = [*ZIG, "-target", "x86_64-linux-gnu"] if compiler == "zig" else [need("gcc")]
    run([*start, "-std=c99", level, "-DDATACC_PORTABLE", *SHARED, "program.c", "-o", "program.so"], tmp_path)
    demand_same(native(tmp_path).batch(inputs_for(everything(), ROWS, seed=1)))


EMULATED = {
    "aarch64": ("aarch64", ["-target", "aarch64-linux-musl", "-static"], ["qemu-aarch64"]),
    "riscv64": ("riscv64", ["-target", "riscv64-linux-musl", "-static"], ["qemu-riscv64"]),
    "wasm": (
        "wasm-simd128",
        ["-target", "wasm32-wasi", "-msimd128"],
        ["node", "--no-warnings", str(HERE / "wasi.mjs")],
    ),
}


@pytest.mark.parametrize("level", ["-O0", "-O3"])
@pytest.mark.parametrize("machine", EMULATED)
def test_other_processors(machine: str, level: str, tmp_path: Path) -> None:
    cpu, target, runner = EMULATED[machine]
    start = [need(runner[0]), *runner[1:]]
    print_into(tmp_path, cpu)
    run([*ZIG, *target, *FLAGS, level, "program.c", str(HERE / "program.c"), f"-I{tmp_path}", "-o", "run"], tmp_path)
    rows = Native.pack(native_like(tmp_path), inputs_for(everything(), ROWS, seed=1))
    done = subprocess.run([*start, str(tmp_path / "run")], input=rows.tobytes(), capture_output=True, check=True)
    answers = np.frombuffer(done.stdout, native_like(tmp_path).answer_row)
    demand_same({name: answers[name] for name in expected()})


def native_like(folder: Path) -> Native:
    """Any library of the same interface, which knows how rows lie in memory."""
    if not (folder / "program.so").exists():
        run([need("gcc"), "-O0", "-DDATACC_PORTABLE", *SHARED, "program.c", "-o", "program.so"], folder)
    return native(folder)
