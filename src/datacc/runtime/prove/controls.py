"""Planted faults: before a detector is believed, it must catch its own fault in a program made for that."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.errors import ToolchainError
from datacc.runtime.prove.compiled import constant, effects, sanitized, symbols
from datacc.runtime.prove.guards import guarded, page_faults
from datacc.runtime.prove.proof import FAILED, PASSED, Finding
from datacc.runtime.prove.traced import instructions, marked_input
from datacc.runtime.prove.trial import HERE, Trial, prepare
from datacc.runtime.toolchain import Compiler, run
from datacc.spec.cpus import FLAGS, Cpu
from datacc.spec.interface import Interface, Port

NAME: Final = "planted"
SCRATCH: Final = 256
STACK: Final = 1024
CALLS: Final = 1000
_SHARED: Final = "-shared -fPIC -nostdlib -ffreestanding -fno-builtin -fvisibility=hidden -w".split()

# Check → planted fault → the choice by which the program commits it.
PLANTED: Final[Mapping[str, Mapping[str, int]]] = {
    "symbols": {"an undefined symbol": 0},
    "constant": {"a variable": 0},
    "heap": {"a call of malloc": 3, "a system call": 6},
    "memory": {"a byte after the scratch": 4, "a byte before the answer": 9, "an answer from old scratch": 7},
    "stack": {"a deep stack": 5},
    "faults": {"a fresh page in every call": 8},
    "branches": {"a branch": 1},
    "instructions": {"a branch": 1},
    "addresses": {"an index": 2},
    "sanitizers": {"a read behind a table": 10, "a signed overflow": 11},
    "effects": {"a call of malloc": 0},
}


def controls(compiler: Compiler, cpu: Cpu, folder: Path) -> dict[str, dict[str, bool]]:
    """Check → planted fault → whether it was caught today, and the same detector content without it.

    A detector that cannot run here at all counts as one that missed it.
    """
    interface = _interface(cpu)
    for name in ("planted.c", "planted.h"):
        (folder / name).write_bytes((HERE / name).read_bytes())
    flags = (*compiler.target(cpu), *FLAGS, *_SHARED, *compiler.silent_calls)
    try:
        run([*compiler.command, *flags, "planted.c", "-o", "planted.so"], folder)
        header = (folder / "planted.h").read_text(encoding="utf-8")
        prepare(compiler, interface, header, folder / "planted.so", SCRATCH, folder, 0)
    except ToolchainError:
        return {check: dict.fromkeys(faults, False) for check, faults in PLANTED.items()}
    trial = Trial(folder=folder, stack=STACK)
    jobs = [(check, what, choice) for check, faults in PLANTED.items() for what, choice in faults.items()]
    look = {**_dynamic(trial), **_static(interface, cpu, compiler, folder)}
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda job: look[job[0]](job[2]).status == FAILED, jobs))
        quiet = dict(zip(_dynamic(trial), threads.map(lambda one: one(0).status == PASSED, _dynamic(trial).values()),
                         strict=True))  # fmt: skip
    result: dict[str, dict[str, bool]] = {check: {} for check in PLANTED}
    for (check, what, _), caught in zip(jobs, found, strict=True):
        result[check][what] = caught and quiet.get(check, True)
    return result


def _dynamic(trial: Trial) -> dict[str, Callable[[int], Finding]]:
    """The detectors that run the program, by check; each must be content with choice 0."""

    def at(choice: int) -> Trial:
        return replace(trial, choice=choice)

    return {
        "heap": lambda choice: guarded(at(choice))["heap"],
        "memory": lambda choice: guarded(at(choice))["memory"],
        "stack": lambda choice: guarded(at(choice))["stack"],
        "faults": lambda choice: page_faults(at(choice), CALLS),
        "branches": lambda choice: marked_input(at(choice))["branches"],
        "instructions": lambda choice: instructions(at(choice), NAME),
        "addresses": lambda choice: marked_input(at(choice))["addresses"],
    }


def _static(interface: Interface, cpu: Cpu, compiler: Compiler, folder: Path) -> dict[str, Callable[[int], Finding]]:
    data = (folder / "planted.so").read_bytes()
    return {
        "symbols": lambda _: symbols(data),
        "constant": lambda _: constant(data),
        "sanitizers": lambda choice: sanitized(interface, SCRATCH, folder, cpu, choice),
        "effects": lambda _: effects(interface, folder, compiler),
    }


def _interface(cpu: Cpu) -> Interface:
    inputs = (Port(name="in", dtype="float32", shape=(16,)),)
    return Interface(name=NAME, cpu=cpu.name, inputs=inputs, answers=(replace(inputs[0], name="out"),))
