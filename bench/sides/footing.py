"""Heap calls of one answer and memory that a loaded net adds: each side in a process of its own.

python -m sides.footing NET SIDE      prints one JSON object; `datacc` is our own side
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

from nets import NETS

from datacc.runtime.toolchain import run

ANSWERS = 20


def footing(net: str, side: str) -> dict[str, float]:
    """Heap calls an answer, and resident bytes that loading and answering add to Python with NumPy and the model."""
    places = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
    environment = {**os.environ, "LD_PRELOAD": str(_counter()), "PYTHONPATH": places}
    command = [sys.executable, "-m", "sides.footing", net, side]
    folder = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
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


def _side(name: str, net: Any, folder: Path) -> Any:
    """Imported only now, so that what a side brings along is counted."""
    if name == "datacc":
        ours = import_module("sides.ours")
        return ours.linked(net, ours.highest(), folder)
    return import_module("sides.peers").opened(name, net, folder)


def main() -> None:
    net_name, side_name = sys.argv[1:]
    net = import_module("sides.static").net_of(net_name, NETS[net_name]())
    heap = ctypes.c_size_t.in_dll(ctypes.CDLL(None), "heap_calls")
    before = _resident()
    side = _side(side_name, net, Path(tempfile.mkdtemp(prefix="datacc-bench-")))
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
