"""NumPy archives: an array of pictures or of rows (`x`, `X` or `images`) and one of labels (`y` or `labels`)."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.calls._spool import header
from datacc.errors import DataError
from datacc.intake import Format, Found, TableRows
from datacc.intake.arrays import WORDS, exported, read_exported
from datacc.intake.sheet import Sheet

LARGEST: Final = 8 << 30  # bytes, unpacked
_INPUTS: Final = ("x", "X", "images")
_LABELS: Final = ("y", "labels")


class Npz(Format):
    """Pictures (N, H, W) or (N, H, W, 1 or 3) of bytes become PGM or PPM files; (N, F) numbers become F columns."""

    endings = (".npz",)

    def matches(self, path: Path) -> bool:
        """Whether the name ends in .npz."""
        return path.suffix.lower() == ".npz" and path.is_file()

    def read(self, path: Path) -> Found:
        """One example per entry of the first axis; other arrays (N,) become columns under their own names."""
        arrays = _open(path)
        if WORDS in arrays:
            return read_exported(arrays, _pictures, path)
        name = _pick(arrays, _INPUTS, path)
        inputs, count = arrays[name], len(arrays[name])
        labels = next((arrays[word] for word in _LABELS if word in arrays), None)
        if labels is not None and labels.shape not in ((count,), (count, 1)):
            raise DataError(f"{count} examples but labels of shape {labels.shape}", where=str(path))
        own, media = dict[str, list[Any]](), None
        if inputs.ndim == 2 and inputs.dtype.kind in "uif":
            own = {f"{name}{i}": inputs[:, i].tolist() for i in range(inputs.shape[1])}
        else:
            media = _pictures(inputs, path)
        extra = _extra(arrays, count)
        rows = TableRows(
            where=[f"{path.name}[{i}]" for i in range(count)],
            cells={**own, **extra},
            media=media,
            labels=[None] * count if labels is None else _texts(labels.reshape(count)),
        )
        return Found(rows=rows, columns=(*own, *extra))

    def write(self, sheet: Sheet, path: Path) -> None:
        """`x` (pictures of one size, or float64 columns), `y` (text), and what else is known in `datacc`."""
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **exported(sheet, path))


def _open(path: Path) -> dict[str, NDArray[Any]]:
    tries = ["save plain arrays: np.savez(path, x=…, y=…)"]
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > LARGEST:
            raise DataError(f"unpacks to {size:,} bytes; {LARGEST:,} are allowed", where=str(path), tries=["split it"])
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        pickled = "allow_pickle" in str(error)
        what = "holds Python objects, which datacc never loads" if pickled else "is not a NumPy archive"
        raise DataError(what, where=str(path), tries=tries) from error


def _pick(arrays: dict[str, NDArray[Any]], names: Sequence[str], path: Path) -> str:
    for name in names:
        if name in arrays and arrays[name].ndim:
            return name
    raise DataError(
        f"has no array {', '.join(names[:-1])} or {names[-1]}; it has {', '.join(sorted(arrays)) or 'none'}",
        where=str(path),
        tries=["np.savez(path, x=…, y=…)"],
    )


def _pictures(inputs: NDArray[Any], path: Path) -> list[bytes]:
    if inputs.dtype != np.uint8 or not (inputs.ndim == 3 or (inputs.ndim == 4 and inputs.shape[3] in (1, 3))):
        raise DataError(
            f"inputs are {inputs.dtype} of shape {inputs.shape}; pictures are uint8 (N, H, W) or (N, H, W, 1 or 3)",
            where=str(path),
            tries=["numbers in 0 … 1: (x * 255).round().astype('uint8')", "rows of numbers: shape (N, F)"],
        )
    height, width, channels = (*inputs.shape[1:], 1)[:3]
    head = header(height, width, channels)  # as an inbox has it: the same pixels are the same example
    return [head + picture.tobytes() for picture in inputs]


def _extra(arrays: dict[str, NDArray[Any]], count: int) -> dict[str, list[Any]]:
    known = {*_INPUTS, *_LABELS}
    return {
        name: [v.decode(errors="replace") if isinstance(v, bytes) else v for v in array.tolist()]
        for name, array in arrays.items()
        if name not in known and array.shape == (count,) and array.dtype.kind in "buifUS"
    }


def _texts(labels: NDArray[Any]) -> list[str]:
    """The labels (N,) as they are written; each different one is written once."""
    values, which = np.unique(labels, return_inverse=True)
    return list(map([_text(value) for value in values.tolist()].__getitem__, which.tolist()))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


ENTRY = Npz()
