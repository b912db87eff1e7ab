"""onnxruntime by its C interface, on tensors that are made once."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.spec.interface import Interface, Port

from ..onnxruntime_c import Session
from . import Net


class _Onnxruntime:
    how = "C"

    def __init__(self, net: Net, folder: Path) -> None:
        path = folder / "net.onnx"
        path.write_bytes(net.model)
        inputs, answers = (
            tuple(Port(name=name, dtype="float32", shape=array.shape) for name, array in arrays.items())
            for arrays in ({name: array[0] for name, array in net.fed.items()}, net.outputs)
        )
        self.names = [port.name for port in answers]
        self.session = Session(path, Interface(name=net.name, cpu="", inputs=inputs, answers=answers))
        for name, array in net.fed.items():
            self.session.arrays[name][...] = array
        self.rows = net.first
        self.many = np.repeat(self.rows, 64, axis=0)

    def answer(self, count: int) -> None:
        for done in range(0, max(1, count), len(self.many)):
            self.session.answer(self.many[: count - done])

    def outputs(self) -> list[NDArray[Any]]:
        return [self.session.arrays[name] for name in self.names]


def open_net(net: Net, folder: Path) -> _Onnxruntime:
    """The net on one thread, all graph optimisations on, as is its default."""
    return _Onnxruntime(net, folder)
