"""MNN: converted from ONNX by its own tool, called from Python; only `runSession` is timed.

The converter is called below its Python wrapper: `MNN.tools.mnnconvert` runs `pip install` of a logging package when it
is imported, into whatever Python `pip` belongs to, and sends the machine's id and the model's size to a server.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import MNN
import numpy as np
from numpy.typing import NDArray

from . import Net


class _Mnn:
    how = "Python"

    def __init__(self, net: Net, folder: Path) -> None:
        (folder / "net.onnx").write_bytes(net.model)
        convert = "import sys, _tools; _tools.mnnconvert(['mnnconvert', *sys.argv[1:]])"
        options = ["-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel", "net.mnn", "--bizCode", "b"]
        done = subprocess.run([sys.executable, "-c", convert, *options], cwd=folder, capture_output=True, text=True)
        if not (folder / "net.mnn").exists():
            raise RuntimeError(done.stdout[-300:])
        self.interpreter = MNN.Interpreter(str(folder / "net.mnn"))
        self.session = self.interpreter.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
        self.names = list(net.outputs)
        for name, array in net.fed.items():
            x = self.interpreter.getSessionInput(self.session, name)
            x.copyFrom(MNN.Tensor(array.shape, MNN.Halide_Type_Float, tuple(map(float, array.reshape(-1))),
                                  MNN.Tensor_DimensionType_Caffe))  # fmt: skip

    def answer(self, count: int) -> None:
        for _ in range(count):
            self.interpreter.runSession(self.session)

    def outputs(self) -> list[NDArray[Any]]:
        found = []
        for name in self.names:
            out = self.interpreter.getSessionOutput(self.session, name)
            host = MNN.Tensor(out.getShape(), MNN.Halide_Type_Float, (0.0,) * int(np.prod(out.getShape())),
                              MNN.Tensor_DimensionType_Caffe)  # fmt: skip
            out.copyToHostTensor(host)
            found.append(np.array(host.getData(), np.float32))
        return found


def open_net(net: Net, folder: Path) -> _Mnn:
    """The net in full precision on one thread."""
    return _Mnn(net, folder)
