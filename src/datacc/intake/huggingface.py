"""Hugging Face `datasets`: a folder of Parquet files, or what `save_to_disk` wrote. No script runs, no fetching."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError
from datacc.intake import Format, Found
from datacc.intake.arrow import from_table, pyarrow, read_parquet, write_parquet
from datacc.intake.sheet import Sheet
from datacc.repo.split import split_named

_SPLITS: Final = {"learn": "train", "tune": "validation", "judge": "test"}
_SHARD: Final = re.compile(r"([A-Za-z]+)(?:[-_.].*)?")


class HuggingFace(Format):
    """Class names come from the ClassLabel feature, splits from the names of files or folders."""

    def matches(self, path: Path) -> bool:
        """Whether it is a folder that holds such a data set."""
        return is_dataset(path)

    def read(self, path: Path) -> Found:
        """The examples of every split, in the order of the files' names."""
        parts = list(_saved(path, path.name) if _is_saved(path) else _parquet(path))
        if not parts:
            raise DataError("the data set has no files", where=str(path), tries=["save it again"])
        if len({part.columns for part in parts}) > 1 or len({part.output for part in parts}) > 1:
            raise DataError("the splits have different columns", where=str(path), tries=["import them one by one"])
        rows = tuple(row for part in parts for row in part.rows)
        return replace(parts[0], rows=rows, bad=tuple(bad for part in parts for bad in part.bad))

    def write(self, sheet: Sheet, path: Path) -> None:
        """`data/train-00000-of-00001.parquet` and so on; what was imported without a split is in train."""
        (path / "data").mkdir(parents=True)
        [split] = sheet.of("split") or ("",)
        for name in _SPLITS.values():
            chosen = [i for i, row in enumerate(sheet.rows) if _SPLITS[row.get(split) or "learn"] == name]
            if chosen:
                media = tuple(sheet.media[i] for i in chosen) if sheet.media else ()
                part = replace(sheet, rows=tuple(sheet.rows[i] for i in chosen), media=media)
                write_parquet(part, path / "data" / f"{name}-00000-of-00001.parquet")


def is_dataset(path: Path) -> bool:
    """Whether `path` is a folder that `datasets` wrote or reads without a script."""
    return path.is_dir() and (_is_saved(path) or any(_shards(path)))


def _is_saved(path: Path) -> bool:
    return (path / "dataset_dict.json").is_file() or (path / "state.json").is_file()


def _shards(path: Path) -> list[Path]:
    return sorted([*path.glob("*.parquet"), *path.glob("data/*.parquet")])


def _parquet(path: Path) -> Iterator[Found]:
    for shard in _shards(path):
        word = _SHARD.fullmatch(shard.stem)
        yield from_table(read_parquet(shard), shard.name, split_named(word[1]) if word else None)


def _saved(path: Path, where: str, split: str | None = None) -> Iterator[Found]:
    """What `save_to_disk` wrote: Arrow streams, which its state names, and the features beside them."""
    if (path / "dataset_dict.json").is_file():
        for name in _listed(_json(path / "dataset_dict.json").get("splits"), path / "dataset_dict.json"):
            yield from _saved(path / name, f"{where}/{name}", split_named(name))
        return
    features = _json(path / "dataset_info.json").get("features") or {}
    state = _json(path / "state.json")
    if state.get("_indices_data_files"):
        raise DataError(
            "holds a selection of its rows", where=str(path), tries=["flatten_indices() before it is saved"]
        )
    files = state.get("_data_files")
    names = [one.get("filename") if isinstance(one, dict) else None for one in files or ()]
    for name in _listed(names, path / "state.json"):
        table = _stream(path / name)
        told = dict(table.schema.metadata or {})
        told[b"huggingface"] = json.dumps({"info": {"features": features}}).encode()
        yield from_table(table.replace_schema_metadata(told), f"{where}/{name}", split)


def _listed(names: Any, where: Path) -> list[str]:
    """File names, none of which leads out of the folder."""
    if not isinstance(names, list) or not all(isinstance(n, str) and re.fullmatch(r"\w[\w.\-]*", n) for n in names):
        raise DataError("names no files of its folder", where=str(where), tries=["save the data set again"])
    return names


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), tries=["save the data set again"]) from error
    if not isinstance(value, dict):
        raise DataError("is not a JSON object", where=str(path), tries=["save the data set again"])
    return value


def _stream(path: Path) -> Any:
    pa = pyarrow("ipc")
    try:
        with pa.OSFile(str(path)) as file:
            return pa.ipc.open_stream(file).read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        what = f"is not an Arrow stream: {str(error).splitlines()[0]}"
        raise DataError(what, where=str(path), tries=["save the data set again"]) from error


ENTRY = HuggingFace()
