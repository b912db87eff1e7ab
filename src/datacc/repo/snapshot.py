"""Freeze labelled examples into a `Snapshot`, the one thing that every later stage reads; put judge labels away."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.container import pack, unpack
from datacc.registry import load
from datacc.repo.coded import NONE, Coded, as_coded
from datacc.repo.enough import rare, refuse_empty_split, refuse_too_few
from datacc.repo.example import Example, Examples, columnar
from datacc.repo.identity import canonical_json
from datacc.repo.split import JUDGE, LEARN, SPLITS, TUNE, assign, leaders_of
from datacc.spec.program import Field, Program
from datacc.store import Store, canonical, digest

__all__ = ["JUDGE", "LEARN", "SEALED", "SPLITS", "TUNE", "Snapshot", "freeze", "recall", "remember", "remembered"]

FROZEN: Final = b"DATACCT\n"  # first bytes of a snapshot in the cache
ENCODED: Final = b"DATACCE\n"  # first bytes of its inputs
SEALED: Final = b"DATACCJ\n"  # first bytes of judge labels in the cache
_LAYOUT: Final = "snapshot 2"
_SPLITS: Final = "splits of all rows"  # no name of an output
_GROUPS: Final = "groups of all rows"
_COLUMN: Final = "column "  # begins the name of the codes of a column


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """Examples frozen at one moment, N rows in the order of their ids; only labelled ones without a conflict.

    `splits` (N,) LEARN, TUNE or JUDGE; `groups` (N,) a number that rows have in common which must not be told apart,
    by their group or an equal input; `inputs` field → (N, *shape), encoded by its type; `labels` field → likewise, (N,)
    class indices of a label, with the type's blank (−1) on every judge row; `classes` field → names in permanent order;
    `columns` other columns for slices, with "name", what the user calls the row (None on judge rows, since a path often
    tells the label); `sealed` the digest under which the judge labels were put away; `notes` what was left out or
    counted; `origin` "commit <hash>" or "table <name> <digest>".
    """

    ids: tuple[str, ...]
    splits: NDArray[np.uint8]
    inputs: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[Any]]
    classes: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[Any, ...]]
    sealed: str
    notes: tuple[str, ...]
    origin: str
    digest: str
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def rows(self, split: int) -> NDArray[np.intp]:
        """The row numbers of one split, ascending."""
        return np.flatnonzero(self.splits == split)

    @cached_property
    def seen(self) -> str:
        """The digest of all that a fit sees of it, in this order: learn and tune, and nothing of judge."""
        rows = np.flatnonzero(self.splits != JUDGE)
        arrays = [
            self.splits[rows],
            *(table[name][rows] for table in (self.inputs, self.labels) for name in sorted(table)),
        ]
        shapes = [
            [name, list(self.inputs[name].shape[1:]), self.inputs[name].dtype.name] for name in sorted(self.inputs)
        ]
        said = [shapes, sorted(self.labels), {field: list(names) for field, names in self.classes.items()}]
        ids = "".join(self.ids[row] for row in rows)
        return digest("seen 1", canonical(said), ids, *(array.tobytes() for array in arrays))


def freeze(
    store: Store,
    program: Program,
    examples: Iterable[Example],
    classes: Mapping[str, Sequence[str]],
    origin: str,
    notes: Iterable[str] = (),
) -> Snapshot:
    """The snapshot of `examples` for `program`; the same ones give the same digest, and are encoded only once.

    `classes`: output field → class names in permanent order. Raises `DataError` when there are no examples, only one
    class, an empty split or an input that its type refuses.
    """
    given = columnar(examples)
    ordered = given.take(sorted(range(len(given)), key=given.ids.__getitem__))
    for output in program.outputs:
        refuse_too_few(ordered, output)
    splits, split_notes = assign(ordered)
    refuse_empty_split(splits)
    said = (*notes, *split_notes, *rare(ordered, splits, program.outputs))
    names = {field: tuple(order) for field, order in classes.items()}
    key = _digest(program, ordered, names)
    found = recall(store, key)
    if found is None:
        inputs = _inputs_key(program, ordered)
        found = _encode(store, program, ordered, names, splits, key, inputs)
        store.put(_place(key), _dump(found, inputs))
    return replace(found, origin=origin, notes=said)


def recall(store: Store, key: str) -> Snapshot | None:
    """The snapshot of digest `key`, as it was frozen before, without origin and notes; None when the cache lost it."""
    raw = store.get(_place(key))
    if raw is None:
        return None
    texts, arrays = unpack(FROZEN, raw)
    encoded = store.get(texts["inputs"])
    if encoded is None or store.get(texts["sealed"]) is None:
        return None
    return _restored(texts, arrays, unpack(ENCODED, encoded)[1])


def remember(store: Store, key: str, snapshot: Snapshot) -> None:
    """Keep which snapshot came out under `key`, the digest of all that went into it, and its notes."""
    store.put(key, canonical({"snapshot": snapshot.digest, "notes": snapshot.notes}).encode())


def remembered(store: Store, key: str, origin: str) -> Snapshot | None:
    """What came out under `key`, without reading what went in; None when the cache does not know it."""
    raw = store.get(key)
    if raw is None:
        return None
    told = json.loads(raw)
    found = recall(store, told["snapshot"])
    return replace(found, origin=origin, notes=tuple(told["notes"])) if found is not None else None


def _encode(
    store: Store,
    program: Program,
    ordered: Examples,
    classes: Mapping[str, tuple[str, ...]],
    splits: Sequence[int],
    key: str,
    inputs: str,
) -> Snapshot:
    where = np.array(splits, np.uint8)
    truth = {
        output.name: load("types", output.type).encode(list(ordered.labels[output.name]), classes[output.name])
        for output in program.outputs
    }
    judged = where == JUDGE
    return Snapshot(
        ids=tuple(ordered.ids),
        splits=where,
        inputs=_inputs(store, inputs, program, ordered),
        labels=_hidden(program, truth, judged),
        classes=classes,
        columns=_columns(ordered, splits),
        sealed=_seal(store, _hidden(program, truth, ~judged)),
        notes=(),
        origin="",
        digest=key,
        groups=_groups(ordered),
    )


def _hidden(program: Program, truth: Mapping[str, NDArray[Any]], rows: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The labels with a blank in these rows."""
    found = {name: column.copy() for name, column in truth.items()}
    for output in program.outputs:
        found[output.name][rows] = load("types", output.type).blank
    return found


