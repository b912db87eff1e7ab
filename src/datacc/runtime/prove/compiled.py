"""What can be seen without running the library: its bytes, its C, and what compilers say of the C."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from datacc.errors import ToolchainError
from datacc.runtime.elf import kept_bytes, undefined_symbols
from datacc.runtime.prove.proof import Finding, failed, passed, unchecked
from datacc.runtime.prove.trial import PATIENCE, SOME, SOURCES, defined
from datacc.runtime.toolchain import Compiler, run
from datacc.spec.cpus import CPUS, FLAGS, Cpu, march
from datacc.spec.interface import Interface

FORMS: Final = ((), ("-DDATACC_PORTABLE",))  # vectors, plain loops
_WATCHED: Final = "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -O1 -w -DHOSTED".split()
_EFFECTS: Final = "-c -Wno-everything -Wfunction-effects -Werror=function-effects -ffreestanding".split()
_SAYS: Final = ("runtime error", "ERROR: AddressSanitizer", "SUMMARY")


def symbols(data: bytes) -> Finding:
    """Nothing is expected from another library."""
    if data[:4] != b"\x7fELF":
        return unchecked("the library is not an ELF file")
    missing = undefined_symbols(data)
    return failed(f"it needs {', '.join(missing)} from elsewhere") if missing else passed("0 undefined symbols")


def constant(data: bytes) -> Finding:
    """Nothing can be kept from call to call: no byte of the library stays writable."""
    if data[:4] != b"\x7fELF":
        return unchecked("the library is not an ELF file")
    kept = kept_bytes(data)
    return failed(f"{kept:,} bytes of it stay writable", writable=kept) if kept else passed("no byte stays writable")


def sanitized(interface: Interface, scratch: int, folder: Path, machine: Cpu, choice: int = 0) -> Finding:
    """NAME.c in `folder`, in both forms, under a host compiler's sanitizers of addresses and undefined behaviour."""
    host = host_compiler()
    if not host:
        return unchecked("there is neither gcc nor clang on this machine")
    for form in FORMS:
        words = [host, *_WATCHED, *FLAGS[1:], *march(machine), *form]
        words += [
            *defined(interface, scratch),
            *SOURCES,
            f"{interface.name}.c",
            "-o",
            f"watched{choice}",
        ]
        try:
            run(words, folder)
        except ToolchainError as error:
            return unchecked(error.what)
        try:
            complaint = _complaint(folder, choice)
        except subprocess.TimeoutExpired:
            return unchecked(f"it took longer than {PATIENCE} s")
        if complaint:
            return failed(complaint)
    return passed(f"0 reports by {Path(host).name} on {SOME} inputs, as vectors and as plain loops")


def effects(interface: Interface, folder: Path, compiler: Compiler) -> Finding:
    """clang's analysis of function effects: the program is `nonblocking`, so it neither waits nor allocates."""
    if compiler.is_gcc:
        return unchecked("gcc has no analysis of function effects")
    (folder / "effects.c").write_text(_declared(interface), encoding="utf-8")
    plain = ["-I.", *FLAGS, *_EFFECTS, "effects.c", "-o", "effects.o"]
    target = compiler.target(CPUS[interface.cpu])
    try:
        run([*compiler.command, *target, "-Wunknown-warning-option", "-Werror=unknown-warning-option", *plain], folder)
    except ToolchainError as error:
        return failed(error.what) if "function-effects" in error.what else unchecked(error.what)
    return passed("nonblocking and nonallocating, with all that it calls")


def host_compiler() -> str:
    """The first of gcc and clang that is here, or nothing."""
    return next((found for name in ("gcc", "clang") if (found := shutil.which(name))), "")


def _complaint(folder: Path, choice: int) -> str:
    """The first line that a sanitizer says; empty when it is content."""
    words = [f"./watched{choice}", "guarded", "some", "0", str(choice)]
    environment = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=0"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, errors="replace",
                          timeout=PATIENCE, check=False)  # fmt: skip
    if done.returncode == 0 and "done" in done.stdout:
        return ""
    lines = [line for line in done.stderr.splitlines() if any(word in line for word in _SAYS)]
    return lines[0] if lines else f"it stopped with {done.returncode}"


def _declared(interface: Interface) -> str:
    """The C once more, after a declaration that claims the effect, which clang then verifies.

    Without `static`: in C++ a local constant may wait for its initialiser, so clang allows none; in C it is plain data.
    """
    name = interface.name
    state = f"{name}_state *, " if interface.states else ""
    claim = "__attribute__((nonblocking))"
    one = f"void {name}(const {name}_input *, {name}_answer *, {state}{name}_scratch *) {claim};"
    many = f"void {name}_batch(const {name}_input *, {name}_answer *, size_t, {state}{name}_scratch *) {claim};"
    return f'#include "{name}.h"\n{one}\n{many}\n#define static\n#include "{name}.c"\n'
