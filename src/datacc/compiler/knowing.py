"""After a fit: how sure a program must be of an answer to know it, calibrated on a half of tune that chose nothing.

Where tune is learnt too, on a half of all that models of its form answered out of fold (cross-conformal prediction:
Vovk 2015): they learnt less than the program, which is a little surer than they are, so that what is said of the limit
holds nearly, and mostly on the safe side.

Of a label the half that selects also gives the temperature, so that the scores are fixed before the other half is
looked at: what `compiler/limit.py` says of the limit is then exact. The interval of a number is made wider by the same
for all, which changes nothing of their order.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Arrays, batch_rows, batched, joined, told
from datacc.compiler.certify import UNLIKELY
from datacc.compiler.halves import calibrating, selecting
from datacc.compiler.interval import with_intervals
from datacc.compiler.learnt import ON_TUNE, Unlearnt, how_of
from datacc.compiler.likeness import likeness_of
from datacc.compiler.limit import Asked, Limit, choose, given
from datacc.compiler.shown import number, percent
from datacc.compiler.temperature import calibration_error, sharpness
from datacc.compiler.verdict import certified, demanded
from datacc.fit import Fitted
from datacc.frozen import frozen
from datacc.goals import least, slips
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.repo.words import counted
from datacc.spec.bounds import needed_total
from datacc.spec.program import Field, Program
from datacc.store import Store, canonical, digest

_LAYOUT: Final = "knowing 3"
_LEAST: Final = float(np.finfo(np.float32).tiny)  # a score that is 0 counts as this


@frozen
class Knowing:
    """How one output came to know what it does not know.

    `calibrating` rows, answered as `how` says, gave its `limit`: what is less sure is not known, `unknown` of them;
    `wrong` of the others are answered wrong. Sure is the confidence of a label, that of the least sure of several
    labels, and minus the width of the interval of a number, which is right as far as `within`. Of a label `selecting`
    other rows gave the `sharpness`, one over the temperature; `before` and `after` are expected calibration errors
    without and with it, on calibrating rows. `notes` say what may not hold.
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
    form: str = "label"
    within: float = 0.0
    how: str = ON_TUNE

    @property
    def told(self) -> str:
        """In one sentence."""
        unknown = counted(self.unknown, "is not known", "are not known")
        said = f"of {self.calibrating:,} calibrating rows {self.how} {unknown}, {self.wrong:,} of the others"
        if self.form == "number":
            how = f"is known where its interval is at most {number(-self.limit)} wide"
            return f"{self.field} {how}: {said} more than {number(self.within)} off"
        if self.form == "labels":
            return f"{self.field} are known where no label has a confidence below {self.limit:.4g}: {said} wrong"
        return (
            f"{self.field} is known from a confidence of {self.limit:.4g} on: {said} wrong; expected calibration "
            f"error {percent(self.before, 2)} before, {percent(self.after, 2)} after a temperature of "
            f"{1 / self.sharpness:.3g} from {self.selecting:,} other rows"
        )


def calibrated(
    program: Program, snapshot: Snapshot, fitted: Fitted, store: Store, unlearnt: Unlearnt | None = None
) -> tuple[Fitted, tuple[Knowing, ...]]:
    """What was fitted, with the sharpness and the limit of each output that abstains, and how they came about; and
    with the interval of each number. Where tune is learnt too, by what was answered out of fold, `unlearnt`.

    Remembered by all that goes into it. A Graph that does not abstain comes back as it is.
    """
    fitted = with_intervals(program, snapshot, fitted)
    found, graph = [], fitted.graph
    for output in program.outputs:
        if output.abstains:
            goals = canonical({goal.metric: goal.limit for goal in program.goals})
            said = () if unlearnt is None else (unlearnt.answers[f"{output.name}_scores"].tobytes(),)
            asked = output.name, canonical(dict(output.options)), goals
            key = digest(_LAYOUT, *asked, graph.digest, snapshot.digest, *said)
            known = _read(store.get(key)) or _calibrate(program, snapshot, graph, output, unlearnt)
            store.put(key, canonical(asdict(known)).encode())
            graph = graph.fill(_weights(output, known.sharpness, known.limit))
            found.append(known)
    return replace(fitted, graph=graph), tuple(found)