def _groups(ordered: Examples) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(leader, len(numbers)) for leader in leaders_of(ordered)], np.int64)


def _inputs(store: Store, key: str, program: Program, ordered: Examples) -> dict[str, NDArray[Any]]:
    """Every input, encoded only once: a label that changes costs nothing here. `key` is that of `_inputs_key`."""
    raw = store.get(key)
    if raw is not None:
        return dict(unpack(ENCODED, raw)[1])
    found = {field.name: _encoded(field, ordered) for field in program.inputs}
    store.put(key, pack(ENCODED, {}, found))
    return found


def _inputs_key(program: Program, ordered: Examples) -> str:
    fields = [[field.name, field.type, dict(field.options)] for field in program.inputs]
    return digest("inputs 1", canonical_json(fields), "".join(map("{} {}\n".format, ordered.ids, ordered.contents)))


def _encoded(field: Field, ordered: Examples) -> NDArray[Any]:
    kind = load("types", field.type)
    options = kind.options(**field.options)
    values = ordered.inputs[field.name]
    try:
        return np.asarray(kind.encode(values, options))
    except DataError:
        for n, value in enumerate(values):  # again one by one, to name the example
            try:
                kind.encode([value], options)
            except DataError as error:
                where = ordered.names[n] or f"example {ordered.ids[n][:12]}"
                raise DataError(error.what, where=where, tries=error.tries) from error
        raise


def _columns(ordered: Examples, splits: Sequence[int]) -> dict[str, tuple[Any, ...]]:
    shown = (None if split == JUDGE else name for name, split in zip(ordered.names, splits, strict=True))
    return {"name": tuple(shown), **{name: tuple(ordered.columns[name]) for name in sorted(ordered.columns)}}


def _seal(store: Store, truth: Mapping[str, NDArray[Any]]) -> str:
    data = pack(SEALED, {}, {name: truth[name] for name in sorted(truth)})
    key = digest("judge labels", data)
    store.put(key, data)
    return key


def _digest(program: Program, ordered: Examples, classes: Mapping[str, tuple[str, ...]]) -> str:
    fields = [[f.name, f.type, dict(f.options)] for f in (*program.inputs, *program.outputs)]
    told = {"content": ordered.contents, "name": ordered.names, "group": ordered.groups, "split": ordered.splits}
    tables = ({"id": ordered.ids, **told}, ordered.labels, ordered.columns)
    columns = [(place, name, table[name]) for place, table in enumerate(tables) for name in sorted(table)]
    return digest(_LAYOUT, canonical_json(fields), canonical_json(classes), *map(_column_digest, columns))


def _column_digest(column: tuple[int, str, Sequence[Any]]) -> str:
    """The digest of a column, however its words are numbered."""
    *place, cells = column
    found = as_coded(cells)
    used, firsts, codes = np.unique(found.codes, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    words = [None if code == NONE else found.words[code] for code in used[order].tolist()]
    return digest(canonical_json([*place, words]), np.argsort(order)[codes].astype("<i4").tobytes())


def _place(key: str) -> str:
    """Where the cache has the snapshot of digest `key`, in the present form."""
    return digest("snapshot, inputs apart, columns coded", key)


def _dump(snapshot: Snapshot, inputs: str) -> bytes:
    """All but the inputs, which are kept under the digest `inputs`."""
    texts = {name: getattr(snapshot, name) for name in ("ids", "classes", "sealed", "digest")}
    columns = {name: as_coded(cells) for name, cells in snapshot.columns.items()}
    words = {name: column.words for name, column in columns.items()}
    codes = {f"{_COLUMN}{name}": column.codes for name, column in columns.items()}
    arrays = {**snapshot.labels, _SPLITS: snapshot.splits, _GROUPS: snapshot.groups, **codes}
    return pack(FROZEN, {**texts, "columns": words, "inputs": inputs}, arrays)


def _restored(texts: Mapping[str, Any], arrays: Mapping[str, Any], inputs: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        ids=tuple(texts["ids"]),
        splits=arrays[_SPLITS],
        inputs=dict(inputs),
        labels={name: array for name, array in arrays.items() if " " not in name},
        classes={name: tuple(order) for name, order in texts["classes"].items()},
        columns={
            name: tuple(Coded(codes=arrays[f"{_COLUMN}{name}"], words=tuple(words)))
            for name, words in texts["columns"].items()
        },
        sealed=texts["sealed"],
        notes=(),
        origin="",
        digest=texts["digest"],
        groups=arrays[_GROUPS],
    )
