"""Give each row its id: what it is made of decides, never its label."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any

from datacc.frozen import frozen
from datacc.intake.importing.rows import Rows
from datacc.repo.coded import each
from datacc.repo.identity import ADDRESS_BYTES, canonical_json, example_id


@frozen(eq=False)
class Identified:
    """N rows with their `ids`, `occurrences` of equal inputs before them, and `inputs`: column id → N values."""

    rows: Rows
    ids: Sequence[str]
    occurrences: Sequence[int]
    inputs: Mapping[str, Sequence[Any]]


def identify(rows: Rows, inputs: Mapping[str, str]) -> Identified:
    """`inputs`: input column name → permanent id in rank order; for media a single column.

    Equal media are one example. Equal rows of a table without a key are several, told apart by their occurrence.
    """
    if rows.media is not None:
        values: dict[str, Sequence[Any]] = {id: [{"media": one} for one in rows.addresses] for id in inputs.values()}
        ids = [example_id(one, key) for one, key in zip(rows.addresses, rows.key, strict=True)]
        return Identified(rows=rows, ids=ids, occurrences=[0] * len(rows), inputs=values)
    columns = {id: rows.cells[name] for name, id in inputs.items()}
    occurrences = _occurrences(columns, rows)
    plain = [blake2b(text.encode(), digest_size=ADDRESS_BYTES).hexdigest() for text in _objects(columns)]
    if any(occurrences) or any(key is not None for key in rows.key):
        plain = [example_id(*one) for one in zip(plain, rows.key, occurrences, strict=True)]
    return Identified(rows=rows, ids=plain, occurrences=occurrences, inputs=columns)


def _occurrences(columns: Mapping[str, Sequence[Any]], rows: Rows) -> list[int]:
    """How often each row's inputs, without a key, stood in a row before it."""
    if rows.occurrence is not None:  # an export told it
        return [number or 0 for number in rows.occurrence]
    keyless = [key is None for key in rows.key]
    whole: list[Any] = list(zip(*columns.values(), strict=True)) if len(columns) > 1 else list(*columns.values())
    if len(set(whole)) == len(whole):
        return [0] * len(whole)
    seen: Counter[Any] = Counter()
    occurrences = []
    for values, counts in zip(whole, keyless, strict=True):
        occurrences.append(seen[values] if counts else 0)
        seen[values] += counts
    return occurrences


def _objects(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """The canonical JSON object of each row's inputs: column id → value, without what is missing."""
    texts = {
        id: each(columns[id], lambda cell: None if cell is None else canonical_json(cell)) for id in sorted(columns)
    }
    parts = [[text and f"{encode_basestring(id)}:{text}" for text in column] for id, column in texts.items()]
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*parts, strict=True)]