def as_known(program: Program, snapshot: Snapshot, unlearnt: Unlearnt, known: Sequence[Knowing]) -> Unlearnt:
    """What models of the form of a program answered out of fold, as sure and as known as the program has it."""
    answers = dict(unlearnt.answers)
    for output in program.outputs:
        for one in known:
            if one.field == output.name:
                features = _told_features(unlearnt, output, unlearnt.rows)
                answers |= _answers(output, snapshot, features, one.sharpness, one.limit)
    return replace(unlearnt, answers=answers)


def _read(data: bytes | None) -> Knowing | None:
    if data is None:
        return None
    told = json.loads(data)
    return Knowing(**{**told, "notes": tuple(told["notes"])})


def _weights(output: Field, sharp: float, limit: float) -> dict[str, NDArray[np.float32]]:
    found = {f"{output.name}.limit": np.array([limit], np.float32)}
    return found | ({f"{output.name}.sharpness": np.array([sharp], np.float32)} if output.form == "label" else {})


@frozen(eq=False)
class _Seen:
    """How sure a program is of its answers to the calibrating rows (N,), and which are `right`, (N,).

    Of a label also what sharpened its scores, and how sure it was before, (N,).
    """

    sure: NDArray[np.float32]
    right: NDArray[np.bool_]
    sharp: float = 1.0
    plain: NDArray[np.float32] | None = None


def _calibrate(program: Program, snapshot: Snapshot, graph: Graph, output: Field, unlearnt: Unlearnt | None) -> Knowing:
    there = None if unlearnt is None else unlearnt.rows
    others, rows = selecting(program, snapshot, there), calibrating(program, snapshot, there)
    if output.form == "label":
        seen = _label(snapshot, output, _features(snapshot, graph, output, unlearnt), others, rows)
    else:
        seen = _other(program, snapshot, graph, output)
    asked, limit = asked_of(program, len(snapshot.rows(JUDGE))), None
    if output.widest is not None:
        limit = given(-output.widest, seen.sure, seen.right)
    elif asked.any and len(rows):
        limit = choose(seen.sure, seen.right, asked)
    return Knowing(
        field=output.name,
        selecting=len(others),
        sharpness=seen.sharp,
        calibrating=len(rows),
        limit=limit.value if limit else _neutral(graph, output),
        unknown=limit.unknown if limit else 0,
        wrong=limit.known - limit.right if limit else int((~seen.right).sum()),
        before=0.0 if seen.plain is None else calibration_error(seen.plain, seen.right),
        after=0.0 if seen.plain is None else calibration_error(seen.sure, seen.right),
        notes=_notes(output.name, limit, asked) if limit and output.widest is None else (),
        form=output.form,
        within=likeness_of(program, snapshot, output.name).tolerance,
        how=how_of(unlearnt),
    )


def _neutral(graph: Graph, output: Field) -> float:
    """The limit that nothing is below, as the Graph comes with it."""
    value = graph.by_name[f"{output.name}.limit"].value
    assert value is not None  # no limit is a hole
    return float(value[0])


_Features = Callable[[NDArray[np.intp]], NDArray[np.float32]]  # rows (N,) → (N, K)


def _label(
    snapshot: Snapshot, output: Field, features: _Features, others: NDArray[np.intp], ours: NDArray[np.intp]
) -> _Seen:
    """Of one label: the other half gives the sharpness."""
    truth, name = snapshot.labels[output.name], output.name
    sharp = float(np.float32(sharpness(features(others), truth[others])))
    plain, found = (_answers(output, snapshot, features(ours), by) for by in (1.0, sharp))
    sure, before = (told[f"{name}_confidence"].reshape(-1) for told in (found, plain))
    return _Seen(sure=sure, right=plain[name].reshape(-1) == truth[ours], sharp=sharp, plain=before)


