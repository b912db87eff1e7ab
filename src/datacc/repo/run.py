"""A run: the rows of one import, immutable and sorted, as `labels.tsv`, `inputs.jsonl` and `manifest.json`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from datacc.errors import RepositoryError
from datacc.repo.identity import canonical_json
from datacc.repo.operation import WHOLE, Operation
from datacc.store import digest

_ID_DIGITS: Final = 16
_ITSELF: Final = {"media": "="}  # the address of the media is the example's id


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One imported row. `values`: output column id → JSON value; `cells`: other column id → JSON value.

    Media cells are `{"media": address}`.
    """

    id: str
    values: Mapping[str, Any]
    cells: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One import: its id, the name it came from, its rows, and the columns in the order of the files."""

    id: str
    origin: str
    outputs: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[RunRow, ...]

    def operations(self) -> Iterator[Operation]:
        """What its rows stand for: an `add` each, and a `set` for each value; row n has the id `<run>:<n>`."""
        for number, row in enumerate(self.rows):
            id = f"{self.id}:{number}"
            yield Operation(id=id, op="add", example=row.id, field=WHOLE)
            for field, value in row.values.items():
                yield Operation(id=id, op="set", example=row.id, field=field, new=value)


def make_run(rows: Sequence[RunRow], outputs: Sequence[str], columns: Sequence[str], origin: str) -> Run:
    """The run of `rows`; the same rows make the same run, in whatever order they come."""
    ordered = tuple(sorted(rows, key=lambda row: (row.id, canonical_json([row.values, row.cells]))))
    run = Run(id="", origin=origin, outputs=tuple(outputs), columns=tuple(columns), rows=ordered)
    files = _texts(run)
    id = digest(*(files[name] for name in sorted(files)))[:_ID_DIGITS]
    return Run(id=id, origin=origin, outputs=run.outputs, columns=run.columns, rows=ordered)


def run_files(run: Run) -> dict[str, bytes]:
    """Every file of the run: path → bytes."""
    return {f"runs/{run.id}/{name}": text for name, text in _texts(run).items()}


def read_run(id: str, labels: bytes, manifest: bytes | None, inputs: bytes | None) -> Run:
    """The run in its files; without `inputs` the cells are empty, without `manifest` its origin and columns as well.

    Raises `RepositoryError` for damaged files.
    """
    try:
        first, *lines = labels.decode().split("\n")[:-1]
        alone = {"columns": [], "origin": "", "rows": len(lines)}
        head: dict[str, Any] = alone if manifest is None else json.loads(manifest)
        outputs, columns = first.split("\t")[1:], [str(c) for c in head["columns"]]
        table = [json.loads(line) for line in inputs.split(b"\n")[:-1]] if inputs is not None else None
        if len(lines) != head["rows"] or (table is not None and len(table) != len(lines)):
            raise ValueError(f"{head['rows']} rows are announced")
        rows = tuple(
            _row(line, outputs, columns, table[number] if table is not None else ())
            for number, line in enumerate(lines)
        )
        return Run(id=id, origin=str(head["origin"]), outputs=tuple(outputs), columns=tuple(columns), rows=rows)
    except (ValueError, KeyError, TypeError) as error:
        raise RepositoryError(f"the run is damaged: {error}", where=f"runs/{id}", tries=["git fsck"]) from error


def _row(line: str, outputs: Sequence[str], columns: Sequence[str], cells: Sequence[Any]) -> RunRow:
    id, *texts = line.split("\t")
    values = {field: json.loads(text) for field, text in zip(outputs, texts, strict=True) if text}
    pairs = zip(columns, cells, strict=True) if cells else ()
    named = {c: {"media": id} if cell == _ITSELF else cell for c, cell in pairs if cell is not None}
    return RunRow(id=id, values=values, cells=named)


def _texts(run: Run) -> dict[str, bytes]:
    lines = ["\t".join(["id", *run.outputs])]
    for row in run.rows:
        values = (canonical_json(row.values[f]) if f in row.values else "" for f in run.outputs)
        lines.append("\t".join([row.id, *values]))
    cells = (canonical_json([_short(row, column) for column in run.columns]) for row in run.rows)
    manifest = {"columns": list(run.columns), "origin": run.origin, "rows": len(run.rows)}
    return {
        "labels.tsv": "".join(f"{line}\n" for line in lines).encode(),
        "inputs.jsonl": "".join(f"{line}\n" for line in cells).encode(),
        "manifest.json": (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(),
    }


def _short(row: RunRow, column: str) -> Any:
    cell = row.cells.get(column)
    return _ITSELF if cell == {"media": row.id} else cell
