"""Take back the latest edit: out of the journal while no commit holds it, by an edit that says the contrary after that.

Step by step one gets as far back as one likes. An edit that takes back names what it takes back (`about`), so the next
`undo` goes on with the one before. Only one's own edits are taken back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.repo.change import Edit, alike, change
from datacc.repo.edit import author, write
from datacc.repo.find import Repository
from datacc.repo.fold import State, fold, living
from datacc.repo.journal import Journal
from datacc.repo.operation import Operation
from datacc.repo.tidy import alone
from datacc.repo.working import Working, read_working

VERDICTS: Final = frozenset({"verify", "flag"})  # `about` says what these judge, not what they take back


@frozen
class Undone:
    """The edits that were taken back. `is_committed`: history has them, and the journal now says the contrary."""

    edits: tuple[Operation, ...]
    is_committed: bool


def undo(repository: Repository) -> Undone:
    """Take back what the latest command of this user said.

    Raises `UsageError` when there is nothing to take back, `DataError` when somebody has changed it since.
    """
    with alone(repository.root):  # a running commit has these edits
        return _undo(repository, Journal(repository.root))


def _undo(repository: Repository, journal: Journal) -> Undone:
    pending = journal.said()
    last = pending[max(pending)].when if pending else ""
    latest = {number: o for number, o in pending.items() if o.when == last}
    if latest and not all(map(takes_back, latest.values())):
        journal.drop(latest)
        return Undone(edits=tuple(latest.values()), is_committed=False)
    working = read_working(repository)
    for group in _mine(working, author(repository)):
        said = working.said_of(sorted({o.example for o in group}))
        edits = [edit for id in said for edit in _contrary(id, said[id], working.states[id], group)]
        if edits:
            write(repository, working.pending, edits)
            return Undone(edits=tuple(group), is_committed=True)
    raise UsageError("there is nothing of yours to undo", tries=["datacc log", "datacc revert COMMIT"])


def takes_back(operation: Operation) -> bool:
    """Whether it was made by `undo`."""
    return bool(operation.about) and operation.op not in VERDICTS


def _mine(working: Working, me: str) -> Iterable[list[Operation]]:
    """What each command of one person said, newest first, without what was taken back and without takings back."""
    said = [o for operations in working.contents.segments.values() for o in operations]
    counted = _without_taken_back([*said, *working.pending])
    groups: dict[str, list[Operation]] = {}
    for operation in counted:
        if operation.who == me:
            groups.setdefault(operation.when, []).append(operation)
    return (groups[when] for when in sorted(groups, key=datetime.fromisoformat, reverse=True))


def _without_taken_back(operations: Sequence[Operation]) -> list[Operation]:
    """What was said, without what was taken back and what did it: as if both had never been.

    Whoever overwrote a value that `undo` had brought back has overwritten what that stood for: all that was said of the
    field before.
    """
    takers = {o.id for o in operations if takes_back(o)}
    gone = takers | {id for o in operations if o.id in takers for id in o.about}
    left = [o for o in operations if o.id not in gone]
    return [_overwriting_before(o, left) if takers.intersection(o.replaces) else o for o in left]


def _overwriting_before(operation: Operation, others: Iterable[Operation]) -> Operation:
    fields = {operation.field} if operation.field else {o.field for o in others}
    before = [o.id for o in others if o.example == operation.example and o.field in fields and o.when < operation.when]
    return operation._replace(replaces=(*operation.replaces, *before))


def _contrary(example: str, said: Sequence[Operation], now: State, group: Sequence[Operation]) -> list[Edit]:
    """The edits after which the example is as if the group had never been said."""
    counted = _without_taken_back(said)
    mine = {(o.id, o.field) for o in group if o.example == example}
    live = {(o.id, o.field) for o in living(counted)}
    if not mine <= live or not alike(fold(counted)[example], now):
        tries = [f"datacc show {example[:8]}", "datacc label"]
        raise DataError("it was changed since, so it cannot simply be taken back", where=example, tries=tries)
    wanted = fold(o for o in counted if (o.id, o.field) not in mine)[example]
    about = sorted(id for id, _ in mine)
    return [{**edit, "about": about} for edit in change(example, said, wanted)]
