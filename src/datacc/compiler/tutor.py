"""A tutor: a program that may cost what it likes; what it says of examples is learnt by one that may not."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask
from datacc.compiler.assemble import interface
from datacc.compiler.produce import build_library, write
from datacc.fit import Fitted
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.runtime.native import Native
from datacc.spec.program import Program
from datacc.store import digest


def said(program: Program, snapshot: Snapshot, tutor: Fitted) -> NDArray[np.float32]:
    """The scores of all classes that the tutor gives each learn row, (N, K): shares that sum to 1.

    It is linked for that, since compiled code gives the same bits whatever else a machine has. Raises `ToolchainError`.
    """
    (output,) = program.outputs
    graph, asked = tutor.as_fitted, replace(program, widths=())
    port, rows = interface(asked, snapshot, graph), snapshot.rows(LEARN)
    draft = write(graph, port)
    with tempfile.TemporaryDirectory(prefix="datacc-") as folder:
        library = build_library(draft, program.target.cpu, Path(folder)).library
        inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
        found: NDArray[np.float32] = ask(Native(library.path, port, draft.arena), inputs)[f"{output.name}_scores"]
    return found


def said_digest(program: Program, tutor: Fitted) -> str:
    """The digest of all that `said` follows from beside the examples."""
    return digest(tutor.as_fitted.digest, program.target.cpu)
