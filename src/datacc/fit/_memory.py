"""What a fit will need of memory, told before it starts, and what there is."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from datacc.errors import ResourceError
from datacc.ir.graph import SOURCES, Graph, needed

COPIES: Final = 3  # of each value while a step is under way: itself, its gradient, and what an op keeps aside
STATES: Final = 6  # of each weight: itself, its gradient, two moments, the best so far, a checkpoint
OWN: Final = Path("/proc/self/cgroup")
GROUPS: Final = Path("/sys/fs/cgroup")


def step_bytes(graph: Graph, rows: int) -> int:
    """Values and gradients of `rows` rows up to the loss, and everything that is kept of each weight."""
    weights = sum(node.type.nbytes for node in graph.weights)
    return COPIES * rows * value_bytes(graph) + STATES * weights


def value_bytes(graph: Graph) -> int:
    """The bytes of every value that the loss of one row needs, inputs left out."""
    keep = needed(graph, [graph.loss])
    return sum(node.type.nbytes for node in graph.nodes if node.name in keep and node.op not in SOURCES)


def demand(need: int, limit: int | None) -> None:
    """Raises `ResourceError` when `need` bytes are more than `limit`."""
    if limit is not None and need > limit:
        what = f"fitting needs about {_shown(need)} of memory; there are {_shown(limit)}"
        raise ResourceError(what, tries=["a smaller batch in datacc.lock", "smaller inputs, or a smaller skeleton"])


def limit() -> int | None:
    """The bytes of memory that this process may have: the machine's, or its control groups'; None: unknown."""
    found = [*_of_machine(), *_of_groups()]
    return min(found, default=None)


def _of_machine() -> Iterator[int]:
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # as on Windows
        return


def _of_groups() -> Iterator[int]:
    """The limits of the group that this process is in and of those around it; groups of the first kind as well."""
    try:
        lines = OWN.read_text().splitlines()
    except OSError:
        return
    own = next((line[3:] for line in lines if line.startswith("0::")), "/")
    around = [own, *map(str, PurePosixPath(own).parents)]
    paths = [GROUPS / place.strip("/") / "memory.max" for place in around]
    for path in [*paths, GROUPS / "memory" / "memory.limit_in_bytes"]:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdigit():  # and not "max"
            yield int(text)


def _shown(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
