"""Freeze labelled examples into a `Snapshot`, the one thing that every later stage reads; put judge labels away."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.container import pack, unpack
from datacc.registry import load
from datacc.repo.coded import Coded, as_coded
from datacc.repo.encoded import ENCODED, encoded_inputs, inputs_key, parted
from datacc.repo.enough import rare, refuse_empty_split, refuse_too_few
from datacc.repo.example import Example, Examples, columnar
from datacc.repo.frozen import digest_of
from datacc.repo.soft import shares
from datacc.repo.split import JUDGE, LEARN, SPLITS, TUNE, assign, leaders_of
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

__all__ = ["JUDGE", "LEARN", "SEALED", "SPLITS", "TUNE", "Snapshot", "freeze", "recall", "remember", "remembered"]

FROZEN: Final = b"DATACCT\n"  # first bytes of a snapshot in the cache
SEALED: Final = b"DATACCJ\n"  # first bytes of judge labels in the cache
_SPLITS: Final = "splits of all rows"  # no name of an output
_GROUPS: Final = "groups of all rows"
_SOFT: Final = "shares of "  # before the name of an output
_COLUMN: Final = "column "  # before the name of a column, of its codes


@frozen(eq=False)
class Snapshot:
    """Examples frozen at one moment, N rows in the order of their ids; only labelled ones without a conflict.

    `splits` (N,) LEARN, TUNE or JUDGE; `groups` (N,) a number that rows have in common which must not be told apart,
    by their group or an equal input; `inputs` field → (N, *shape), encoded by its type; `further` field → what of long
    values these do not hold, M rows with whose each is, ascending, where there are any; `labels` field → likewise, (N,)
    class indices of a label, with the type's blank (−1) on every judge row; `classes` field → names in permanent order;
    `soft` field → (N, K) the shares of classes that are learnt in their place, where a teacher told such, 0 in judge;
    `columns` other columns for slices, with "name", what the user calls the row (None on judge rows, since a path often
    tells the label); `sealed` the digest under which the judge labels were put away; `notes` what was left out or
    counted; `origin` "commit <hash>" or "table <name> <digest>"; `looked` output → how many judge labels people looked
    at again, and how many of them they changed; `encoded` the digest of what the inputs are made of.
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
    further: Mapping[str, tuple[NDArray[np.intp], NDArray[Any]]] = field(default_factory=dict)
    soft: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    looked: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    encoded: str = ""

    def rows(self, split: int) -> NDArray[np.intp]:
        """The row numbers of one split, ascending."""
        return np.flatnonzero(self.splits == split)

    @cached_property
    def seen(self) -> str:
        """The digest of all that a fit sees of it, in this order: learn and tune, and nothing of judge."""
        rows = np.flatnonzero(self.splits != JUDGE)
        arrays = [
            self.splits[rows],
            *(table[name][rows] for table in (self.inputs, self.labels, self.soft) for name in sorted(table)),
        ]
        judged = self.splits == JUDGE
        arrays += [rows[~judged[whose]] for _, (whose, rows) in sorted(self.further.items())]
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
    said = (*notes, *split_notes, *rare(ordered, program.outputs))
    names = {field: tuple(order) for field, order in classes.items()}
    key = digest_of(program, ordered, names)
    found = recall(store, key)
    if found is None:
        inputs = inputs_key(program, ordered)
        found = _encode(store, program, ordered, names, splits, key, inputs)
        store.put(_place(key), _dump(found, inputs))
    return replace(found, origin=origin, notes=said)


def recall(store: Store, key: str, like: Snapshot | None = None) -> Snapshot | None:
    """The snapshot of digest `key`, as it was frozen before, without origin and notes; None when the cache lost it.

    Where the inputs are those of `like`, they are not read once more.
    """
    raw = store.get(_place(key))
    if raw is None:
        return None
    texts, arrays = unpack(FROZEN, raw)
    if store.get(texts["sealed"]) is None:
        return None
    if like is not None and like.encoded == texts["inputs"]:
        return replace(_restored(texts, arrays, {}), inputs=like.inputs, further=like.further)
    encoded = store.get(texts["inputs"])
    return None if encoded is None else _restored(texts, arrays, unpack(ENCODED, encoded)[1])


def remember(store: Store, key: str, snapshot: Snapshot) -> None:
    """Keep which snapshot came out under `key`, the digest of all that went into it, its notes and looks."""
    told = {"snapshot": snapshot.digest, "notes": snapshot.notes, "looked": snapshot.looked}
    store.put(key, canonical(told).encode())


def remembered(store: Store, key: str, origin: str) -> Snapshot | None:
    """What came out under `key`, without reading what went in; None when the cache does not know it."""
    raw = store.get(key)
    if raw is None:
        return None
    told = json.loads(raw)
    found = recall(store, told["snapshot"])
    if found is None:
        return None
    looked = {output: (seen, changed) for output, (seen, changed) in told.get("looked", {}).items()}
    return replace(found, origin=origin, notes=tuple(told["notes"]), looked=looked)


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
        **parted(encoded_inputs(store, inputs, program, ordered)),
        labels=_hidden(program, truth, judged),
        classes=classes,
        columns=_columns(ordered, splits),
        sealed=_seal(store, _hidden(program, truth, ~judged)),
        notes=(),
        origin="",
        digest=key,
        groups=_groups(ordered),
        soft=shares(ordered, where, truth, classes),
        encoded=inputs,
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


def _columns(ordered: Examples, splits: Sequence[int]) -> dict[str, tuple[Any, ...]]:
    shown = (None if split == JUDGE else name for name, split in zip(ordered.names, splits, strict=True))
    return {"name": tuple(shown), **{name: tuple(ordered.columns[name]) for name in sorted(ordered.columns)}}


def _seal(store: Store, truth: Mapping[str, NDArray[Any]]) -> str:
    data = pack(SEALED, {}, {name: truth[name] for name in sorted(truth)})
    key = digest("judge labels", data)
    store.put(key, data)
    return key


def _place(key: str) -> str:
    """Where the cache has the snapshot of digest `key`, in the present form."""
    return digest("snapshot, inputs apart, columns coded", key)


def _dump(snapshot: Snapshot, inputs: str) -> bytes:
    """All but the inputs, which are kept under the digest `inputs`."""
    texts = {name: getattr(snapshot, name) for name in ("ids", "classes", "sealed", "digest")}
    soft = {_SOFT + name: array for name, array in snapshot.soft.items()}
    columns = {name: as_coded(cells) for name, cells in snapshot.columns.items()}
    words = {name: column.words for name, column in columns.items()}
    codes = {_COLUMN + name: column.codes for name, column in columns.items()}
    arrays = {**snapshot.labels, **soft, **codes, _SPLITS: snapshot.splits, _GROUPS: snapshot.groups}
    return pack(FROZEN, {**texts, "columns": words, "inputs": inputs}, arrays)


def _restored(texts: Mapping[str, Any], arrays: Mapping[str, Any], inputs: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        ids=tuple(texts["ids"]),
        splits=arrays[_SPLITS],
        **parted(inputs),
        labels={name: arrays[name] for name in texts["classes"]},
        classes={name: tuple(order) for name, order in texts["classes"].items()},
        columns={
            name: tuple(Coded(codes=arrays[_COLUMN + name], words=tuple(words)))
            for name, words in texts["columns"].items()
        },
        sealed=texts["sealed"],
        notes=(),
        origin="",
        digest=texts["digest"],
        groups=arrays[_GROUPS],
        soft={name.removeprefix(_SOFT): array for name, array in arrays.items() if name.startswith(_SOFT)},
        encoded=texts["inputs"],
    )
