"""OpenVINO by its C interface: one infer request on one thread, tuned for latency, in float32."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from . import Net
from .loop import Loop

SETTINGS = {
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_NUM_THREADS": "1",
    "NUM_STREAMS": "1",
    "INFERENCE_PRECISION_HINT": "f32",
}


class _Openvino:
    how = "C"

    def __init__(self, net: Net, folder: Path) -> None:
        path = folder / "net.onnx"
        path.write_bytes(net.model)
        [library] = Path(openvino.__file__).parent.glob("libs/libopenvino_c.so.*")
        self.c = ctypes.CDLL(str(library))
        core, model, compiled, self.request = (ctypes.c_void_p() for _ in range(4))
        self._do("ov_core_create", ctypes.byref(core))
        self._do("ov_core_read_model", core, str(path).encode(), None, ctypes.byref(model))
        settings = [ctypes.c_char_p(word.encode()) for pair in SETTINGS.items() for word in pair]
        count = ctypes.c_size_t(len(settings))
        self._do("ov_core_compile_model", core, model, b"CPU", count, ctypes.byref(compiled), *settings)
        self._do("ov_compiled_model_create_infer_request", compiled, ctypes.byref(self.request))
        self._kept = core, model, compiled
        for i, array in enumerate(net.fed.values()):
            given = self._data(self._tensor("ov_infer_request_get_input_tensor_by_index", i))
            ctypes.memmove(given, array.ctypes.data, array.nbytes)
        tensor = self._tensor("ov_infer_request_get_input_tensor_by_index", 0)
        self.loop = Loop(self.c.ov_infer_request_infer, self.request, self._data(tensor), net.first)
        self.sizes = [array.size for array in net.expected.values()]

    def answer(self, count: int) -> None:
        self.loop.answer(count)

    def outputs(self) -> list[NDArray[Any]]:
        found = []
        for i, size in enumerate(self.sizes):
            data = self._data(self._tensor("ov_infer_request_get_output_tensor_by_index", i))
            assert data.value is not None
            found.append(np.ctypeslib.as_array((ctypes.c_float * size).from_address(data.value)).copy())
        return found

    def _tensor(self, function: str, index: int) -> ctypes.c_void_p:
        tensor = ctypes.c_void_p()
        self._do(function, self.request, ctypes.c_size_t(index), ctypes.byref(tensor))
        return tensor

    def _data(self, tensor: ctypes.c_void_p) -> ctypes.c_void_p:
        data = ctypes.c_void_p()
        self._do("ov_tensor_data", tensor, ctypes.byref(data))
        return data

    def _do(self, function: str, *arguments: Any) -> None:
        status = getattr(self.c, function)(*arguments)
        if status:
            raise RuntimeError(f"{function} failed with {status}")


def open_net(net: Net, folder: Path) -> _Openvino:
    """The net as compiled for this processor."""
    return _Openvino(net, folder)
