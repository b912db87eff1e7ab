"""Freeze labelled examples into a `Snapshot`, the one thing that every later stage reads; put judge labels away."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.container import pack, unpack
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.frozen import digest_of
from datacc.repo.identity import canonical_json
from datacc.repo.split import JUDGE, LEARN, SPLITS, TUNE, assign, leaders_of
from datacc.repo.words import listed, seen_once
from datacc.spec.program import Field, Program
from datacc.store import Store, canonical, digest

__all__ = ["JUDGE", "LEARN", "SEALED", "SPLITS", "TUNE", "Snapshot", "freeze", "recall", "remember", "remembered"]

FROZEN: Final = b"DATACCT\n"  # first bytes of a snapshot in the cache
ENCODED: Final = b"DATACCE\n"  # first bytes of its inputs
SEALED: Final = b"DATACCJ\n"  # first bytes of judge labels in the cache
_SPLITS: Final = "splits of all rows"  # no name of an output
_GROUPS: Final = "groups of all rows"


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
    ordered = sorted(examples, key=lambda example: example.id)
    for output in program.outputs:
        _refuse_too_few(ordered, output)
    splits, split_notes = assign(ordered)
    _refuse_empty_split(splits)
    said = (*notes, *split_notes, *_rare(ordered, splits, program.outputs))
    names = {field: tuple(order) for field, order in classes.items()}
    key = digest_of(program, ordered, names)
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
    ordered: Sequence[Example],
    classes: Mapping[str, tuple[str, ...]],
    splits: Sequence[int],
    key: str,
    inputs: str,
) -> Snapshot:
    where = np.array(splits, np.uint8)
    truth = {
        output.name: load("types", output.type).encode([e.labels[output.name] for e in ordered], classes[output.name])
        for output in program.outputs
    }
    judged = where == JUDGE
    return Snapshot(
        ids=tuple(example.id for example in ordered),
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


def _groups(ordered: Sequence[Example]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(leader, len(numbers)) for leader in leaders_of(ordered)], np.int64)


def _inputs(store: Store, key: str, program: Program, ordered: Sequence[Example]) -> dict[str, NDArray[Any]]:
    """Every input, encoded only once: a label that changes costs nothing here. `key` is that of `_inputs_key`."""
    raw = store.get(key)
    if raw is not None:
        return dict(unpack(ENCODED, raw)[1])
    found = {field.name: _encoded(field, ordered) for field in program.inputs}
    store.put(key, pack(ENCODED, {}, found))
    return found


def _inputs_key(program: Program, ordered: Sequence[Example]) -> str:
    fields = [[field.name, field.type, dict(field.options)] for field in program.inputs]
    return digest("inputs 1", canonical_json(fields), "".join(f"{one.id} {one.content}\n" for one in ordered))


def _encoded(field: Field, ordered: Sequence[Example]) -> NDArray[Any]:
    kind = load("types", field.type)
    options = kind.options(**field.options)
    values = [example.inputs[field.name] for example in ordered]
    try:
        return np.asarray(kind.encode(values, options))
    except DataError:
        for example, value in zip(ordered, values, strict=True):  # again one by one, to name the example
            try:
                kind.encode([value], options)
            except DataError as error:
                where = example.name or f"example {example.id[:12]}"
                raise DataError(error.what, where=where, tries=error.tries) from error
        raise


def _columns(ordered: Sequence[Example], splits: Sequence[int]) -> dict[str, tuple[Any, ...]]:
    names = sorted({name for example in ordered for name in example.columns})
    columns = {name: tuple(example.columns.get(name) for example in ordered) for name in names}
    shown = tuple(None if split == JUDGE else e.name for e, split in zip(ordered, splits, strict=True))
    return {"name": shown, **columns}


def _seal(store: Store, truth: Mapping[str, NDArray[Any]]) -> str:
    data = pack(SEALED, {}, {name: truth[name] for name in sorted(truth)})
    key = digest("judge labels", data)
    store.put(key, data)
    return key


def _refuse_too_few(ordered: Sequence[Example], output: Field) -> None:
    kind = load("types", output.type)
    if not ordered:
        raise DataError(
            "there is no labelled example", tries=["datacc import a folder, CSV, JSONL or .npz with labels"]
        )
    first = ordered[0].labels[output.name]
    if all(example.labels[output.name] == first for example in ordered):
        word = {"label": "class", "labels": "set of label"}.get(kind.form, kind.form)
        raise DataError(
            f"every example has the same {output.name}: {kind.shown(first)!r}; "
            f"a program needs two {word}{'es' if word == 'class' else 's'}",
            tries=[f"import examples of another {word}"],
        )


def _refuse_empty_split(splits: Sequence[int]) -> None:
    counts = Counter(splits)
    if len(counts) < len(SPLITS):
        shares = ", ".join(f"{name} {counts[split]}" for split, name in enumerate(SPLITS))
        raise DataError(
            f"{len(splits)} examples are too few, or their groups too large: {shares}",
            tries=["add examples; about 100 are a beginning", "import them with a split column"],
        )


def _rare(ordered: Sequence[Example], splits: Sequence[int], outputs: Sequence[Field]) -> list[str]:
    notes = []
    for output in outputs:
        kind = load("types", output.type)
        seen = [kind.classes([example.labels[output.name]]) for example in ordered]
        learnt = {name for names, split in zip(seen, splits, strict=True) if split == LEARN for name in names}
        counts = Counter(name for names in seen for name in names)
        once = [name for name in sorted(counts) if counts[name] == 1]
        elsewhere = [name for name in sorted(counts) if counts[name] > 1 and name not in learnt]
        if once:
            notes.append(f"{output.name} {seen_once(once)}")
        if elsewhere:
            notes.append(f"no learn example has {output.name} {listed(elsewhere)}: tune and judge took them all")
    return notes


def _place(key: str) -> str:
    """Where the cache has the snapshot of digest `key`, in the present form."""
    return digest("snapshot, inputs apart, groups", key)


def _dump(snapshot: Snapshot, inputs: str) -> bytes:
    """All but the inputs, which are kept under the digest `inputs`."""
    texts = {name: getattr(snapshot, name) for name in ("ids", "classes", "columns", "sealed", "digest")}
    return pack(
        FROZEN, {**texts, "inputs": inputs}, {**snapshot.labels, _SPLITS: snapshot.splits, _GROUPS: snapshot.groups}
    )


def _restored(texts: Mapping[str, Any], arrays: Mapping[str, Any], inputs: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        ids=tuple(texts["ids"]),
        splits=arrays[_SPLITS],
        inputs=dict(inputs),
        labels={name: array for name, array in arrays.items() if name not in (_SPLITS, _GROUPS)},
        classes={name: tuple(order) for name, order in texts["classes"].items()},
        columns={name: tuple(column) for name, column in texts["columns"].items()},
        sealed=texts["sealed"],
        notes=(),
        origin="",
        digest=texts["digest"],
        groups=arrays[_GROUPS],
    )
