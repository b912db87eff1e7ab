"""What kind of machine a figure comes from, how busy it is, and the versions of everything that took part."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from datacc.runtime.machine import features, machine
from datacc.spec.cpus import CPUS


def machine_class() -> str:
    """Cores, processor level, memory and system: never a name."""
    able = [cpu.name for cpu in CPUS.values() if cpu.machine == machine() and cpu.needs <= features()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {able[-1] if able else machine()}, {memory:.0f} GiB, {platform.system()}"


def load() -> str:
    """The load averages of 1 and 5 minutes, with a word on what they mean."""
    one, five, _ = os.getloadavg()
    busy = "the machine is busy with other things" if one > 1.3 else "the machine is quiet"
    return f"load average {one:.1f} {five:.1f}: {busy}"


def versions(packages: Iterable[str]) -> str:
    """Python and each package with its version."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in packages)])


def is_installed(module: str) -> bool:
    """Whether a peer's module can be imported."""
    return find_spec(module) is not None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
