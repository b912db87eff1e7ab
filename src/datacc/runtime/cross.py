"""From emitted C to files for other platforms than this machine: nothing is run, everything is checked for gaps.

zig links all of them from here and without a C library, so that none is compiled first. What a platform's loader asks
of every library is written here: an entry and the mark of floating point on Windows.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from datacc.errors import ToolchainError
from datacc.runtime.binary import defined_symbols, undefined_symbols
from datacc.runtime.link import QUIET, visible
from datacc.runtime.objects import Text
from datacc.runtime.toolchain import Compiler, find, run, zig
from datacc.spec.cpus import FLAGS, Cpu
from datacc.spec.platforms import Platform

_SHARED: Final = ("-shared", "-fPIC")
_SYSTEM: Final[Mapping[str, tuple[str, ...]]] = {
    "linux": ("-s", "-Wl,--build-id=none"),
    "macos": ("-s",),
    # Frames above a page would call a function of the C library that touches each page of the stack.
    "windows": ("-s", "-mno-stack-arg-probe"),
    "wasm": ("-s", "-Wl,--no-entry", "-Wl,--export=__heap_base", "-Wl,-z,stack-size=65536"),
    "bare": (),
}
_DLL: Final = """\
/* What Windows asks of a library: an entry, and a mark that it uses floating point. */
int _fltused = 0;
int __stdcall DllMainCRTStartup(void *library, unsigned reason, void *reserved)
{
    (void)library, (void)reason, (void)reserved;
    return 1;
}
"""


def library(source: Text, platform: Platform, cpu: Cpu) -> bytes:
    """The shared library for this platform. Raises `ToolchainError` when something would be missing from it."""
    more = {"entry.c": _DLL} if platform.system == "windows" else {}
    file = platform.library_file(source.name)
    named = {
        "windows": ["-Wl,--entry=DllMainCRTStartup"],
        "macos": [f"-Wl,-install_name,@rpath/{file}"],  # by which programs that are linked with it look for it
    }.get(platform.system, [])
    data = linked(source, platform, cpu, more, (*_SHARED, *visible(cpu), *named), output=file)
    if f"{source.name}_batch" not in defined_symbols(data):
        raise ToolchainError(f"{file} does not export {source.name}_batch", where=platform.name)
    return data


def module(source: Text, platform: Platform, cpu: Cpu) -> bytes:
    """The WebAssembly module: it imports nothing and exports its memory, NAME_batch and the end of its own data.

    With widths also NAME_at_batch and NAME_widths.
    """
    declared = rf"^(?:void|extern const \w+) ({source.name}_(?:batch|scratch_bytes|state_bytes|at_batch|widths))\b"
    exports = [f"-Wl,--export={name}" for name in re.findall(declared, source.header, re.MULTILINE)]
    return linked(source, platform, cpu, {}, exports)


def archive(source: Text, platform: Platform, cpu: Cpu) -> bytes:
    """The static library of one object for a processor without a system."""
    compiler = find()
    with tempfile.TemporaryDirectory(prefix="datacc-") as work:
        place = _written(Path(work), source, {})
        flags = (*compiler.target(cpu, platform), *FLAGS, *QUIET, "-c", f"{source.name}.c", "-o", f"{source.name}.o")
        run([*compiler.command, *flags], place)
        _demand_self_contained(compiler, place, source.name, platform)
        run([*zig(), "ar", "rcsD", "library.a", f"{source.name}.o"], place)
        return (place / "library.a").read_bytes()


def linked(
    source: Text,
    platform: Platform,
    cpu: Cpu,
    more: Mapping[str, str],
    flags: Sequence[str],
    late: Sequence[str] = (),
    allowed: str = "",
    output: str = "linked",
) -> bytes:
    """The program linked with `more` C files, `flags` before them and `late` ones after them.

    `output` is the name that the linker writes into the file where a system wants one. Raises `ToolchainError` when a
    symbol is missing, save those that begin with `allowed`.
    """
    compiler = find()
    with tempfile.TemporaryDirectory(prefix="datacc-") as work:
        place = _written(Path(work), source, more)
        kind = *compiler.target(cpu, platform), *FLAGS, *compiler.aligned(cpu, source.c)
        given = (*kind, *QUIET, *_SYSTEM[platform.system], *flags)
        run([*compiler.command, *given, f"{source.name}.c", *more, *late, "-o", output], place)
        data = (place / output).read_bytes()
    missing = [name for name in undefined_symbols(data) if not (allowed and name.startswith(allowed))]
    if missing:
        raise ToolchainError(
            f"it would need {', '.join(missing)} from elsewhere", where=f"{source.name}, {platform.name}"
        )
    return data


def _written(place: Path, source: Text, more: Mapping[str, str]) -> Path:
    for name, text in {f"{source.name}.c": source.c, f"{source.name}.h": source.header, **more}.items():
        (place / name).write_text(text, encoding="utf-8", newline="\n")
    return place


def _demand_self_contained(compiler: Compiler, place: Path, name: str, platform: Platform) -> None:
    """Link the object alone with an entry that is one of its own functions: a missing symbol is an error."""
    flags = (*compiler.target(platform.cpu(platform.plain), platform), "-nostdlib", "-Wl,--no-undefined")
    run([*compiler.command, *flags, f"-Wl,--entry={name}", f"{name}.o", "-o", "whole"], place)
