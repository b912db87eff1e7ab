"""onnxruntime on one thread: at its fastest, by a loop in C on tensors that are made once; and as Python calls it."""

import ctypes
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from datacc.runtime.toolchain import run
from datacc.spec.interface import Interface

API = 17  # the version of the table that is asked for; a place in it never changes
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int16": 5, "int32": 6}  # ONNXTensorElementDataType


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_size_t),
        ("shape", ctypes.c_void_p),
        ("rank", ctypes.c_size_t),
        ("type", ctypes.c_int),
    )


class Session:
    """The ONNX model of a program, read from the file `model`; inputs behind the first are set in `arrays`."""

    def __init__(self, model: Path, interface: Interface) -> None:
        ports = (*interface.inputs, *interface.answers)
        self.arrays = {port.name: np.zeros((1, *port.shape), port.dtype) for port in ports}
        shapes = [np.array(array.shape, np.int64) for array in self.arrays.values()]
        self._tensors = (_Tensor * len(ports))(  # kept: the loop reads the names in it
            *(
                _Tensor(port.name.encode(), array.ctypes.data, array.nbytes, shape.ctypes.data, array.ndim, code)
                for port, array, shape in zip(ports, self.arrays.values(), shapes, strict=True)
                for code in [TYPES[port.dtype]]
            )
        )
        self._loop = _loop()
        failed = self._loop.open_model(_api(), str(model).encode(), self._tensors, len(interface.inputs), len(ports))
        if failed:
            raise RuntimeError(f"onnxruntime's C interface failed at step {failed}")

    def answer(self, rows: NDArray[Any]) -> None:
        """Answer every row, one by one; the last answer lies in `arrays`."""
        if self._loop.answer_rows(rows.ctypes.data, len(rows)):
            raise RuntimeError("onnxruntime failed")


def python_session(model: Path) -> Any:
    """The same model as onnxruntime's Python package loads it, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _api() -> int:
    """The address of onnxruntime's table of functions."""
    [path] = Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*")
    library = ctypes.CDLL(str(path))
    library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
    get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(library.OrtGetApiBase()[0])
    found: int = get_api(API)
    return found


def _loop() -> Any:
    """The C loop, compiled now; from a folder of its own, so every session has its own."""
    source = Path(__file__).with_name("onnxruntime_loop.c")
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as folder:
        path = Path(folder) / "loop.so"
        run([sys.executable, "-m", "ziglang", "cc", "-O2", "-shared", "-fPIC", source, "-o", path], Path(folder))
        loop = ctypes.CDLL(str(path))
    loop.open_model.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
    loop.answer_rows.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return loop
