"""Arrays and a few texts as the bytes of one .npz file, without pickle."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(names: Sequence[str], arrays: Mapping[str, NDArray[Any]], **texts: Any) -> bytes:
    """`arrays`, in the order of `names` (any text), and JSON-able `texts` as bytes."""
    file = io.BytesIO()
    header = json.dumps({"names": list(names), **texts}).encode()
    numbered = {f"array{i}": arrays[name] for i, name in enumerate(names)}
    np.savez(file, allow_pickle=False, header=np.frombuffer(header, np.uint8), **numbered)
    return file.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The texts, and the arrays by name, that `pack` packed."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        header: dict[str, Any] = json.loads(file["header"].tobytes())
        return header, {name: file[f"array{i}"] for i, name in enumerate(header["names"])}
