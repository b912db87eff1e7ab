"""Runs a command to its end and tells what it cost: wall time, and CPU time with that of its children."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATACC = (sys.executable, "-m", "datacc")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds that a command took: on the clock, and of processors."""

    wall: float
    cpu: float


def cost(command: Sequence[str | Path], folder: Path, allowed: Sequence[int] = (0,)) -> Cost:
    """Run `command` in `folder` with its output thrown away. Stops the bench when its exit code is not `allowed`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "GIT_OPTIONAL_LOCKS": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode beside it
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)  # what the children that it waited for used is in it
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in allowed:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {process.returncode}: {said.decode()[-2000:]}")
    return Cost(wall=wall, cpu=used.ru_utime + used.ru_stime)


def datacc(folder: Path, *words: str | Path, allowed: Sequence[int] = (0,)) -> Cost:
    """The cost of `datacc …` in `folder`."""
    return cost([*DATACC, *words], folder, allowed)
