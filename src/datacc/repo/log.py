"""The history of the repository, newest first, with what each commit did to the examples."""

import os
from dataclasses import dataclass, replace

from datacc.repo.find import Repository

_KEPT = ("schema", "runs", "ops", "judged", "datacc.toml", "datacc.lock")
_FORMAT = "--format=%x01%H%x00%an%x00%aI%x00%s"


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One commit: `imported` rows and `edits` it brought (or took away, when it reverts: negative)."""

    commit: str
    author: str
    when: str
    subject: str
    imported: int = 0
    edits: int = 0


def log(repository: Repository, limit: int | None = 20, revision: str = "HEAD") -> list[LogEntry]:
    """The latest `limit` commits that touch examples, schema or program (all of them when None)."""
    most = [f"--max-count={limit}"] if limit is not None else []
    commit = repository.git.commit_of(revision)
    text = repository.git.run("log", *most, _FORMAT, "--numstat", "-z", "--no-renames", commit, "--", *_KEPT)
    return [_entry(part) for part in text.split(b"\x01")[1:]]


def _entry(part: bytes) -> LogEntry:
    commit, author, when, subject, *changes = (os.fsdecode(field) for field in part.split(b"\0"))
    entry = LogEntry(commit=commit, author=author, when=when, subject=subject)
    for change in changes:
        added, removed, path = [*change.strip().split("\t"), "", "", ""][:3]
        if added.isdigit() and removed.isdigit():
            lines = int(added) - int(removed)
            if path.startswith("ops/"):
                entry = replace(entry, edits=entry.edits + lines)
            elif path.endswith("/inputs.jsonl"):
                entry = replace(entry, imported=entry.imported + lines)
    return entry
