"""The program that later fits may go on from: one fitted from nothing, kept with the labels that it learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Recipe
from datacc.ir.container import pack, unpack
from datacc.ir.file import dump
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.lock import shape_digest
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

MAGIC: Final = b"DATACCP\n"
ID_BYTES: Final = 16

Labels = Mapping[bytes, bytes]


@dataclass(frozen=True, kw_only=True, eq=False)
class Parent:
    """A Graph of floats that was fitted from nothing, and what it was fitted to.

    `form` is a digest of all that went into the fit but examples, `examples` that of `seen`, and `labels` holds the
    frozen label of every learn row, of all outputs, by its id.
    """

    graph: Graph
    form: str
    examples: str
    labels: Labels

    def differing(self, snapshot: Snapshot) -> int:
        """How many learn examples are new, gone, or labelled otherwise now."""
        now = learnt(snapshot)
        return sum(now.get(example) != self.labels.get(example) for example in now.keys() | self.labels.keys())


def form_of(program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe) -> str:
    """The digest of all that goes into a fit of `graph` but the examples: equal forms have the same learnt holes."""
    holes = [[node.name, node.role, node.type.shape] for node in graph.holes]
    classes = {field: list(names) for field, names in snapshot.classes.items()}
    asked = [holes, classes, recipe.plain(), program.seed]
    return digest("form 1", shape_digest(program), canonical(asked))


def learnt(snapshot: Snapshot) -> Labels:
    """Id → frozen label of every learn row, of each output in the order of their names."""
    rows = snapshot.rows(LEARN)
    tables = (snapshot.labels, snapshot.soft)
    columns = [np.ascontiguousarray(table[field][rows]) for table in tables for field in sorted(table)]
    labels = np.concatenate([column.view(np.uint8).reshape(len(rows), -1) for column in columns], axis=1)
    return {bytes.fromhex(snapshot.ids[row]): label.tobytes() for row, label in zip(rows, labels, strict=True)}


def keep(store: Store, parent: Parent) -> None:
    """Keep `parent` under the digest of its Graph, if it is not there."""
    key = _key(parent.graph.digest)
    if store.get(key) is not None:
        return
    arrays: dict[str, NDArray[Any]] = {
        "graph": np.frombuffer(dump(parent.graph), np.uint8),
        "ids": np.frombuffer(b"".join(parent.labels), np.uint8),
        "labels": np.frombuffer(b"".join(parent.labels.values()), np.uint8).reshape(len(parent.labels), -1),
    }
    store.put(key, pack(MAGIC, {"form": parent.form, "examples": parent.examples}, arrays))


def recall_parent(store: Store, graph: str) -> Parent | None:
    """The parent whose Graph has this digest; None when the cache has lost it."""
    raw = store.get(_key(graph))
    if raw is None:
        return None
    head, arrays = unpack(MAGIC, raw)
    ids = arrays["ids"].tobytes()
    starts = range(0, len(ids), ID_BYTES)
    return Parent(
        graph=load_graph(arrays["graph"].tobytes()),
        form=head["form"],
        examples=head["examples"],
        labels={ids[n : n + ID_BYTES]: of.tobytes() for n, of in zip(starts, arrays["labels"], strict=True)},
    )


def lend(store: Store, other: Store, graph: str | None) -> None:
    """Give the cache `other` the parent whose Graph has this digest, if `store` has it."""
    raw = None if graph is None else store.get(_key(graph))
    if graph is not None and raw is not None:
        other.put(_key(graph), raw)


def _key(graph: str) -> str:
    return digest("parent 2", graph)
