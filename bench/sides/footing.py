"""Heap calls of one answer and memory that a loaded net adds: each side in a process of its own.

python -m sides.footing NET SIDE FOLDER    prints one JSON object; `datacc` is our own side, linked already in FOLDER
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from nets import NETS

from datacc.runtime.native import Native
from datacc.runtime.toolchain import run
from datacc.spec.interface import read_interface

ANSWERS = 20
PATIENCE = 60  # seconds for one side


def footing(net: str, side: str, folder: Path) -> dict[str, float]:
    """Heap calls an answer, and resident bytes that loading and answering add to Python with NumPy and the model."""
    places = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
    environment = {**os.environ, "LD_PRELOAD": str(_counter()), "PYTHONPATH": places}
    command = [sys.executable, "-m", "sides.footing", net, side, str(folder)]
    bench = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=bench, env=environment, capture_output=True, text=True, check=True,
                          timeout=PATIENCE)  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@cache
def _counter() -> Path:
    source = Path(__file__).with_name("footing.c")
    path = Path(tempfile.mkdtemp(prefix="datacc-bench-")) / "footing.so"
    run([sys.executable, "-m", "ziglang", "cc", "-O2", "-shared", "-fPIC", source, "-o", path], path.parent)
    return path


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Linked:
    """Our side from the linked file alone, as a program that uses it would have it."""

    def __init__(self, folder: Path) -> None:
        interface = read_interface((folder / "interface.json").read_text(), str(folder))
        [path] = folder.glob("*.so")
        self.native = Native(path, interface)
        self.rows = np.zeros(1, self.native.input_row)
        self.answers = np.zeros(1, self.native.answer_row)

    def answer(self, count: int) -> None:
        for _ in range(count):
            self.native.run(self.rows, self.answers)


def _side(name: str, net: Any, folder: Path) -> Any:
    """A peer is imported only now, so that what it brings along is counted."""
    return _Linked(folder) if name == "datacc" else import_module("sides.peers").opened(name, net, folder)


def main() -> None:
    net_name, side_name, folder = sys.argv[1:]
    os.environ.pop("LD_PRELOAD", None)  # the compilers that a peer may start are not what is counted
    net = import_module("sides.static").net_of(net_name, NETS[net_name]())
    heap = ctypes.c_size_t.in_dll(ctypes.CDLL(None), "heap_calls")
    before = _resident()
    side = _side(side_name, net, Path(folder if side_name == "datacc" else tempfile.mkdtemp(prefix="datacc-bench-")))
    side.answer(ANSWERS)
    counts = []
    for count in (ANSWERS, 2 * ANSWERS):
        first = heap.value
        side.answer(count)
        counts.append(heap.value - first)
    # What Python itself allocates around a call is the same for both counts.
    print(json.dumps({"heap": (counts[1] - counts[0]) / ANSWERS, "resident": _resident() - before}))


if __name__ == "__main__":
    main()
