"""The generated C: what it costs in memory, how long it takes to link, and that nobody has anything to say about it."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from datacc.compiler.produce import build_library
from datacc.runtime.elf import undefined_symbols
from datacc.runtime.toolchain import run
from datacc.spec.cpus import FLAGS, cpu_named, march

from .clock import turns
from .gallery import Built
from .process import ROOT
from .rows import Row

STRICT = ("-Wall", "-Wextra", "-Wconversion", "-c")
PORTABLE = ("-std=c99", "-Wpedantic", "-O2", "-DDATACC_PORTABLE")
ZIG = (sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu")


def rows(built: Built, *, quick: bool) -> Iterator[Row]:
    """Costs, link seconds, warnings, undefined symbols and heap calls."""
    costs, name = built.report["costs"], built.name
    yield Row(name=f"{name}/size", ours=costs["size"], unit="B", note="code and weights")
    yield Row(name=f"{name}/memory", ours=costs["arena"] + costs["stack"], unit="B", note=_parts(costs))
    yield Row(name=f"{name}/work", ours=costs["work"], unit="MAC")
    yield Row(name=f"{name}/link", ours=link_seconds(built, 3 if quick else 9), note="zig cc, C to library")
    for what, count in warnings(built).items():
        yield Row(name=f"{name}/warnings/{what}", ours=count, unit="warnings")
    [library] = built.artifact.glob(f"{name}-*.so")
    missing = len(undefined_symbols(library.read_bytes()))
    yield Row(name=f"{name}/undefined symbols", ours=missing, unit="symbols")
    if shutil.which("gcc"):
        answers = 10_000 if quick else 1_000_000
        yield Row(
            name=f"{name}/heap calls",
            ours=heap_calls(built, library, answers),
            unit="calls",
            note=f"in {answers:,} answers",
        )
    else:
        print("skipped: there is no gcc, so heap calls are not counted", file=sys.stderr)


def link_seconds(built: Built, times: int) -> float:
    """Median seconds from emitted C to the library, in a new folder each time, so nothing comes from a cache."""
    draft, cpu = built.draft, built.program.interface.cpu

    def link() -> None:
        with tempfile.TemporaryDirectory() as folder:
            build_library(draft, cpu, Path(folder))

    return median(turns({"link": link}, times)["link"])


def warnings(built: Built) -> dict[str, int]:
    """Lines that say "warning", by compiler and form."""
    cpu = cpu_named(built.program.interface.cpu)
    compilers = {
        "zig cc": (*ZIG, f"-mcpu={cpu.name.replace('-', '_')}", *FLAGS),
        "zig cc, portable": (*ZIG, *PORTABLE),
        "gcc": ("gcc", *march(cpu), *FLAGS),
        "gcc, portable": ("gcc", *PORTABLE),
    }
    counts = {}
    for name, command in compilers.items():
        if not shutil.which(command[0]):
            print(f"skipped: there is no {command[0]}", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            source = built.artifact / f"{built.name}.c"
            said = run([*command, *STRICT, str(source), "-o", "out.o"], Path(folder)).stderr
        counts[name] = sum("warning" in line for line in said.splitlines())
    return counts


def heap_calls(built: Built, library: Path, answers: int) -> int:
    """Heap calls during `answers` answers, counted by the harness of the tests, which replaces every heap function."""
    native = built.program.native
    sizes = [native.input_row.itemsize, native.answer_row.itemsize, native.scratch_bytes, answers]
    with tempfile.TemporaryDirectory() as folder:
        harness = Path(folder) / "harness"
        run(["gcc", "-O1", str(ROOT / "tests/runtime/harness.c"), "-o", str(harness), "-ldl"], Path(folder))
        done = run([str(harness), str(library), built.name, *map(str, sizes)], Path(folder))
    return int(done.stdout.split()[0])


def _parts(costs: dict[str, int]) -> str:
    return f"arena {costs['arena']:,} + stack {costs['stack']:,}"