def _features(snapshot: Snapshot, graph: Graph, output: Field, unlearnt: Unlearnt | None) -> _Features:
    """What gives the features of rows: the program, or models out of fold."""
    if unlearnt is None:
        return lambda rows: features_of(graph, output.name, _inputs(snapshot, rows))
    return lambda rows: _told_features(unlearnt, output, rows)


def _told_features(unlearnt: Unlearnt, output: Field, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """The features (N, K) of rows (N,), up to what is alike for all classes, after their scores by a sharpness of 1."""
    at = np.searchsorted(unlearnt.rows, rows)
    scores = unlearnt.answers[f"{output.name}_scores"].reshape(len(unlearnt.rows), -1)[at]
    return np.log(np.maximum(scores, _LEAST), dtype=np.float32)


def _other(program: Program, snapshot: Snapshot, graph: Graph, output: Field) -> _Seen:
    """Of a number or several labels: what the whole program says."""
    rows = calibrating(program, snapshot)
    [lacking] = graph.users[f"{output.name}.limit"]
    answers, sure = seen_at(graph, lacking.inputs[0], _inputs(snapshot, rows))
    found = told(answers, output.name, likeness_of(program, snapshot, output.name).tolerance)
    return _Seen(sure=sure.reshape(-1), right=~found.wrong(snapshot.labels[output.name][rows]))


def asked_of(program: Program, judge: int) -> Asked:
    """What the goals of a program ask of its limits."""
    goals = {goal.metric: goal.limit for goal in program.goals}
    return Asked(error=goals.get("error"), coverage=goals.get("coverage"), judge=judge)


def features_of(graph: Graph, output: str, inputs: Arrays) -> NDArray[np.float32]:
    """The features (N, K) of a label that abstains, before they are sharpened, for inputs (N, *shape)."""
    [sharp] = graph.users[f"{output}.sharpness"]
    return seen_at(graph, sharp.inputs[0], inputs)[1]


def seen_at(graph: Graph, name: str, inputs: Arrays) -> tuple[Arrays, NDArray[np.float32]]:
    """What is answered to inputs (N, *shape), each (N, *shape), and the value (N, *shape) of the node `name`."""
    found: list[NDArray[np.float32]] = []

    def look(node: Node, value: NDArray[Any]) -> NDArray[Any]:
        if node.name == name:
            found.append(value)
        return value

    answers = joined([interpret(graph, rows, seen=look) for rows in batched(inputs, batch_rows(graph))])
    return answers, np.concatenate(found)


def _inputs(snapshot: Snapshot, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    return {name: array[rows] for name, array in snapshot.inputs.items()}


def _answers(
    output: Field, snapshot: Snapshot, features: NDArray[np.float32], sharp: float, limit: float = 0.0
) -> Arrays:
    """What the answer's own Graph makes of features (N, K), by field, each (N, *shape)."""
    kind = load("types", output.type)
    answer: Graph = kind.answer(output.name, snapshot.classes[output.name], kind.options(**output.options))
    return interpret(answer.fill(_weights(output, sharp, limit)), {f"{output.name}.features": features})


def _notes(field: str, limit: Limit, asked: Asked) -> tuple[str, ...]:
    """What may not hold, of the limit that was chosen."""
    notes = []
    if asked.error is not None and not limit.holds:
        bound = certified(slips(limit.known - limit.right, limit.known))
        wanted = needed_total(least(asked.error, at_most=True))
        known = f"of {limit.known:,} known ones"
        wrong = counted(limit.known - limit.right, f"{known} is wrong", f"{known} are wrong")
        notes.append(
            f"no limit of {field} is shown to keep error {demanded(asked.error, at_most=True)} by {limit.rows:,} "
            f"calibrating rows: {wrong}, which is {bound}"
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
