"""Turn the journal into one segment of history and one git commit, safely repeatable after a crash."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from datacc.errors import UsageError
from datacc.frozen import frozen
from datacc.repo.find import Repository
from datacc.repo.journal import Journal, parsed
from datacc.repo.operation import Operation
from datacc.repo.place import refuse_links
from datacc.repo.tidy import alone, changing
from datacc.repo.words import counted
from datacc.store import digest, write_atomically

BUILDS_LEAVE: Final = ("datacc.toml", "datacc.lock", "judged")  # files that belong to the history beside the labels


@frozen
class Committed:
    """The commit, the segment it holds ("" when only files of builds changed), and how many edits that has."""

    commit: str
    segment: str
    edits: int
    message: str


def commit(repository: Repository, message: str | None = None) -> Committed:
    """Commit every journalled edit, and datacc.toml, datacc.lock and the judge's ledger where they changed.

    Raises `UsageError` when there is nothing of either. When git or a hook refuses, the journal keeps the edits.
    """
    with alone(repository.root):
        return _commit(repository, message)


def _commit(repository: Repository, message: str | None) -> Committed:
    waiting = Journal(repository.root).rows()
    if waiting:
        return _commit_edits(repository, waiting, message)
    beside = repository.git.changed(BUILDS_LEAVE)
    if beside:
        said = message or f"keep {', '.join(sorted({path.split('/')[0] for path in beside}))}"
        return Committed(commit=repository.git.commit(beside, said), segment="", edits=0, message=said)
    raise UsageError("there is nothing to commit", tries=["datacc label ID CLASS", "datacc status"])


def _commit_edits(repository: Repository, waiting: Mapping[int, str], message: str | None) -> Committed:
    lines, operations = list(waiting.values()), list(parsed(waiting).values())
    path = segment_path(lines, operations)
    said = message or _summary(operations)
    beside = [name for name in BUILDS_LEAVE if (repository.root / name).exists()]  # git leaves out what is unchanged
    refuse_links(repository.root, path)
    with changing(repository.root, [path], edits=list(waiting), proof=path):
        write_atomically(repository.root / path, "".join(f"{line}\n" for line in lines).encode())
        made = repository.git.commit([path, *beside], said)
    return Committed(commit=made, segment=path, edits=len(lines), message=said)


def segment_path(lines: Sequence[str], operations: Sequence[Operation]) -> str:
    """`ops/<yyyy-mm-dd>/<clock>-<author>-<hash>.jsonl`, a function of the batch: its latest time and its lines."""
    latest = max(operations, key=lambda operation: operation.when)
    moment = datetime.fromisoformat(latest.when)
    author = re.sub(r"[^a-z0-9]+", "-", latest.who.split("<")[0].casefold()).strip("-")[:24] or "someone"
    return f"ops/{moment:%Y-%m-%d}/{moment:%H%M%S}-{author}-{digest(*lines)[:16]}.jsonl"


def _summary(operations: Sequence[Operation]) -> str:
    verbs = {"set": "label", "add": "restore", "unset": "clear"}
    touched: dict[str, set[str]] = {}
    for operation in operations:
        touched.setdefault(verbs.get(operation.op, operation.op), set()).add(operation.example)
    return ", ".join(f"{verb} {counted(len(ids), 'example')}" for verb, ids in sorted(touched.items()))
