"""How far a fit has come, and the file from which the next run goes on."""

from typing import Final

import numpy as np

from datacc.frozen import frozen
from datacc.ir.container import pack, unpack
from datacc.store import Store

MAGIC: Final = b"DATACCM\n"


@frozen(eq=False)
class Best:
    """The state that tune liked best so far, after which step, and its score."""

    step: int
    score: tuple[float, float]
    state: bytes


@frozen(eq=False)
class Moment:
    """A fit after `step` steps: the back end's state, the looks at tune, and the best of them."""

    step: int
    state: bytes
    history: tuple[tuple[int, float], ...] = ()
    best: Best | None = None


@frozen
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
            "best": None if best is None else [best.step, *best.score],
        }
        states = {"now": moment.state, "best": b"" if best is None else best.state}
        arrays = {name: np.frombuffer(state, np.uint8) for name, state in states.items()}
        self.store.put(self.key, pack(MAGIC, head, arrays))

    def drop(self) -> None:
        """Forget it: the fit has ended."""
        self.store.drop(self.key)


def _moment(data: bytes) -> Moment:
    head, arrays = unpack(MAGIC, data)
    best = None
    if head["best"] is not None:
        step, *score = head["best"]
        best = Best(step=step, score=(score[0], score[1]), state=arrays["best"].tobytes())
    history = tuple((int(step), float(score)) for step, score in head["history"])
    return Moment(step=head["step"], state=arrays["now"].tobytes(), history=history, best=best)
