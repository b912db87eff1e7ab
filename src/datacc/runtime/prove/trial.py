"""A library under trial: the harness that is linked with it, the rows that it is given, and what a run says."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from datacc.frozen import frozen
from datacc.runtime.bound import row_type
from datacc.runtime.prove.rows import ROWS, rows
from datacc.runtime.toolchain import Compiler, run
from datacc.spec.cpus import CPUS, Cpu
from datacc.spec.interface import Interface

HERE: Final = Path(__file__).parent
SOURCES: Final = (str(HERE / "harness.c"), str(HERE / "agreed.c"))
SOME: Final = 20
PATIENCE: Final = 600  # seconds for one run
_HARNESS: Final = "-O2 -std=gnu99 -nostdlib -ffreestanding -fno-builtin -fno-stack-protector -w".split()


@frozen
class Run:
    """What came of one run: its exit code (negative: the signal), what it printed as word → numbers, and its errors."""

    code: int
    said: Mapping[str, tuple[int, ...]]
    errors: str

    @property
    def finished(self) -> bool:
        """Whether every row was gone through."""
        return self.code == 0 and "done" in self.said


@frozen
class Trial:
    """A harness in `folder`, linked with the library; `stack` is the bound that it is held to, in bytes."""

    folder: Path
    stack: int
    choice: int = 0

    def run(self, mode: str, *, number: int = 0, rows: str = "rows", around: Sequence[str] = ()) -> Run:
        """Run one mode, of valgrind's command line `around`; on `rows`, on `some` or on a `few`."""
        words = [*around, "./harness", mode, rows, str(number), str(self.choice)]
        try:
            done = subprocess.run(words, cwd=self.folder, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return Run(code=-14, said={}, errors=f"it took longer than {PATIENCE} s")
        lines = [line.split() for line in done.stdout.decode(errors="replace").splitlines()]
        said = {line[0]: tuple(map(int, line[1:])) for line in lines if line and _numbers(line[1:])}
        return Run(code=done.returncode, said=said, errors=done.stderr.decode(errors="replace"))


def _numbers(words: Sequence[str]) -> bool:
    return all(word.removeprefix("-").isdigit() for word in words)


def prepare(
    compiler: Compiler, interface: Interface, header: str, library: Path, scratch: int, folder: Path, seed: int
) -> None:
    """Put rows, library and harness into `folder`. Raises `ToolchainError` when they do not link."""
    write_rows(interface, folder, seed)
    (folder / f"{interface.name}.h").write_text(header, encoding="utf-8")
    (folder / "program.so").write_bytes(library.read_bytes())
    plain = plain_cpu(CPUS[interface.cpu])
    words = [*compiler.command, *compiler.target(plain), *_HARNESS, *compiler.silent_calls]
    words += [*defined(interface, scratch), *SOURCES, "./program.so", "-o", "harness"]
    run(words, folder)


def plain_cpu(cpu: Cpu) -> Cpu:
    """The least processor of the same architecture: the harness must leave the program's registers alone."""
    return next(one for one in CPUS.values() if one.machine == cpu.machine)


def write_rows(interface: Interface, folder: Path, seed: int) -> None:
    """The files `rows` (all), `some` (the special ones and a few more) and `few` (zeros, NaN or a limit, random)."""
    ports, states = interface.inputs, interface.states
    inputs, before = rows(ports, ROWS, seed), rows(states, ROWS, seed + 1)
    packed = [inputs[i].tobytes() + (before[i].tobytes() if states else b"") for i in range(ROWS)]
    (folder / "rows").write_bytes(b"".join(packed))
    (folder / "some").write_bytes(b"".join(packed[:SOME]))
    (folder / "few").write_bytes(b"".join(packed[i] for i in (0, 6, ROWS - 1)))


def defined(interface: Interface, scratch: int) -> list[str]:
    """What the harness must know of the program, as compiler flags."""
    answer, states = row_type(interface.answers), interface.states
    fields: Mapping[str, Any] = answer.fields or {}
    members = ",".join(f"{{{fields[port.name][1]},{fields[port.name][0].itemsize}}}" for port in interface.answers)
    name = interface.name
    sizes = {
        "INPUT": row_type(interface.inputs).itemsize,
        "ANSWER": answer.itemsize,
        "STATE": row_type(states).itemsize if states else 0,
        "SCRATCH": scratch,
    }
    named = [f"-DHEADER=<{name}.h>", f"-DPROGRAM={name}", f'-DSYMBOL="{name}"', f"-DMEMBERS={members}"]
    return ["-I.", *named, *(f"-D{key}={value}" for key, value in sizes.items())]
