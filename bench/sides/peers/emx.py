"""emx-onnx-cgen: static C from ONNX, compiled by gcc and by zig cc at -O3 for this processor; the faster one counts.

Its weights stay in the C file and its temporaries on the stack: so it neither reads files nor calls malloc.
"""

import ctypes
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Net

KEPT = Path(__file__).resolve().parents[3] / "build" / "bench" / "emx"

_LOOP = """
#include <stddef.h>
{prototype};
void answer_times({parameters}, size_t count) {{ for (size_t i = 0; i < count; i++) net({names}); }}
"""


def is_kept(net: Net) -> bool:
    """Whether opening the net takes no compiler, which may need a quarter of a minute."""
    return (KEPT / sha256(net.model).hexdigest()[:12] / "done").exists()


class _Emx:
    how = "C"

    def __init__(self, net: Net, library: Path) -> None:
        self.c = ctypes.CDLL(str(library))
        self.inputs = list(net.fed.values())
        self.answers = [np.zeros(array.shape, np.float32) for array in net.outputs.values()]
        self.pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*self.inputs, *self.answers)]

    def answer(self, count: int) -> None:
        self.c.answer_times(*self.pointers, ctypes.c_size_t(count))

    def outputs(self) -> list[NDArray[Any]]:
        return self.answers


def open_net(net: Net, folder: Path) -> _Emx:
    """The faster of the two compilers' libraries, which are kept from one run to the next."""
    folder = KEPT / sha256(net.model).hexdigest()[:12]
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(net, folder)
        (folder / "done").touch()
    return min((_Emx(net, path) for path in sorted(folder.glob("net*.so"))), key=_seconds)


def _make(net: Net, folder: Path) -> None:
    (folder / "net.onnx").write_bytes(net.model)
    options = ["--model-name", "net", "--large-temp-threshold", "0", "--large-weight-threshold", "0"]
    generate = "import sys; from emx_onnx_cgen.cli import main; sys.exit(main())"
    _do([sys.executable, "-c", generate, "compile", *options, "net.onnx", "net.c"], folder)
    (folder / "loop.c").write_text(_loop(len(net.fed), len(net.outputs)))
    compilers = [one for one in (["gcc"], [sys.executable, "-m", "ziglang", "cc"]) if shutil.which(one[0])]
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-w"]
    at_work = [
        subprocess.Popen([*one, *flags, "net.c", "loop.c", "-o", f"net{i}.so", "-lm"], cwd=folder)
        for i, one in enumerate(compilers)
    ]
    codes = [one.wait() for one in at_work]
    if any(codes):
        raise RuntimeError("a compiler failed")


def _loop(inputs: int, answers: int) -> str:
    names = [*(f"x{i}" for i in range(inputs)), *(f"y{i}" for i in range(answers))]
    kinds = {"x": "const void *", "y": "void *"}
    parameters = ", ".join(f"{kinds[name[0]]}{name}" for name in names)
    return _LOOP.format(prototype=f"void net({parameters})", parameters=parameters, names=", ".join(names))


def _seconds(peer: _Emx) -> float:
    peer.answer(3)
    began = time.perf_counter()
    peer.answer(10)
    return time.perf_counter() - began


def _do(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
