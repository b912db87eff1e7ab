"""Whether this processor can run a program that datacc built. Free for any use: 0BSD."""

from __future__ import annotations

import platform
from pathlib import Path


def demand_processor(name: str, machine: str, needs: str) -> None:
    """Raise `ImportError` where the program could not run: the processor would end Python by a signal.

    Where the system does not list the processor's features (only Linux does), the architecture alone is compared.
    """
    here = platform.machine().lower()
    here = {"amd64": "x86_64", "arm64": "aarch64"}.get(here, here)
    if here != machine:
        raise ImportError(f"{name} was built for {machine}; this processor is {here}")
    missing = sorted(set(needs.split()) - _features()) if _features() else []
    if missing:
        raise ImportError(f"{name} was built for a newer processor; this one lacks {', '.join(missing)}")


def _features() -> set[str]:
    if platform.system() != "Linux":
        return set()
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    lists = [line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))]
    return set(lists[0].split()) if lists else set()
