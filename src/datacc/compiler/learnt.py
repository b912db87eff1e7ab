"""Which examples a program learns, and who answers to examples that he has not learnt: that tells how good it is."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, Arrays
from datacc.compiler.whole import ask_whole
from datacc.frozen import frozen
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.lock import ALL
from datacc.store import digest

ON_TUNE: Final = "on tune"


@frozen(eq=False)
class Unlearnt:
    """Answers to R `rows` of a snapshot, by whoever has not learnt them: by field, each (R, *shape).

    `how` they were had, in words: the program itself "on tune", or models of its form "out of fold".
    """

    rows: NDArray[np.intp]
    answers: Arrays
    how: str = ON_TUNE


def how_of(unlearnt: Unlearnt | None) -> str:
    """How answers to what a candidate has not learnt were had; None: there are none but its own."""
    return ON_TUNE if unlearnt is None else unlearnt.how


def lessons(snapshot: Snapshot, learnt: str) -> Snapshot:
    """The examples as a fit takes them, which learns what a lock says: where that is all but judge, no row is tune."""
    if learnt != ALL:
        return snapshot
    splits = np.where(snapshot.splits == JUDGE, JUDGE, LEARN).astype(np.uint8)
    return replace(snapshot, splits=splits, digest=digest(ALL, snapshot.digest))


def on_tune(snapshot: Snapshot, native: Answering) -> Unlearnt:
    """What a program that has not learnt tune answers there."""
    rows = snapshot.rows(TUNE)
    return Unlearnt(rows=rows, answers=ask_whole(native, snapshot, rows))
