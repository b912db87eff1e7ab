"""What the processor of this machine can do, asked before a library is loaded: a missing instruction would kill us."""

import os
import platform
import re
import sys
from functools import cache
from pathlib import Path

from datacc.errors import ToolchainError
from datacc.spec.cpus import CPUS, cpu_named
from datacc.spec.platforms import PLATFORMS, Platform

_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def demand_cpu(name: str, where: str) -> None:
    """Raise `ToolchainError` unless a program built for cpu `name` can run here.

    On systems that do not list the processor's features (only Linux does), the architecture alone is compared.
    """
    cpu = cpu_named(name)
    here = machine()
    if cpu.machine != here:
        raise ToolchainError(f"it was built for {cpu.machine}; this machine is {here}", where=where, tries=_tries())
    missing = sorted(cpu.needs - features()) if features() else []
    if missing:
        what = f"it was built for {name}; this processor lacks {', '.join(missing)}"
        raise ToolchainError(what, where=where, tries=_tries())


def processors() -> int:
    """How many threads may run at a time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """The architecture of this machine, as in `Cpu.machine`."""
    name = platform.machine().lower()
    return _MACHINES.get(name, name)


@cache
def features() -> frozenset[str]:
    """The processor's features by their names in Linux; empty where the system does not list them."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return frozenset()
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return frozenset(found[1].split()) if found else frozenset()


def here() -> Platform:
    """The platform of this machine. Raises `ToolchainError` where programs are not built for it."""
    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    for platform_ in PLATFORMS.values():
        if platform_.system == system and platform_.machine == machine():
            return platform_
    tries = ["a machine that runs " + ", ".join(PLATFORMS)]
    raise ToolchainError(f"programs are not built for {system} on {machine()}", tries=tries)


def machine_class() -> str:
    """The platform of this machine and the highest level of processor that fits it: "linux-x86-64, x86-64-v4".

    Machines of one class take the same instructions everywhere, those of libraries that look at the processor included.
    Raises `ToolchainError` where programs are not built for it.
    """
    return ", ".join([here().name, *_able()[-1:]])


def _able() -> list[str]:
    """The levels of processor whose programs run here, the highest last."""
    return [cpu.name for cpu in CPUS.values() if cpu.machine == machine() and cpu.needs <= features()]


def _tries() -> list[str]:
    return [f'cpu = "{name}" under [target], then datacc build' for name in _able()[-1:]]
