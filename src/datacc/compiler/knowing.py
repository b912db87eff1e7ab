"""After a fit: how sure a program must be of an answer to know it, calibrated on a half of tune that chose nothing.

The half that selects also gives the temperature, so that the scores are fixed before the other half is looked at: what
`compiler/limit.py` says of the limit is then exact.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import batch_rows, batched
from datacc.compiler.certify import UNLIKELY
from datacc.compiler.halves import calibrating, selecting
from datacc.compiler.interval import with_intervals
from datacc.compiler.limit import Asked, Limit, choose
from datacc.compiler.shown import percent
from datacc.compiler.temperature import calibration_error, sharpness
from datacc.compiler.verdict import certified, demanded
from datacc.fit import Fitted
from datacc.goals import least, slips
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.bounds import needed_total
from datacc.spec.program import Field, Program
from datacc.store import Store, canonical, digest

_LAYOUT: Final = "knowing 1"


@dataclass(frozen=True, kw_only=True)
class Knowing:
    """How one output came to know what it does not know.

    `selecting` rows of tune gave its `sharpness`, one over the temperature. `calibrating` other ones gave its `limit`,
    the confidence that `unknown` of them do not reach; `wrong` of the others are answered wrong. On these, `before` and
    `after` are expected calibration errors without and with the sharpness. `notes` say what may not hold.
    """

    field: str
    selecting: int
    sharpness: float
    calibrating: int
    limit: float
    unknown: int
    wrong: int
    before: float
    after: float
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """In one sentence."""
        return (
            f"{self.field} is known from a confidence of {self.limit:.4g} on: of {self.calibrating:,} calibrating tune "
            f"rows {self.unknown:,} are not known, {self.wrong:,} of the others wrong; expected calibration error "
            f"{percent(self.before, 2)} before, {percent(self.after, 2)} after a temperature of "
            f"{1 / self.sharpness:.3g} from {self.selecting:,} other rows"
        )


def calibrated(
    program: Program, snapshot: Snapshot, fitted: Fitted, store: Store
) -> tuple[Fitted, tuple[Knowing, ...]]:
    """What was fitted, with the sharpness and the limit of each output that abstains, and how they came about; and
    with the interval of each number.

    Remembered by all that goes into it. A Graph that does not abstain comes back as it is.
    """
    fitted = with_intervals(program, snapshot, fitted)
    found, graph = [], fitted.graph
    for output in program.outputs:
        if output.abstains:
            goals = canonical({goal.metric: goal.limit for goal in program.goals})
            key = digest(_LAYOUT, output.name, goals, graph.digest, snapshot.digest)
            known = _read(store.get(key)) or _calibrate(program, snapshot, graph, output)
            store.put(key, canonical(asdict(known)).encode())
            graph = graph.fill(_weights(output, known.sharpness, known.limit))
            found.append(known)
    return replace(fitted, graph=graph), tuple(found)


def _read(data: bytes | None) -> Knowing | None:
    if data is None:
        return None
    told = json.loads(data)
    return Knowing(**{**told, "notes": tuple(told["notes"])})


def _weights(output: Field, sharp: float, limit: float) -> dict[str, NDArray[np.float32]]:
    return {f"{output.name}.{part}": np.array([v], np.float32) for part, v in (("sharpness", sharp), ("limit", limit))}


def _calibrate(program: Program, snapshot: Snapshot, graph: Graph, output: Field) -> Knowing:
    others, ours = selecting(program, snapshot), calibrating(program, snapshot)
    kept, features = (features_of(graph, output.name, _inputs(snapshot, rows)) for rows in (others, ours))
    truth = snapshot.labels[output.name]
    sharp = float(np.float32(sharpness(kept, truth[others])))
    (answer, plain), (_, sure) = (_answers(output, snapshot, features, by) for by in (1.0, sharp))
    right = answer == truth[ours]
    asked = asked_of(program, len(snapshot.rows(JUDGE)))
    limit = choose(sure, right, asked) if asked.any and len(ours) else None
    return Knowing(
        field=output.name,
        selecting=len(others),
        sharpness=sharp,
        calibrating=len(ours),
        limit=limit.value if limit else 0.0,
        unknown=limit.unknown if limit else 0,
        wrong=limit.known - limit.right if limit else int((~right).sum()),
        before=calibration_error(plain, right),
        after=calibration_error(sure, right),
        notes=_notes(output.name, limit, asked) if limit else (),
    )


def asked_of(program: Program, judge: int) -> Asked:
    """What the goals of a program ask of its limits."""
    goals = {goal.metric: goal.limit for goal in program.goals}
    return Asked(error=goals.get("error"), coverage=goals.get("coverage"), judge=judge)


def features_of(graph: Graph, output: str, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """The features (N, K) of an output that abstains, before they are sharpened, for inputs (N, *shape)."""
    [sharp] = graph.users[f"{output}.sharpness"]
    found: list[NDArray[np.float32]] = []

    def look(node: Node, value: NDArray[Any]) -> NDArray[Any]:
        if node.name == sharp.inputs[0]:
            found.append(value)
        return value

    for rows in batched(inputs, batch_rows(graph)):
        interpret(graph, rows, seen=look)
    return np.concatenate(found)


def _inputs(snapshot: Snapshot, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    return {name: array[rows] for name, array in snapshot.inputs.items()}


def _answers(
    output: Field, snapshot: Snapshot, features: NDArray[np.float32], sharp: float
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The classes (N,) and confidences (N,) that the answer's own Graph gives."""
    kind = load("types", output.type)
    answer: Graph = kind.answer(output.name, snapshot.classes[output.name], kind.options(**output.options))
    found = interpret(answer.fill(_weights(output, sharp, 0.0)), {f"{output.name}.features": features})
    return found[output.name].reshape(-1), found[f"{output.name}_confidence"].reshape(-1)


def _notes(field: str, limit: Limit, asked: Asked) -> tuple[str, ...]:
    """What may not hold, of the limit that was chosen."""
    notes = []
    if asked.error is not None and not limit.holds:
        bound = certified(slips(limit.known - limit.right, limit.known))
        wanted = needed_total(least(asked.error, at_most=True))
        notes.append(
            f"no limit of {field} is shown to keep error {demanded(asked.error, at_most=True)} by {limit.rows:,} "
            f"calibrating rows: {limit.known - limit.right:,} of {limit.known:,} known ones are wrong, which is {bound}"
            + (f"; it takes {wanted:,} even without an error" if limit.known < wanted else "")
        )
    if limit.chance < UNLIKELY:
        goals = (("error", asked.error, True), ("coverage", asked.coverage, False))
        said = " and ".join(f"{what} {demanded(n, at_most=most)}" for what, n, most in goals if n is not None)
        notes.append(
            f"after {limit.rows:,} calibrating rows the chance that judge certifies {said} is about "
            f"{percent(limit.chance)}"
        )
    return tuple(notes)
