"""Finds the labelling commit after which a demand no longer holds: fits at each step, remembered, nothing is left."""

from collections.abc import Callable, Sequence
from pathlib import Path

from datacc.compiler.bisect.trials import Ask, Step, Trials
from datacc.compiler.past import Announce
from datacc.frozen import frozen
from datacc.repo.changes import Changes, changes
from datacc.repo.find import Repository
from datacc.repo.halving import History
from datacc.spec.program import FILE
from datacc.store import Store


@frozen
class Found:
    """The outcome: the `demand` in words, the `steps` in order, and the commits among which the guilty one is.

    `guilty`, oldest first, is one commit, or several when some between could not be built; `changes` are those of each
    against its first parent. `commits` counts what touches labels between good and bad, along first parents; `built`
    counts the steps for which something was fitted.
    """

    demand: str
    commits: int
    steps: tuple[Step, ...]
    guilty: tuple[Step, ...]
    changes: tuple[Changes, ...]
    built: int


def bisect(
    ask: Ask,
    root: Path,
    repository: Repository,
    store: Store,
    *,
    announce: Announce = lambda title: None,
    tell: Callable[[Step], None] = lambda step: None,
) -> Found:
    """The commit after `ask.good`, up to `ask.bad`, that broke the demand. `root` is the folder of `datacc.toml`.

    One form (skeleton, sizes, recipe) is fitted at every step, so that the examples alone make the difference.
    `announce(title)` is told of each fit, `tell` of each step. Working tree, index, HEAD and ledger stay as they are.
    Raises `UsageError` when good is not good, bad is not bad, or nothing lies between them, and what a build raises
    when one of the two cannot be built.
    """
    git = repository.git
    program = (root.absolute().relative_to(repository.root) / FILE).as_posix()
    history = History(repository=repository, more=(program,))
    good = git.commit_of(ask.good)
    line = history.between(good, git.commit_of(ask.bad))
    trials = Trials(
        ask=ask, good=good, bad=line[0], root=root, history=history, store=store, announce=announce, tell=tell
    )
    trials.begin()
    guilty = _narrow(trials, line[0], [good], first_parent=True)
    if ask.into_merges and len(guilty) == 1 and history.merged(guilty[0]):
        first, *_ = history.parents(guilty[0])
        guilty = _narrow(trials, guilty[0], [good, first], first_parent=False)
    return Found(
        demand=trials.demand.told,
        commits=len(line),
        steps=tuple(trials.steps.values()),
        guilty=tuple(trials.steps[commit] for commit in guilty),
        changes=tuple(changes(repository, f"{commit}^", commit) for commit in guilty),
        built=sum(1 for step in trials.steps.values() if step.fits),
    )


def _narrow(trials: Trials, bad: str, good: Sequence[str], *, first_parent: bool) -> list[str]:
    """The first bad commit that comes from none of `good`, after those before it that could not be tried."""
    known = list(good)
    while True:
        left = trials.history.suspects(bad, known, first_parent=first_parent)
        step = next((trials.look(one) for one in left if one != bad and one not in trials.steps), None)
        if step is None:
            return trials.history.oldest_first(left, bad, known)
        if step.state == "bad":
            bad = step.commit
        elif step.state == "good":
            known.append(step.commit)
