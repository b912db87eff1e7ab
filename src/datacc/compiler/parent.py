"""What later fits begin from: Graphs by digest, and the labels that those fitted from nothing have learnt."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.assemble import fit_digest
from datacc.compiler.row_ids import packed, places, unpacked
from datacc.fit import Recipe
from datacc.frozen import frozen
from datacc.ir.container import pack, unpack
from datacc.ir.file import dump
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

MAGIC: Final = b"DATACCP\n"


@frozen(eq=False)
class Parent:
    """A Graph of floats that was fitted from nothing, and what it was fitted to.

    `form` is a digest of all that went into the fit but examples, `examples` that of `seen`; `ids` are those of the
    learn rows and `labels` (N, B) the bytes of their frozen labels, of all outputs.
    """

    graph: Graph
    form: str
    examples: str
    ids: tuple[str, ...]
    labels: NDArray[np.uint8]

    def unlike(self, snapshot: Snapshot) -> tuple[NDArray[np.intp], int]:
        """Which learn rows are new or labelled otherwise now, counted among learn rows; and how many are gone."""
        ids, labels = learnt(snapshot)
        at = places(ids, self.ids)
        same = (at >= 0) & (self.labels.shape[1] == labels.shape[1])
        same[same] = (self.labels[at[same]] == labels[same]).all(axis=1)
        return np.flatnonzero(~same), len(self.ids) - int((at >= 0).sum())


def form_of(program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe) -> str:
    """The digest of all that goes into a fit of `graph` but the examples: equal forms have the same learnt holes."""
    holes = [[node.name, node.role, node.type.shape] for node in graph.holes]
    classes = {field: list(names) for field, names in snapshot.classes.items()}
    asked = [holes, classes, recipe.plain(), program.seed]
    return digest("form 1", fit_digest(program), canonical(asked))


def learnt(snapshot: Snapshot) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """The id of every learn row, and the bytes (N, B) of its frozen labels, output by output in the order of names."""
    rows = snapshot.rows(LEARN)
    tables = (snapshot.labels, snapshot.soft)
    columns = [np.ascontiguousarray(table[field][rows]) for table in tables for field in sorted(table)]
    labels = np.concatenate([column.view(np.uint8).reshape(len(rows), -1) for column in columns], axis=1)
    return tuple(snapshot.ids[row] for row in rows), labels


def keep(store: Store, parent: Parent) -> None:
    """Keep `parent` under the digest of its Graph, if it is not there."""
    keep_graph(store, parent.graph)
    key = _learnt_key(parent.graph.digest)
    if store.get(key) is None:
        arrays: dict[str, NDArray[Any]] = {"ids": packed(parent.ids), "labels": parent.labels}
        store.put(key, pack(MAGIC, {"form": parent.form, "examples": parent.examples}, arrays))


def recall_parent(store: Store, wanted: str) -> Parent | None:
    """The parent whose Graph has this digest; None when the cache has lost it."""
    graph, learnt = recall_graph(store, wanted), store.get(_learnt_key(wanted))
    if graph is None or learnt is None:
        return None
    head, arrays = unpack(MAGIC, learnt)
    return Parent(
        graph=graph,
        form=head["form"],
        examples=head["examples"],
        ids=unpacked(arrays["ids"]),
        labels=arrays["labels"],
    )


def keep_graph(store: Store, graph: Graph) -> None:
    """Keep `graph` under its digest, if it is not there."""
    key = _graph_key(graph.digest)
    if store.get(key) is None:
        store.put(key, dump(graph))


def recall_graph(store: Store, wanted: str) -> Graph | None:
    """The Graph with this digest; None when the cache has lost it."""
    raw = store.get(_graph_key(wanted))
    return None if raw is None else load_graph(raw)


def lend(store: Store, other: Store, graph: Graph) -> None:
    """Give the cache `other` this Graph, and what it had learnt, if `store` knows."""
    keep_graph(other, graph)
    learnt = store.get(_learnt_key(graph.digest))
    if learnt is not None:
        other.put(_learnt_key(graph.digest), learnt)


def _graph_key(of: str) -> str:
    return digest("graph 1", of)


def _learnt_key(of: str) -> str:
    return digest("parent 3", of)
