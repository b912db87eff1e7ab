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
from datacc.repo.enough import rare, refuse_too_few
from datacc.repo.example import LABELLED_BY, Example, Examples, columnar
from datacc.repo.frozen import digest_of, says_whose, told_of_labels
from datacc.repo.outline import Outline, outline, recall_outline
from datacc.repo.soft import shares
from datacc.repo.split import JUDGE, LEARN, SPLITS, TUNE
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

__all__ = ["JUDGE", "LEARN", "SEALED", "SPLITS", "TUNE", "Snapshot", "freeze", "recall", "remember", "remembered"]

FROZEN: Final = b"DATACCT\n"  # first bytes of a snapshot in the cache
SEALED: Final = b"DATACCJ\n"  # first bytes of judge labels in the cache
_SOFT: Final = "shares of "  # before the name of an output
_WHOSE: Final = "labelled by"


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
    at again, and how many of them they changed; `encoded` the digest of what the inputs are made of, `outline` that of
    all that examples have beside inputs and labels; `labelled_by` (N,) whose each label is, where there is a teacher
    and no column of the examples' own is called so: then it is one of the columns.
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
    outline: str = ""
    labelled_by: tuple[str | None, ...] = ()

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
        return digest("seen 1", canonical(said), ids, *map(_raw, arrays))


def _raw(array: NDArray[Any]) -> memoryview:
    """The bytes of an array where they lie: a copy of all inputs would take longer than their digest."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


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
    for output in program.outputs:
        refuse_too_few(given, output)
    lines = outline(store, given)
    ordered = given.take(lines.order.tolist())
    said = (*notes, *lines.notes, *rare(ordered, program.outputs))
    names = {field: tuple(order) for field, order in classes.items()}
    key = digest_of(program, {**lines.told, **told_of_labels(ordered)}, names)
    found = recall(store, key)
    if found is None:
        found = _encode(store, program, ordered, names, lines, key)
        store.put(_place(key), _dump(found))
    return replace(found, origin=origin, notes=said)


def recall(store: Store, key: str, like: Snapshot | None = None) -> Snapshot | None:
    """The snapshot of digest `key`, as it was frozen before, without origin and notes; None when the cache lost it.

    What it has in common with `like` but labels is not read once more.
    """
    raw = store.get(_place(key))
    if raw is None:
        return None
    texts, arrays = unpack(FROZEN, raw)
    if store.get(texts["sealed"]) is None:
        return None
    rows, inputs = _rows(store, texts["outline"], like), _inputs(store, texts["inputs"], like)
    if rows is None or inputs is None:
        return None
    by = tuple(Coded(codes=arrays[_WHOSE], words=tuple(texts[_WHOSE]))) if _WHOSE in texts else ()
    return _restored(texts, arrays, {**rows, **inputs, **_with(rows["columns"], by)})


def _rows(store: Store, key: str, like: Snapshot | None) -> dict[str, Any] | None:
    """What a snapshot has of the outline under `key`; None when the cache lost it."""
    if like is not None and like.outline == key:
        own = {name: column for name, column in like.columns.items() if not like.labelled_by or name != LABELLED_BY}
        return {"ids": like.ids, "splits": like.splits, "groups": like.groups, "columns": own}
    found = recall_outline(store, key)
    return None if found is None else {name: getattr(found, name) for name in ("ids", "splits", "groups", "columns")}


def _with(columns: Mapping[str, tuple[Any, ...]], by: tuple[str | None, ...]) -> dict[str, Any]:
    """The columns of a snapshot: those of its outline, and whose each label is where that is told."""
    return {"columns": {**columns, LABELLED_BY: by} if by else columns, "labelled_by": by}


def _inputs(store: Store, key: str, like: Snapshot | None) -> dict[str, Any] | None:
    """What a snapshot has of the inputs under `key`; None when the cache lost them."""
    if like is not None and like.encoded == key:
        return {"inputs": like.inputs, "further": like.further}
    raw = store.get(key)
    return None if raw is None else parted(unpack(ENCODED, raw)[1])


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
    lines: Outline,
    key: str,
) -> Snapshot:
    truth = {
        output.name: load("types", output.type).encode(list(ordered.labels[output.name]), classes[output.name])
        for output in program.outputs
    }
    judged, inputs = lines.splits == JUDGE, inputs_key(program, lines.told)
    return Snapshot(
        ids=lines.ids,
        splits=lines.splits,
        **parted(encoded_inputs(store, inputs, program, ordered)),
        labels=_hidden(program, truth, judged),
        classes=classes,
        **_with(lines.columns, tuple(ordered.labelled_by) if says_whose(ordered) else ()),
        sealed=_seal(store, _hidden(program, truth, ~judged)),
        notes=(),
        origin="",
        digest=key,
        groups=lines.groups,
        soft=shares(ordered, lines.splits, truth, classes),
        encoded=inputs,
        outline=lines.key,
    )


def _hidden(program: Program, truth: Mapping[str, NDArray[Any]], rows: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The labels with a blank in these rows."""
    found = {name: column.copy() for name, column in truth.items()}
    for output in program.outputs:
        found[output.name][rows] = load("types", output.type).blank
    return found


def _seal(store: Store, truth: Mapping[str, NDArray[Any]]) -> str:
    data = pack(SEALED, {}, {name: truth[name] for name in sorted(truth)})
    key = digest("judge labels", data)
    store.put(key, data)
    return key


def _place(key: str) -> str:
    """Where the cache has the snapshot of digest `key`, in the present form."""
    return digest("snapshot, labels alone 2", key)


def _dump(snapshot: Snapshot) -> bytes:
    """The labels; all else is kept apart, under digests of its own."""
    texts = {name: getattr(snapshot, name) for name in ("classes", "sealed", "digest", "outline")}
    soft = {_SOFT + name: array for name, array in snapshot.soft.items()}
    by = as_coded(snapshot.labelled_by)
    words, codes = ({_WHOSE: by.words}, {_WHOSE: by.codes}) if snapshot.labelled_by else ({}, {})
    return pack(FROZEN, {**texts, "inputs": snapshot.encoded, **words}, {**snapshot.labels, **soft, **codes})


def _restored(texts: Mapping[str, Any], arrays: Mapping[str, Any], apart: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        **apart,
        labels={name: arrays[name] for name in texts["classes"]},
        classes={name: tuple(order) for name, order in texts["classes"].items()},
        sealed=texts["sealed"],
        notes=(),
        origin="",
        digest=texts["digest"],
        soft={name.removeprefix(_SOFT): array for name, array in arrays.items() if name.startswith(_SOFT)},
        encoded=texts["inputs"],
        outline=texts["outline"],
    )
