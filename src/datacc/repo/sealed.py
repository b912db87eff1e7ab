"""Open the judge labels that a snapshot put away; `datacc.compiler.judge` alone may import this file."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from datacc.errors import RepositoryError
from datacc.ir.container import unpack
from datacc.repo.snapshot import SEALED, Snapshot
from datacc.store import Store


def open_labels(store: Store, snapshot: Snapshot) -> Mapping[str, NDArray[Any]]:
    """Output field → what its type made of the labels (N,), on judge rows alone; its blank elsewhere.

    Raises `RepositoryError` when the cache has lost them since the snapshot was made.
    """
    data = store.get(snapshot.sealed)
    if data is None:
        raise RepositoryError("the judge labels of this snapshot are no longer in the cache", tries=["build again"])
    return unpack(SEALED, data)[1]
