"""The arrays of an exported .npz: `x` and `y` as NumPy users expect them, and `datacc`, the sheet's cells as JSON."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.intake import Found, Raw
from datacc.intake.sheet import Sheet, parse_said

WORDS: Final = "datacc"  # the name of the array that tells the columns, UTF-8 bytes
_PICTURE: Final = re.compile(rb"(P[56])\n([1-9][0-9]*) ([1-9][0-9]*)\n255\n", re.ASCII)


def exported(sheet: Sheet, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of `sheet`. Raises `DataError` for inputs that are texts, and pictures that are not of one size."""
    inputs = sheet.of("input")
    kept = sheet.without(sheet.output, *inputs)
    names = [column.name for column in kept.columns]
    cells = [[row.get(name) for name in names] for row in sheet.rows]
    labels = [sheet.label(row) for row in sheet.rows]
    texts = [column.name for column in sheet.columns if column.kind == "input" and column.type != "number"]
    if texts:
        what = f"the input {texts[0]!r} holds texts; arrays hold numbers"
        raise DataError(what, where=path.name, tries=["datacc export FILE.parquet"])
    if sheet.media:
        x: NDArray[Any] = _stack(sheet.media, path)
    else:
        x = np.array([[row[name] for name in inputs] for row in sheet.rows], np.float64)
    said = sheet.said(cells=cells)
    return {
        "x": x,
        "y": np.array(["" if label is None else str(label) for label in labels], np.str_),
        WORDS: np.frombuffer(said.encode(), np.uint8),
    }


def read_exported(arrays: Mapping[str, NDArray[Any]], pictures: Callable[..., list[bytes]], path: Path) -> Found:
    """What `exported` was given. `y` counts, so that an edited array of labels is imported as edited."""
    said = parse_said(arrays[WORDS].tobytes(), f"{path}[{WORDS}]")
    inputs = [column.name for column in said.columns if column.kind == "input"]
    names = [c.name for c in said.columns if c.kind != "input" and c.name != said.output]
    try:
        x, labels = arrays["x"], [str(label) or None for label in arrays["y"].tolist()]
        media = [None] * len(x) if inputs else pictures(x, path)
        rows = [
            Raw(
                where=f"{path.name}[{i}]",
                media=file,
                cells={said.output: label, **dict(zip(names, cells, strict=True)), **_numbers(inputs, x[i])},
            )
            for i, (file, label, cells) in enumerate(zip(media, labels, said.more["cells"], strict=True))
        ]
    except (KeyError, TypeError, ValueError) as error:
        what = f"the arrays do not fit their description: {error}"
        raise DataError(what, where=str(path), tries=[f"leave out the array {WORDS!r}"]) from error
    return said.found(rows)


def _numbers(inputs: list[str], row: NDArray[Any]) -> dict[str, float]:
    return dict(zip(inputs, row.tolist(), strict=True)) if inputs else {}


def _stack(media: tuple[bytes, ...], path: Path) -> NDArray[np.uint8]:
    heads = {match.group() if (match := _PICTURE.match(one)) else b"" for one in media}
    head = next(iter(heads))
    match = _PICTURE.fullmatch(head)
    shape = (int(match[3]), int(match[2]), *((3,) if match[1] == b"P6" else ())) if match else ()
    size = int(np.prod(shape)) + len(head)
    if len(heads) > 1 or not match or any(len(one) != size for one in media):
        raise DataError(
            "the pictures are not all arrays of one size, so .npz would change their bytes",
            where=path.name,
            tries=["a folder per class", "--format parquet"],
        )
    return np.stack([np.frombuffer(one, np.uint8, offset=len(head)).reshape(shape) for one in media])
