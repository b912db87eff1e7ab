"""What no label changes of examples that are frozen: their order, splits, groups and columns, worked out only once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.container import pack, unpack
from datacc.repo.coded import Coded, as_coded
from datacc.repo.enough import refuse_empty_split
from datacc.repo.example import Examples
from datacc.repo.frozen import Told, told_of_rows
from datacc.repo.split import JUDGE, assign, leaders_of
from datacc.store import Store, canonical, digest

OUTLINE: Final = b"DATACCL\n"  # first bytes of an outline in the cache
_ORDER: Final = "order"
_SPLITS: Final = "splits"
_GROUPS: Final = "groups"
_COLUMN: Final = "column "  # before the name of a column, of its codes


@frozen(eq=False)
class Outline:
    """N rows in the order of their ids; `key` is what the cache has them under.

    `order` (N,) tells where each stood among the examples, `told` the digests of their columns, `notes` what was
    decided on the splits; `ids`, `splits`, `groups` and `columns` are those of a snapshot.
    """

    key: str
    order: NDArray[np.int64]
    ids: tuple[str, ...]
    splits: NDArray[np.uint8]
    groups: NDArray[np.int64]
    columns: Mapping[str, tuple[Any, ...]]
    told: Told
    notes: tuple[str, ...]


def outline(store: Store, given: Examples) -> Outline:
    """The outline of examples, from the cache where they were there before, however they were labelled.

    Raises `DataError` when a split stays empty.
    """
    key = _key(given)
    found = recall_outline(store, key)
    if found is None:
        found = _worked_out(given, key)
        store.put(key, _dump(found))
    return found


def recall_outline(store: Store, key: str) -> Outline | None:
    """The outline under `key`; None when the cache does not have it."""
    raw = store.get(key)
    if raw is None:
        return None
    texts, arrays = unpack(OUTLINE, raw)
    return Outline(
        key=key,
        order=arrays[_ORDER],
        ids=tuple(texts["ids"]),
        splits=arrays[_SPLITS],
        groups=arrays[_GROUPS],
        columns={
            name: tuple(Coded(codes=arrays[_COLUMN + name], words=tuple(words)))
            for name, words in texts["columns"].items()
        },
        told={(place, name): said for place, name, said in texts["told"]},
        notes=tuple(texts["notes"]),
    )


def _key(given: Examples) -> str:
    """The digest of all that examples have beside inputs and labels, in the order in which they stand."""
    plain = (given.ids, given.contents, given.names, given.groups, given.splits)
    columns = {name: as_coded(cells) for name, cells in given.columns.items()}
    words = canonical([[name, list(columns[name].words)] for name in sorted(columns)])
    codes = b"".join(columns[name].codes.astype("<i4").tobytes() for name in sorted(columns))
    return digest("outline 1", *(canonical(list(one)) for one in plain), words, codes)


def _worked_out(given: Examples, key: str) -> Outline:
    order = sorted(range(len(given)), key=given.ids.__getitem__)
    ordered = given.take(order)
    splits, notes = assign(ordered)
    leaders = leaders_of(ordered)
    refuse_empty_split(splits, leaders)
    return Outline(
        key=key,
        order=np.array(order, np.int64),
        ids=tuple(ordered.ids),
        splits=np.array(splits, np.uint8),
        groups=_groups(leaders),
        columns=_columns(ordered, splits),
        told=told_of_rows(ordered),
        notes=notes,
    )


def _groups(leaders: Sequence[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(leader, len(numbers)) for leader in leaders], np.int64)


def _columns(ordered: Examples, splits: Sequence[int]) -> dict[str, tuple[Any, ...]]:
    shown = (None if split == JUDGE else name for name, split in zip(ordered.names, splits, strict=True))
    return {"name": tuple(shown), **{name: tuple(ordered.columns[name]) for name in sorted(ordered.columns)}}


def _dump(found: Outline) -> bytes:
    columns = {name: as_coded(cells) for name, cells in found.columns.items()}
    texts = {
        "ids": found.ids,
        "columns": {name: column.words for name, column in columns.items()},
        "told": [[*place, said] for place, said in found.told.items()],
        "notes": found.notes,
    }
    codes = {_COLUMN + name: column.codes for name, column in columns.items()}
    return pack(OUTLINE, texts, {_ORDER: found.order, _SPLITS: found.splits, _GROUPS: found.groups, **codes})
