"""emx-onnx-cgen: static C from ONNX, compiled by gcc and by zig cc at -O3 for this processor; the faster one counts.

Its weights stay in the C file and its temporaries on the stack: so it neither reads files nor calls malloc.
"""

import ctypes
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Net

_LOOP = """
#include <stddef.h>
{prototype};
void answer_times({parameters}, size_t count) {{ for (size_t i = 0; i < count; i++) net({names}); }}
"""


class _Emx:
    how = "C"

    def __init__(self, net: Net, library: Path) -> None:
        self.c = ctypes.CDLL(str(library))
        self.x = net.first
        self.answers = [np.zeros(array.shape, np.float32) for array in net.expected.values()]
        self.pointers = [ctypes.c_void_p(array.ctypes.data) for array in (self.x, *self.answers)]

    def answer(self, count: int) -> None:
        self.c.answer_times(*self.pointers, ctypes.c_size_t(count))

    def outputs(self) -> list[NDArray[Any]]:
        return self.answers


def open_net(net: Net, folder: Path) -> _Emx:
    """The faster of the two compilers' libraries."""
    (folder / "net.onnx").write_bytes(net.model)
    options = ["--model-name", "net", "--large-temp-threshold", "0", "--large-weight-threshold", "0"]
    generate = "import sys; from emx_onnx_cgen.cli import main; sys.exit(main())"
    _do([sys.executable, "-c", generate, "compile", *options, "net.onnx", "net.c"], folder)
    (folder / "loop.c").write_text(_loop(len(net.expected)))
    found = []
    for i, compiler in enumerate((["gcc"], [sys.executable, "-m", "ziglang", "cc"])):
        if shutil.which(compiler[0]):
            flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-w"]
            _do([*compiler, *flags, "net.c", "loop.c", "-o", f"net{i}.so", "-lm"], folder)
            found.append(_Emx(net, folder / f"net{i}.so"))
    return min(found, key=_seconds)


def _loop(answers: int) -> str:
    parameters = ", ".join(["const void *x", *(f"void *y{i}" for i in range(answers))])
    names = ", ".join(["x", *(f"y{i}" for i in range(answers))])
    return _LOOP.format(prototype=f"void net({parameters})", parameters=parameters, names=names)


def _seconds(peer: _Emx) -> float:
    peer.answer(3)
    began = time.perf_counter()
    peer.answer(10)
    return time.perf_counter() - began


def _do(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
