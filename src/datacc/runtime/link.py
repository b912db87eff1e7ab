"""From emitted C to a shared library: no libc, no undefined symbol, the same bytes in every folder at every time."""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from datacc.errors import ToolchainError
from datacc.frozen import frozen
from datacc.runtime.binary import loaded_bytes, undefined_symbols
from datacc.runtime.library import file_name
from datacc.runtime.objects import Text, compiled
from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import FLAGS, Cpu, cpu_named, loops
from datacc.store import Store, write_atomically

# No C library, no call that the compiler adds by itself, nothing that names a place or a time.
QUIET: Final = (
    "-nostdlib -ffreestanding -fno-builtin -fvisibility=hidden -fomit-frame-pointer -fno-stack-protector "
    "-fno-asynchronous-unwind-tables -g0"
).split()
_SHARED: Final = ("-shared",)
_INSIDE: Final = ("-fPIC", "-Wframe-larger-than=0")
_STRIPPED: Final = ("-s", "-Wl,--build-id=none") if sys.platform.startswith("linux") else ()
_CALLED: Final = 8 + 6 * 8  # bytes beside a frame: return address, saved registers
_EIGHT: Final = 32  # bytes of a vector of eight floats, which all levels have
_FRAMES: Final = (
    re.compile(r"(?:frame size \((?P<size>\d+)\)|frame size of (?P<bytes>\d+) bytes)[^'\n]*'(?P<name>\w+)'"),  # clang
    re.compile(r"In function '(?P<name>\w+)':\n[^\n]*frame size of (?P<size>\d+)(?P<bytes>) bytes"),  # gcc
)
_STEPS: Final = re.compile(r"^STEP void (\w+)\(", re.MULTILINE)
_STEP: Final = re.compile(r"step(\d+)([a-z]*)_")  # a step, or its part of this letter, or parts from a to another


@frozen
class Library:
    """A linked program. `size` counts code and weights, `stack` the deepest a call can go, both in bytes."""

    path: Path
    flags: tuple[str, ...]
    compiler: str
    size: int
    stack: int


def link(source: Text, cpu: str, folder: Path, kept: Store | None = None, more: Sequence[str] = ()) -> Library:
    """Write NAME.c, NAME.h and the shared library for `cpu` into `folder`; `more` are flags of the compiler.

    The library's file name ends in the digest of its bytes, because a loader takes a file of a known name for the
    one that it has loaded before. Code that `kept` has is not compiled again. Raises `ToolchainError` with the
    compiler's first error.
    """
    compiler, level = find(), cpu_named(cpu)
    c, h = f"{source.name}.c", f"{source.name}.h"
    kind = *compiler.target(level), *FLAGS, *compiler.aligned(level, source.c)
    flags = (*kind, *QUIET, *visible(level), *_INSIDE, *compiler.silent_calls, *more)
    with tempfile.TemporaryDirectory(prefix="datacc-") as name:
        work = Path(name)
        (work / h).write_text(source.header, encoding="utf-8")
        parts, said = compiled(compiler, flags, source, work, kept)
        run([*compiler.command, *flags, *_SHARED, *_STRIPPED, *parts, "-o", "library"], work)
        data = (work / "library").read_bytes()
    _demand_complete(data, source.name)
    path = folder / file_name(source.name, data)
    for name, content in ((c, source.c.encode()), (h, source.header.encode()), (path.name, data)):
        write_atomically(folder / name, content, lasting=False)
    stack = stack_bytes(said, source.name, level, _STEPS.findall(source.c) if compiler.is_gcc else ())
    flags = (*flags, *_SHARED, *_STRIPPED)
    return Library(path=path, flags=flags, compiler=compiler.version, size=size_of_code_and_weights(path), stack=stack)


def toolchain() -> dict[str, str]:
    """What decides a library's bytes beside its C: the compiler by name and version. Raises `ToolchainError`."""
    compiler = find()
    return {"zig" if compiler.is_zig else "cc": compiler.version}


def size_of_code_and_weights(library: Path) -> int:
    """The bytes of the library that are loaded: code, constants and tables."""
    return loaded_bytes(library.read_bytes())


def visible(cpu: Cpu) -> tuple[str, ...]:
    """What exports a program in plain loops, which C99 has no word for: all its functions that are not static."""
    return ("-fvisibility=default",) if loops(cpu) else ()


def around(cpu: Cpu) -> int:
    """The most bytes of stack that a function takes beside the frame that its compiler reports.

    What callers call begins wherever a caller's stack ends and aligns it to whole vectors of the level, with gcc every
    function that keeps such a vector: up to one vector is passed over.
    """
    return _CALLED + max(_EIGHT, cpu.vector)


def stack_bytes(warnings: str, name: str, cpu: Cpu, steps: Sequence[str] = ()) -> int:
    """The deepest a call of NAME_batch can go, from the compiler's report of every function's frame.

    `steps` are functions that it may say nothing of and that save registers all the same, as with gcc, which reports
    no frame that is empty but for these.

    NAME_batch calls NAME, which calls one step at a time; NAME_at_batch calls NAME_at, which does so too, or calls
    NAME. A step in strips calls its parts, one at a time, some of them through functions that make rows with several;
    kernels are inlined, and nothing is recursive. What lies around a frame is counted at its most, so this is an upper
    bound.
    """
    least = around(cpu)
    frames = dict.fromkeys(steps, least)
    for match in (match for form in _FRAMES for match in form.finditer(warnings)):
        frames[match["name"]] = int(match["size"] or match["bytes"]) + least
    whole = frames.pop(name, least)
    outer = whole + frames.pop(f"{name}_batch", least)
    if f"{name}_at" in frames:
        outer = max(outer, whole + frames.pop(f"{name}_at") + frames.pop(f"{name}_at_batch", least))
    chains: dict[str, list[int]] = {}
    single: dict[str, int] = {}
    for function, frame in frames.items():
        step = _STEP.match(function)
        number, letters = step.groups() if step else ("", "")
        if len(letters) == 1:
            single[number] = max(single.get(number, 0), frame)
        else:
            chains.setdefault(number, []).append(frame)
    return outer + max((sum(frames) + single.get(number, 0) for number, frames in chains.items()), default=least)


def _demand_complete(data: bytes, name: str) -> None:
    missing = undefined_symbols(data)
    if missing:
        raise ToolchainError(f"the library would need {', '.join(missing)} from elsewhere", where=name)
