"""The behaviour diff of two commits: both fitted in one form, so that the examples alone make the difference."""

from pathlib import Path
from typing import Final

from datacc.compiler.ask import Interpreted
from datacc.compiler.build import LOCK
from datacc.compiler.changes import Diff
from datacc.compiler.diff import Side, diff
from datacc.compiler.past import Announce, Fits, Past, chosen_form, examples_at, past_of, program_at
from datacc.repo.git import Git
from datacc.spec.lock import ALL, read_lock
from datacc.store import Store

EVIDENCE: Final = "both commits fitted in one form, on the same tune examples"


def diff_commits(
    old: str,
    new: str,
    root: Path,
    store: Store,
    *,
    learn: bool = True,
    announce: Announce = lambda title: None,
) -> Diff:
    """What the labels between the revisions `old` and `new` did to the answers; nothing is left but what was fitted.

    `root` is the folder of `datacc.toml`. The form (skeleton, sizes, recipe) is that of the lock at `new`, else of the
    one in the folder, else what a search chooses at `new`. A fit that a build has made is remembered. `learn` adds
    models that have not seen the learn rows that they answer. Raises what a build raises when a commit cannot be built.
    """
    before, after = _pasts(Git(root).commit_of(old), Git(root).commit_of(new), root, store, announce)
    unseen = (before.unseen, after.unseen) if learn or after.form.learnt == ALL else None
    return diff(_side(before), _side(after), unseen)


def _pasts(old: str, new: str, root: Path, store: Store, announce: Announce) -> tuple[Past, Past]:
    asked = [program_at(root, commit) for commit in (old, new)]
    snapshots = [
        examples_at(program, root, commit, store) for (program, _), commit in zip(asked, (old, new), strict=True)
    ]
    program, lock = asked[1]
    form = lock or read_lock(root / LOCK)
    if form is None:
        form = chosen_form(program, snapshots[1], store, Fits(announce=announce))
    first, second = (
        past_of(program, snapshot, form, store, Fits(announce=announce))
        for (program, _), snapshot in zip(asked, snapshots, strict=True)
    )
    return first, second


def _side(past: Past) -> Side:
    return Side(
        origin=past.snapshot.origin,
        program=past.program,
        snapshot=past.snapshot,
        native=Interpreted(past.fitted),
        evidence=EVIDENCE,
    )
