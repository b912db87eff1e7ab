"""Label noise on judge, as far as people who looked at its labels again, blind to any answer, have shown it."""

from collections.abc import Iterator

from datacc.compiler.shown import percent
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.repo.words import counted
from datacc.spec.bounds import lower_bound, needed_right
from datacc.spec.program import Program


def judge_noise(program: Program, snapshot: Snapshot) -> tuple[str, ...]:
    """What is to be said of labels of judge that people changed: how many, what that says of the rest, and which goals
    no program may reach because of it. Nothing where none was changed.

    What people looked at is mended, so only the others can be wrong; they are taken to be like those.
    """
    return tuple(
        line for output in program.outputs if output.form == "label" for line in _of(output.name, program, snapshot)
    )


def _of(output: str, program: Program, snapshot: Snapshot) -> Iterator[str]:
    seen, changed = snapshot.looked.get(output, (0, 0))
    if not changed:
        return
    rows = len(snapshot.rows(JUDGE))
    least, most = lower_bound(changed, seen), 1 - lower_bound(seen - changed, seen)
    right = rows - changed / seen * (rows - seen)
    yield (
        f"label noise on judge: of {counted(seen, f'{output} label')} that people looked at again {changed:,} "
        f"{'was' if changed == 1 else 'were'} wrong, {percent(changed / seen, 1)} (at least {percent(least, 1)}, "
        f"at most {percent(most, 1)}); of the {rows - seen:,} that nobody looked at about {rows - right:,.0f} may be"
    )
    for goal in program.goals:
        if goal.metric == "accuracy":
            wanted = needed_right(rows, goal.limit)
            if wanted is not None and right < wanted:
                yield (
                    f"{goal.metric} ≥ {percent(goal.limit, 1)} needs {wanted:,} right answers of {rows:,} in judge; by "
                    f"labels so noisy a program that is always right is counted right on about {right:,.0f}: look at "
                    "more of them first (datacc label)"
                )
