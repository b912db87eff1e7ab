"""A loop in C over a peer's own function, so that no call from Python is timed."""

import ctypes
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from datacc.runtime.toolchain import run


class Loop:
    """Calls `one(of)` after copying `x` to `input`; `one` is a C function that returns 0 when all went well."""

    def __init__(self, one: Any, of: Any, destination: Any, x: NDArray[Any]) -> None:
        self.x = x
        self.arguments = (ctypes.cast(one, ctypes.c_void_p), of, destination, x.ctypes.data_as(ctypes.c_void_p))

    def answer(self, count: int) -> None:
        """That many times."""
        if library().answer_times(*self.arguments, ctypes.c_size_t(self.x.nbytes), ctypes.c_size_t(count)):
            raise RuntimeError("the peer failed")


@cache
def library() -> Any:
    source = Path(__file__).with_name("loop.c")
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as folder:
        path = Path(folder) / "loop.so"
        run([sys.executable, "-m", "ziglang", "cc", "-O2", "-shared", "-fPIC", source, "-o", path], Path(folder))
        return ctypes.CDLL(str(path))
