"""Writes a run: columns of rows in any order become its files, which are named after their digest."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from datacc.frozen import frozen
from datacc.repo.coded import each
from datacc.repo.identity import canonical_json
from datacc.repo.ids import in_order, is_first, to_ids
from datacc.repo.run import ID_DIGITS, ITSELF
from datacc.store import digest


@frozen
class Rows:
    """Rows that are to become a run, N of them, column by column: `ids`, and column id → JSON values, None for none."""

    ids: Sequence[str]
    values: Mapping[str, Sequence[Any]]
    cells: Mapping[str, Sequence[Any]]


def run_files(rows: Rows, origin: str) -> tuple[str, dict[str, bytes]]:
    """The id of the run of these rows, and its files, path → bytes; the order of the rows makes no difference."""
    order = _order(rows)
    head = "\t".join(["id", *rows.values])
    labels = _ordered(order, map("\t".join, zip(rows.ids, *map(_column, rows.values.values()), strict=True)))
    manifest = {"columns": list(rows.cells), "origin": origin, "rows": len(order)}
    texts = {
        "labels.tsv": f"{head}\n{labels}".encode(),
        "inputs.jsonl": _ordered(order, _inputs(rows)).encode(),
        "manifest.json": manifest_text(manifest),
    }
    id = digest(*(texts[name] for name in sorted(texts)))[:ID_DIGITS]
    return id, {f"runs/{id}/{name}": text for name, text in texts.items()}


def manifest_text(head: Mapping[str, Any]) -> bytes:
    """`manifest.json` with these entries."""
    return (json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _order(rows: Rows) -> list[int]:
    """The rows by id; those of one id by what they say."""
    ids = to_ids(rows.ids)
    order = in_order(ids)
    equal = np.flatnonzero(~is_first(ids[order])[1:])
    listed: list[int] = order.tolist()
    for start, end in _spans(equal.tolist()):
        listed[start:end] = sorted(listed[start:end], key=lambda n: canonical_json(_said(rows, n)))
    return listed


def _spans(equal: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, end) of each group of rows, where the rows `equal` are like the next one."""
    for at, row in enumerate(equal):
        if not at or equal[at - 1] != row - 1:
            end = at
            while end + 1 < len(equal) and equal[end + 1] == equal[end] + 1:
                end += 1
            yield row, equal[end] + 2


def _said(rows: Rows, number: int) -> list[dict[str, Any]]:
    columns = (rows.values, rows.cells)
    return [{c: column[number] for c, column in part.items() if column[number] is not None} for part in columns]


def _ordered(order: Sequence[int], lines: Iterable[str]) -> str:
    """The text of lines in an order."""
    listed = list(lines)
    return "\n".join([*map(listed.__getitem__, order), ""])


def _column(values: Sequence[Any]) -> list[str]:
    """The JSON texts of values; empty for none."""
    return each(values, lambda value: "" if value is None else canonical_json(value))


def _inputs(rows: Rows) -> Iterable[str]:
    """The lines of `inputs.jsonl`."""
    if not rows.cells:
        return ["[]"] * len(rows.ids)
    columns = [_cells(column, rows.ids) for column in rows.cells.values()]
    return map("[{}]".format, map(",".join, zip(*columns, strict=True)))


def _cells(cells: Sequence[Any], ids: Sequence[str]) -> list[str]:
    """The JSON texts of the cells of one column; media of the example's own address are short."""
    if dict not in set(map(type, cells)):
        return each(cells, canonical_json)
    pairs = zip(cells, ids, strict=True)
    return [canonical_json(ITSELF if cell == {"media": id} else cell) for cell, id in pairs]
