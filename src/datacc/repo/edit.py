"""Journal what one command says, by whom and when. Its edits share one time, so that `undo` takes them back at once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from datacc.repo.find import Repository
from datacc.repo.journal import Journal
from datacc.repo.operation import Operation, to_line

_TICK: Final = timedelta(microseconds=1)


def write(
    repository: Repository, pending: Sequence[Operation], edits: Sequence[Mapping[str, Any]], who: str | None = None
) -> None:
    """Journal `edits`, the values of operations without author and time, after those that are `pending`.

    Durable when it returns; `commit` puts them into history.
    """
    signed = {"who": who or author(repository), "when": _now(pending)}
    Journal(repository.root).append([to_line(**edit, **signed) for edit in edits])


def author(repository: Repository) -> str:
    """Who edits: "Name <address>" as git knows it."""
    name, address, _ = repository.git.identity()
    return f"{name} <{address}>"


def _now(pending: Sequence[Operation]) -> str:
    """The time in UTC, after every journalled edit even when the clock went back."""
    latest = max((datetime.fromisoformat(operation.when) for operation in pending), default=None)
    now = datetime.now(UTC)
    moment = now if latest is None else max(now, latest + _TICK)
    return moment.isoformat(timespec="microseconds")
