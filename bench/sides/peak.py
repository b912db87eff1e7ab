"""How many multiply-adds a second one core can do at most: what shares of the peak are shares of."""

import ctypes
import tempfile
import time
from pathlib import Path

from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import Cpu

ROUNDS = 200_000


def multiply_adds(cpu: Cpu) -> float:
    """Float multiply-adds a second in registers alone, at the width of this processor level; the best of 30 tries."""
    source = Path(__file__).with_name("peak.c")
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as folder:
        path = Path(folder) / "peak.so"
        compiler = find()
        run([*compiler.command, *compiler.target(cpu), "-O2", "-shared", "-fPIC", source, "-o", path], Path(folder))
        library = ctypes.CDLL(str(path))
    library.chains.restype = ctypes.c_float
    return max(_rate(library) for _ in range(30))


def _rate(library: ctypes.CDLL) -> float:
    began = time.perf_counter()
    library.chains(ctypes.c_size_t(ROUNDS))
    return ROUNDS * int(library.per_round()) / (time.perf_counter() - began)
