"""The judge: every judge row through the linked program, compared with the reference, then held to goal and budget."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler import checks
from datacc.compiler.ask import Arrays
from datacc.compiler.checks import Place, Trial
from datacc.compiler.ledger import log_opening, openings
from datacc.compiler.narrower import Seen, narrower_seen, widths_of
from datacc.compiler.parity import Expected, compare, tolerance
from datacc.compiler.remembering import Remembering
from datacc.compiler.verdict import Costs, Line, Timing, Verdict, budget_lines, rate_line
from datacc.compiler.whole import asked_rows, joined
from datacc.ir.graph import Graph
from datacc.repo.sealed import open_labels
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.runtime.measure import latency
from datacc.runtime.native import Native
from datacc.spec.program import Budget, Program
from datacc.store import Store

TIMED_ROWS: Final = 1024  # distinct inputs that the latency is measured on


def judge(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    native: Native,
    costs: Costs,
    store: Store,
    ledger: Path | None,
    *,
    asked: Remembering,
    cheaper: str = "",
    place: Place | None = None,
    narrower: Sequence[Graph] = (),
    expected: Expected | None = None,
) -> Verdict:
    """The verdict on the linked program `native`, whose reference is `graph`; `asked` is it, too, and asks it `again`.

    The judge labels are opened once, after every row agreed with the reference; first the opening is written to
    `ledger`/<artifact>.jsonl, where `ledger` is the folder "judged" of a repository (None: there is none) and the
    artifact the digest of the library. `cheaper` names a smaller choice, for lines of the budget that are missed;
    `place` is where checks find the artifact and the one before. `narrower` are the references of its widths below 1.
    `expected` gives what the reference says of the inputs of `judged(snapshot)`, where it was asked before.
    Raises `ParityError` when a row differs, at whatever width.
    """
    rows = snapshot.rows(JUDGE)
    inputs, owners = judged(snapshot)
    ids = [snapshot.ids[rows[n]] for n in owners]
    timed = partial(_timing, budget=program.budget)
    answers, timing = compare(graph, asked, inputs, ids, expected), timed(native, inputs)
    seen = [Seen(1.0, answers, costs.work, timing.median), *narrower_seen(native, narrower, inputs, ids, timed)]
    truth = _opened(program, snapshot, store, ledger / f"{asked.library}.jsonl" if ledger is not None else None)
    whole = joined(snapshot, answers.values, owners, len(rows))
    trial = partial(Trial, program=program, snapshot=snapshot, native=native, rows=rows, told=whole, place=place)
    trials = [trial(field=output.name, truth=truth[output.name][rows]) for output in program.outputs]
    same = [_parity_line(program, one, len(ids), tolerance(graph)) for one in seen]
    rates = [line for trial in trials for line in _rate_lines(trial)]
    kept = budget_lines(program.budget, costs, timing, cheaper)
    each = widths_of(seen, trials[0]) if narrower else ()
    opened = None if ledger is None else openings(ledger, snapshot.sealed)
    return Verdict(lines=(*same, *rates, *kept), timing=timing, widths=each, opened=opened)


def judged(snapshot: Snapshot) -> tuple[Arrays, NDArray[np.intp]]:
    """What is asked about all judge rows, each input (M, *shape), and whose each is, (M,) places among them."""
    return asked_rows(snapshot, snapshot.rows(JUDGE))


def _opened(program: Program, snapshot: Snapshot, store: Store, ledger: Path | None) -> Mapping[str, NDArray[Any]]:
    """The judge labels by output (N,); first the opening is written down."""
    if ledger is not None:
        log_opening(ledger, program, snapshot, len(snapshot.rows(JUDGE)))
    return open_labels(store, snapshot)


def _timing(native: Native, inputs: Mapping[str, NDArray[Any]], budget: Budget) -> Timing:
    timed = {name: array[:TIMED_ROWS] for name, array in inputs.items()}
    measured = latency(native, timed, brief=budget.latency is None)
    return Timing(median=measured.median, p99=measured.p99, quiet=measured.quiet)


def _same_as(program: Program, allowed: float) -> str:
    if program.outputs[0].form == "number":
        return f"numbers within {_small(allowed)} of the largest" if allowed else "numbers equal to the last bit"
    return f"class equal, scores within {_small(allowed)}" if allowed else "class and scores equal to the last bit"


def _parity_line(program: Program, seen: Seen, rows: int, allowed: float) -> Line:
    return Line(
        kind="parity",
        what="same answers as the reference" + (f" at width {seen.width:g}" if seen.width < 1 else ""),
        wanted=_same_as(program, allowed),
        reached=f"{rows:,} rows, largest difference {_small(seen.answers.difference)}",
        holds=True,
    )


def _small(value: float) -> str:
    """In two digits: 3.1e-7, 4e-7, 0."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}" if value else "0"


def _rate_lines(trial: Trial) -> list[Line]:
    """A line for every goal and every check, of one output."""
    goals = []
    for goal in trial.program.goals:
        goals.append(rate_line("goal", goal.metric, goal.limit, trial.figures[goal.metric]))
    return [*goals, *checks.lines(trial)]
