"""Tensors of an ONNX file as arrays: sizes are checked before anything is read, and no path leads out of the folder."""

import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

import numpy as np
from onnx import TensorProto, numpy_helper

from datacc.errors import ModelError
from datacc.ir.onnx.model import Array, shown, text_of

LARGEST: Final = 1 << 28  # elements of one tensor
MOST_AXES: Final = 8
LARGEST_SHOWN: Final = 100  # characters of a foreign shape in a message

DTYPES: Final[Mapping[int, str]] = {
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
    TensorProto.FLOAT16: "float16",
    TensorProto.UINT8: "uint8",
    TensorProto.INT8: "int8",
    TensorProto.UINT16: "uint16",
    TensorProto.INT16: "int16",
    TensorProto.UINT32: "uint32",
    TensorProto.INT32: "int32",
    TensorProto.UINT64: "uint64",
    TensorProto.INT64: "int64",
    TensorProto.BOOL: "bool",
}


def dtype_of(elem: int, where: str) -> str:
    """The NumPy name of an element type. Raises `ModelError` for strings, complex numbers and types of under a byte."""
    if elem not in DTYPES:
        known = TensorProto.DataType.values()
        name = TensorProto.DataType.Name(elem) if elem in known else str(elem)
        raise ModelError(f"elements of type {name} are not taken", where=where, tries=["float32, or integers"])
    return DTYPES[elem]


def array_of(tensor: Any, folder: Path | None) -> Array:
    """The array in a TensorProto. Raises `ModelError` where dims, type and bytes do not fit together."""
    where = f"tensor {shown(text_of(tensor.name))}"
    dtype = np.dtype(dtype_of(tensor.data_type, where))
    dims = tuple(tensor.dims)
    if len(dims) > MOST_AXES or any(n < 0 for n in dims) or math.prod(dims) > LARGEST:
        raise ModelError(f"a shape of {str(dims)[:LARGEST_SHOWN]} is out of bounds", where=where)
    if tensor.data_location == TensorProto.EXTERNAL:
        data = _external(tensor, folder, math.prod(dims) * dtype.itemsize, where)
        return np.frombuffer(data, dtype.newbyteorder("<")).reshape(dims).astype(dtype)
    try:
        array = np.array(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ModelError(f"its bytes are not those of {dtype}{dims}", where=where) from error
    if array.shape != dims or array.dtype != dtype:
        raise ModelError(f"its bytes are not those of {dtype}{dims}", where=where)
    return array


def _external(tensor: Any, folder: Path | None, size: int, where: str) -> bytes:
    """The `size` bytes that lie in another file, which must lie beside the model or below."""
    entries = {text_of(entry.key): text_of(entry.value) for entry in tensor.external_data}
    try:
        path = _inside(folder, entries.get("location", ""), where)
    except OSError as error:
        raise ModelError(f"external data cannot be found: {error.strerror}", where=where) from error
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", str(size)))
    except ValueError as error:
        raise ModelError("offset and length of external data are no numbers", where=where) from error
    if length != size or offset < 0:
        raise ModelError(f"{length:,} bytes from {offset:,} do not hold a tensor of {size:,} bytes", where=where)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode) or offset + size > state.st_size:
                raise ModelError(f"{path.name} is shorter than the tensor needs, or no plain file", where=where)
            file.seek(offset)
            return file.read(size)
    except OSError as error:
        raise ModelError(f"external data cannot be read: {error.strerror}", where=where) from error


def _inside(folder: Path | None, location: str, where: str) -> Path:
    """The file at `location`, by plain folders below the model's own: no `..`, no absolute path, no symbolic link."""
    parts = PurePosixPath(location).parts
    bad = not parts or "\0" in location or "\\" in location or PureWindowsPath(location).drive
    if folder is None or bad or any(part in ("..", "/") for part in parts):
        what = f"external data at {shown(location)} is not taken"
        raise ModelError(what, where=where, tries=["put the file beside the model, and name it without folders"])
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise ModelError(f"external data at {shown(location)} is a symbolic link", where=where)
    return path
