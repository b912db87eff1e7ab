"""Runs as arrays on disk, which are mapped, not read: part of the local index."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.repo.coded import Coded
from datacc.repo.lines import Lines
from datacc.repo.run import Run

_HALF: Final = ".half-"  # begins the name of what is being written
_ABOUT: Final = "about.json"


def kept_run(folder: Path, key: str, *, whole: bool) -> Run | None:
    """The run that was kept under `key` without its cells; None when there is none.

    `whole`: all of it will be read, so its checksums are compared; a damaged one is removed.
    """
    found = _load(folder / key, check=whole)
    if found is None:
        return None
    about, arrays = found
    names = [name for name in arrays if name != "ids"]
    values = {
        field: Coded(codes=arrays[name], words=tuple(about["words"][n]))
        for n, (field, name) in enumerate(zip(about["fields"], names, strict=True))
    }
    columns = tuple(about["columns"])
    return Run(
        id=about["id"],
        folder=about.get("folder", about["id"]),
        origin=about["origin"],
        columns=columns,
        ids=arrays["ids"],
        values=values,
        lines=None,
        gone=tuple(about.get("gone", ())),
    )


def keep_run(folder: Path, key: str, run: Run) -> None:
    """Keep a run, without its cells."""
    about = {
        "id": run.id,
        "folder": run.folder,
        "gone": run.gone,
        "origin": run.origin,
        "columns": run.columns,
        "fields": list(run.values),
        "words": [column.words for column in run.values.values()],
    }
    codes = {f"codes-{n}": column.codes for n, column in enumerate(run.values.values())}
    _save(folder / key, about, {"ids": run.ids, **codes})


def kept_lines(folder: Path, key: str) -> Lines | None:
    """The lines that were kept under `key`; None when there are none."""
    found = _load(folder / key, check=False)
    return Lines(text=found[1]["text"], ends=found[1]["ends"]) if found else None


def keep_lines(folder: Path, key: str, lines: Lines) -> None:
    """Keep lines."""
    _save(folder / key, {}, {"text": lines.text, "ends": lines.ends})


def damaged(folder: Path) -> list[Path]:
    """What is kept and is not as it was."""
    listed = (
        sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(_HALF))
        if folder.is_dir()
        else []
    )
    return [one for one in listed if _load(one, check=True, remove=False) is None]


def _save(place: Path, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a folder of arrays, all of it or nothing; that it cannot be written costs time later."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=_HALF, dir=place.parent))
    except OSError:
        return
    try:
        told = {}
        for name, array in arrays.items():
            (made / name).write_bytes(array.tobytes("F"))
            told[name] = {"dtype": array.dtype.str, "shape": array.shape, "checksum": _checksum(array)}
        text = json.dumps({**about, "arrays": told})
        (made / _ABOUT).write_text(f"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}\n{text}", "utf-8")
        os.replace(made, place)
    except OSError:  # the disk is full, or another process was quicker
        shutil.rmtree(made, ignore_errors=True)


def _load(place: Path, *, check: bool, remove: bool = True) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    try:
        total, _, text = (place / _ABOUT).read_text("utf-8").partition("\n")
        if hashlib.blake2b(text.encode(), digest_size=16).hexdigest() != total:
            raise ValueError("the description is damaged")
        about = json.loads(text)
        arrays = {name: _mapped(place / name, one["dtype"], one["shape"]) for name, one in about["arrays"].items()}
        if check and any(_checksum(arrays[name]) != one["checksum"] for name, one in about["arrays"].items()):
            raise ValueError("an array is damaged")
        return about, arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        if remove:
            with contextlib.suppress(OSError):
                shutil.rmtree(place)
        return None


def _mapped(file: Path, dtype: str, shape: Sequence[int]) -> NDArray[Any]:
    """The array in a file, column by column, of which only what is looked at is read."""
    if not all(shape):
        return np.zeros(tuple(shape), dtype)
    if file.stat().st_size != np.dtype(dtype).itemsize * math.prod(shape):
        raise ValueError("an array is cut off")
    return np.asarray(np.memmap(file, dtype, "r", shape=tuple(shape), order="F"))


def _checksum(array: NDArray[Any]) -> str:
    state = hashlib.blake2b(f"{array.dtype.str} {array.shape}".encode(), digest_size=16)
    state.update(array.T.ravel().view(np.uint8).data if array.size else b"")
    return state.hexdigest()
