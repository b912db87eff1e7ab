"""Arrow tables, as Parquet files and Hugging Face `datasets` hold them: to and from sheets. Needs pyarrow."""

import datetime
import decimal
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from datacc.errors import DataError, MissingExtra
from datacc.intake import Bad, Found, Raw
from datacc.intake.jsonl import flat
from datacc.intake.sheet import Sheet, SheetColumn, as_cell, from_cell, parse_said

IMAGE: Final = "image"
_SAID: Final = b"datacc"
_HUGGING_FACE: Final = b"huggingface"
_NUMBERS: Final = {"dtype": "float64", "_type": "Value"}
_TEXT: Final = {"dtype": "string", "_type": "Value"}


def pyarrow(*modules: str) -> ModuleType:
    """The package, with these modules of it loaded. Raises `MissingExtra`."""
    try:
        found = import_module("pyarrow")
        for name in modules:
            import_module(f"pyarrow.{name}")
    except ImportError as missing:
        tries = ["pip install 'datacc[tables]'"]
        raise MissingExtra("Parquet and datasets need the package pyarrow", tries=tries) from missing
    return found


def to_table(sheet: Sheet) -> Any:
    """The Arrow table of `sheet`, with Hugging Face's features: the label a ClassLabel, files as {bytes, path}."""
    pa = pyarrow()
    names, arrays = list[str](), list[Any]()
    features: dict[str, Any] = {}
    if sheet.media:
        image = _free(IMAGE, sheet)
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        names.append(image)
        arrays.append(pa.array([{"bytes": one, "path": None} for one in sheet.media], kind))
        features[image] = {"_type": "Image"}
    for column in sheet.columns:
        values = [row.get(column.name) for row in sheet.rows]
        names.append(column.name)
        if column.kind == "output" and sheet.output_type == "label":
            index = {name: i for i, name in enumerate(sheet.classes)}
            arrays.append(pa.array([None if v is None else index[v] for v in values], pa.int64()))
            features[column.name] = {"names": list(sheet.classes), "_type": "ClassLabel"}
        elif column.type == "number":
            doubles = [None if v is None else float(v) for v in values]  # JSON may print a whole one as an integer
            arrays.append(pa.array(doubles, pa.float64()))
            features[column.name] = _NUMBERS
        else:
            arrays.append(pa.array([None if v is None else as_cell(v, column.type) for v in values], pa.string()))
            features[column.name] = _TEXT
    told = {_SAID: sheet.said(), _HUGGING_FACE: json.dumps({"info": {"features": features}}, ensure_ascii=False)}
    return pa.table(dict(zip(names, arrays, strict=True))).replace_schema_metadata(told)


def from_table(table: Any, where: str, split: str | None = None) -> Found:
    """The examples of an Arrow table; `split` is what the file's name told."""
    if len(set(table.column_names)) < len(table.column_names):
        raise DataError("two columns have one name", where=where, tries=["rename one of them"])
    metadata = table.schema.metadata or {}
    told = metadata.get(_SAID)
    said = parse_said(told, where) if told else None
    features = _features(metadata)
    kinds = {column.name: column for column in said.columns} if said else {}
    columns = {name: _values(table, name, where) for name in table.column_names}
    rows: list[Raw] = []
    bad: list[Bad] = []
    for number in range(table.num_rows):
        place = f"{where}:{number + 1}"
        try:
            cells = {name: values[number] for name, values in columns.items()}
            rows.append(_row(cells, features, kinds, place, split if not said else None))
        except (ValueError, DataError) as error:
            bad.append(Bad(where=place, why=str(getattr(error, "what", error))))
    if said:
        return said.found(rows, bad=tuple(bad))
    names = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    whole = tuple(
        Raw(where=r.where, media=r.media, cells={n: r.cells.get(n) for n in names}, split=r.split) for r in rows
    )
    return Found(rows=whole, columns=names, bad=tuple(bad))


def _free(name: str, sheet: Sheet) -> str:
    taken = {column.name for column in sheet.columns}
    while name in taken:
        name = f"{name}_file"
    return name


def _features(metadata: Mapping[bytes, bytes]) -> Mapping[str, Sequence[str]]:
    """Column → class names, of those that are a ClassLabel."""
    try:
        features = json.loads(metadata.get(_HUGGING_FACE, b"{}")).get("info", {}).get("features", {})
        return class_names(features)
    except (ValueError, AttributeError, RecursionError):
        return {}


def class_names(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column → class names, of the features of a data set that are a ClassLabel."""
    labels = {n: f for n, f in features.items() if isinstance(f, dict) and f.get("_type") == "ClassLabel"}
    return {name: [str(one) for one in feature.get("names") or ()] for name, feature in labels.items()}


def _values(table: Any, name: str, where: str) -> list[Any]:
    try:
        values: list[Any] = table.column(name).to_pylist()
    except (ValueError, OverflowError, UnicodeDecodeError) as error:
        raise DataError(f"column {name!r} cannot be read: {error}", where=where, tries=["leave it out"]) from error
    return values


def _row(
    cells: Mapping[str, Any],
    features: Mapping[str, Sequence[str]],
    kinds: Mapping[str, SheetColumn],
    where: str,
    split: str | None,
) -> Raw:
    media, plain = None, dict[str, Any]()
    for name, value in cells.items():
        if isinstance(value, dict) and set(value) == {"bytes", "path"}:
            if media is not None:
                raise ValueError("has two files; one is read")
            if not isinstance(value["bytes"], bytes):
                raise ValueError(f"{name!r} holds no bytes; a path alone is not followed")
            media = value["bytes"]
        elif name in features and value is not None:
            plain[name] = _class(value, features[name], name)
        elif name in kinds and isinstance(value, str):
            plain[name] = from_cell(value, kinds[name].type, where)
        else:
            plain[name] = _plain(value, name)
    return Raw(where=where, media=media, cells=flat(plain), split=split)


def _class(value: Any, names: Sequence[str], column: str) -> str | None:
    if not isinstance(value, int) or not -1 <= value < len(names):
        raise ValueError(f"{column!r} is {value!r}, and there are {len(names)} classes")
    return None if value == -1 else names[value]  # -1 stands for "not labelled"


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, datetime.date | datetime.time | datetime.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bytes):
        raise ValueError(f"{name!r} holds bytes; files are {{bytes, path}} structs")
    return value


def read_parquet(path: Path) -> Any:
    """The table in a Parquet file. Raises `DataError` for any other file."""
    pa = pyarrow("parquet")
    try:
        return pa.parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        what = f"is not a Parquet file: {str(error).splitlines()[0]}"
        raise DataError(what, where=str(path), tries=["check the file, and its ending"]) from error


def write_parquet(sheet: Sheet, path: Path) -> None:
    """`sheet` as a Parquet file."""
    pyarrow("parquet").parquet.write_table(to_table(sheet), path)
