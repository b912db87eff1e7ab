"""A file of named arrays behind a JSON header: little-endian, aligned, no code, no pickle; bounds are checked."""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.store import canonical

ALIGN: Final = 64
DTYPES: Final = ("float32", "float64", "uint8", "int8", "int16", "int32", "int64")


def pack(magic: bytes, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """`magic` (8 bytes), header length (u64), header, then the arrays, each at a multiple of 64 bytes."""
    table, offset = [], 0
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise TypeError(f"{name}: arrays of {array.dtype} cannot be stored")
        table.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "offset": offset})
        offset += _padded(array.nbytes)
    text = canonical({**header, "arrays": table}).encode()
    parts = [magic, len(text).to_bytes(8, "little"), text, bytes(-(16 + len(text)) % ALIGN)]
    for array in arrays.values():
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        parts += [raw, bytes(_padded(len(raw)) - len(raw))]
    return b"".join(parts)


def unpack(magic: bytes, data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays. Raises `ValueError` that says what is wrong with the data."""
    if len(data) < 16 or data[:8] != magic:
        raise ValueError(f"it does not begin with {magic!r}")
    length = int.from_bytes(data[8:16], "little")
    if length > len(data) - 16:
        raise ValueError("the header is cut off")
    header = json.loads(data[16 : 16 + length])
    if not isinstance(header, dict) or not isinstance(header.get("arrays"), list):
        raise ValueError("the header is not a table of arrays")
    body = 16 + length + -(16 + length) % ALIGN
    arrays = {str(row["name"]): _array(row, data, body) for row in header.pop("arrays")}
    return header, arrays


def _array(row: Mapping[str, Any], data: bytes, body: int) -> NDArray[Any]:
    shape = tuple(row["shape"])
    if row["dtype"] not in DTYPES or any(type(n) is not int or n < 0 for n in shape) or row["offset"] < 0:
        raise ValueError(f"array {row['name']!r} has a wrong type or shape")
    dtype = np.dtype(row["dtype"]).newbyteorder("<")
    count = 1
    for n in shape:
        count *= n
    start = body + row["offset"]
    if start + count * dtype.itemsize > len(data):
        raise ValueError(f"array {row['name']!r} is cut off")
    array = np.frombuffer(data, dtype, count, start).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False).copy()  # a cast that copies is slower than a copy


def _padded(count: int) -> int:
    return count + -count % ALIGN
