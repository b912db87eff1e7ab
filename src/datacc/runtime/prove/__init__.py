"""`prove`: certificates for a built program, from its final bytes, its C and its interface."""

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.errors import ToolchainError
from datacc.runtime.elf import number
from datacc.runtime.link import Library, link
from datacc.runtime.machine import features, machine
from datacc.runtime.prove.compiled import constant, effects, host_compiler, sanitized, symbols
from datacc.runtime.prove.controls import controls
from datacc.runtime.prove.guards import guarded, page_faults
from datacc.runtime.prove.proof import Check, Finding, Proof, passed, unchecked
from datacc.runtime.prove.rows import ROWS
from datacc.runtime.prove.subject import Subject, read
from datacc.runtime.prove.traced import instructions, marked_input, valgrind
from datacc.runtime.prove.trial import Trial, prepare
from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import CPUS, Cpu, cpu_named
from datacc.store import digest

# Check → certificate, what is looked at, how.
CHECKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "source": ("work", "library", "the C is compiled again and gives the library's bytes"),
    "symbols": ("work", "library", "its table of symbols"),
    "constant": ("work", "library", "its table of segments"),
    "heap": ("work", "run", "every heap function replaced by a trap, every system call locked out"),
    "memory": ("work", "run", "input, answer, state and scratch between guard pages, on four kinds of rubbish"),
    "stack": ("work", "run", "a stack of the planned length above a guard page; planned from each function's frame"),
    "faults": ("work", "run", "the system's count of page faults"),
    "branches": ("work", "run", "memcheck, input and state marked undefined"),
    "instructions": ("work", "run", "callgrind, how often each instruction is executed, for each input"),
    "sanitizers": ("work", "C", "sanitizers of addresses and of undefined behaviour"),
    "effects": ("work", "C", "clang's analysis of function effects"),
    "addresses": ("trace", "run", "memcheck, input and state marked undefined"),
}


def prove(folder: Path, seed: int = 0) -> Proof:
    """Prove the artifact in `folder` on fresh inputs by `seed`.

    Raises `UsageError` when there is no artifact, `SpecError` or `ToolchainError` when it is damaged. Whatever cannot
    be looked at here is said to be not checked.
    """
    subject = read(folder)
    findings, on = _findings(subject, seed)
    with tempfile.TemporaryDirectory(prefix="datacc-prove-") as work:
        caught = controls(find(), _stand_in(subject.interface.cpu), Path(work))
    checks = tuple(
        Check(
            name=name,
            certificate=kind,
            how=how,
            on=on if where == "run" else where,
            finding=findings[name],
            controls=caught.get(name, {}),
        )
        for name, (kind, where, how) in CHECKS.items()
    )
    return Proof(
        name=subject.interface.name,
        library=digest(subject.data),
        source=digest(subject.text.name, subject.text.c, subject.text.header),
        cpu=subject.interface.cpu,
        seed=seed,
        rows=ROWS,
        tools=_tools(),
        tables=subject.tables,
        checks=checks,
    )


def _findings(subject: Subject, seed: int) -> tuple[dict[str, Finding], str]:
    """Every check's finding, and what was run: the library, or the same C compiled for this machine."""
    with tempfile.TemporaryDirectory(prefix="datacc-prove-") as work:
        folder, interface = Path(work), subject.interface
        again = _again(subject, interface.cpu, folder / "again")
        level = _stand_in(interface.cpu)
        here = level.name == interface.cpu
        ran = again if here else _again(subject, level.name, folder / "here")
        found = {
            "source": _source(again, subject.library),
            "symbols": symbols(subject.data),
            "constant": constant(subject.data),
        }
        library = subject.library if here else ran.path if isinstance(ran, Library) else None
        stack = ran.stack if isinstance(ran, Library) else 0
        (folder / f"{interface.name}.c").write_text(subject.text.c, encoding="utf-8")
        found |= _ran(subject, library, stack, level, folder, seed)
        return found, "library" if here else "same C"


def _ran(subject: Subject, library: Path | None, stack: int, level: Cpu, folder: Path, seed: int) -> dict[str, Finding]:
    """The findings of runs and of the C."""
    names = [name for name, (_, where, _) in CHECKS.items() if where != "library"]
    if library is None:
        return dict.fromkeys(names, unchecked("the C cannot be compiled for this machine"))
    interface, name = subject.interface, subject.interface.name
    scratch = number(library.read_bytes(), f"{name}_scratch_bytes")
    found: dict[str, Finding] = {}
    try:
        prepare(find(), replace(interface, cpu=level.name), subject.text.header, library, scratch, folder, seed)
        trial = Trial(folder=folder, stack=stack)
        with ThreadPoolExecutor(2) as threads:
            counted = threads.submit(instructions, trial, name)
            found |= {**guarded(trial), **marked_input(trial), "faults": page_faults(trial)}
            found["instructions"] = counted.result()
    except ToolchainError as error:
        found |= dict.fromkeys(set(names) - set(found), unchecked(error.what))
    found["sanitizers"] = sanitized(interface, scratch, folder, level)
    found["effects"] = effects(interface, folder, find())
    return found


def _again(subject: Subject, cpu: str, folder: Path) -> Library | str:
    """The C compiled again for `cpu`, or why that failed."""
    try:
        return link(subject.text, cpu, folder)
    except ToolchainError as error:
        return error.what


def _source(again: Library | str, library: Path) -> Finding:
    if isinstance(again, str):
        return unchecked(again)
    if again.path.name == library.name:
        return passed(f"the same bytes by {again.compiler}")
    return unchecked(f"{again.compiler} gives other bytes: it was built by another compiler, or the C was changed")


def _stand_in(name: str) -> Cpu:
    """The processor to run for: the named one where it runs here, under valgrind too; else the best of this machine."""
    able = [cpu for cpu in CPUS.values() if cpu.machine == machine() and cpu.needs <= features()]
    known = [cpu for cpu in able if not any(need.startswith("avx512") for need in cpu.needs)]
    asked = cpu_named(name)
    return asked if asked in known or not known else known[-1]


def _tools() -> dict[str, str]:
    host = host_compiler()
    said = run([host, "--version"], Path.cwd()).stdout.splitlines()[:1] if host else []
    named = {"compiler": find().version, "valgrind": valgrind(), "sanitizers": said[0] if said else ""}
    return {name: version for name, version in named.items() if version}
