"""How far a fit has come, and the file from which the next run goes on."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit._initial import Weights
from datacc.ir.container import pack, unpack
from datacc.store import Store

MAGIC: Final = b"DATACCM\n"


@dataclass(frozen=True, kw_only=True, eq=False)
class Best:
    """The weights that tune liked best so far, after which step, their score, and whether they answer all alike."""

    step: int
    score: tuple[float, float]
    weights: Weights
    same: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """A fit after `step` steps: the back end's state, the looks at tune, and the best of them."""

    step: int
    state: bytes
    history: tuple[tuple[int, float], ...] = ()
    best: Best | None = None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where a fit's moment is kept: `key` names everything that the fit depends on."""

    store: Store
    key: str

    def read(self) -> Moment | None:
        """What an interrupted fit left, or None."""
        data = self.store.get(self.key)
        return None if data is None else _moment(data)

    def write(self, moment: Moment) -> None:
        """Keep this moment in place of the last."""
        best = moment.best
        head = {
            "step": moment.step,
            "history": moment.history,
            "best": None if best is None else [best.step, *best.score, best.same],
        }
        arrays: dict[str, NDArray[Any]] = {"": np.frombuffer(moment.state, np.uint8)}
        arrays |= {} if best is None else best.weights
        self.store.put(self.key, pack(MAGIC, head, arrays))

    def drop(self) -> None:
        """Forget it: the fit has ended."""
        self.store.drop(self.key)


def _moment(data: bytes) -> Moment:
    head, arrays = unpack(MAGIC, data)
    state = arrays.pop("").tobytes()
    best = None
    if head["best"] is not None:
        step, right, loss, same = head["best"]
        best = Best(step=step, score=(right, loss), weights=arrays, same=same)
    history = tuple((int(step), float(score)) for step, score in head["history"])
    return Moment(step=head["step"], state=state, history=history, best=best)
