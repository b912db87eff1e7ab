"""Two halves of tune where something is calibrated: one selects, as tune always does, the other calibrates.

Where tune is learnt too, they are halves of all rows that were answered out of fold.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from datacc.repo.snapshot import TUNE, Snapshot
from datacc.spec.program import Program

Rows = NDArray[np.intp]


def selecting(program: Program, snapshot: Snapshot, unlearnt: Rows | None = None) -> Rows:
    """The rows that fit and search choose by: of tune, or `unlearnt` ones; a half where something is calibrated."""
    rows = snapshot.rows(TUNE) if unlearnt is None else unlearnt
    return rows[~_calibrates(snapshot, rows)] if _is_calibrated(program) else rows


def calibrating(program: Program, snapshot: Snapshot, unlearnt: Rows | None = None) -> Rows:
    """The rows that calibrate, of tune or `unlearnt` ones: half where an output abstains or is a number, else none."""
    rows = snapshot.rows(TUNE) if unlearnt is None else unlearnt
    return rows[_calibrates(snapshot, rows)] if _is_calibrated(program) else rows[:0]


def _is_calibrated(program: Program) -> bool:
    return any(output.abstains or output.form == "number" for output in program.outputs)


def _calibrates(snapshot: Snapshot, rows: Rows) -> NDArray[np.bool_]:
    """By a hash of the id: an example stays in its half, whatever becomes of the others."""
    hashes = (hashlib.blake2b(b"half of " + snapshot.ids[row].encode(), digest_size=1).digest()[0] for row in rows)
    found: NDArray[np.bool_] = np.fromiter(hashes, np.uint8, len(rows)) % 2 == 1
    return found
