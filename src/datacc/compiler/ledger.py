"""The ledger of the judge: an append-only line for every time that judge labels are opened, and their count."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from datacc.compiler.verdict import Openings
from datacc.registry import load
from datacc.repo.snapshot import Snapshot
from datacc.sources import Source
from datacc.spec.program import Program
from datacc.store import canonical

VERSION: Final = 0


def ledger_folder(program: Program, root: Path) -> Path | None:
    """Where the ledgers of `program` stand in the folder `root` of its `datacc.toml`; None without a repository."""
    source: Source = load("sources", program.source.type)
    return root / "judged" if source.has_commits else None


def log_opening(ledger: Path, program: Program, snapshot: Snapshot, rows: int) -> None:
    """Append one line to the file `ledger` (docs/formats/judged.md), on disk before the labels are opened.

    The beginning of a line that a crash cut off goes: the next one would be read as its end.
    """
    line = {
        "version": VERSION,
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "program": program.name,
        "artifact": ledger.stem,
        "origin": snapshot.origin,
        "snapshot": snapshot.digest,
        "sealed": snapshot.sealed,
        "rows": rows,
        "goals": {goal.metric: goal.limit for goal in program.goals},
    }
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.open("ab+") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(canonical(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def openings(folder: Path, sealed: str) -> Openings:
    """How often the labels under the digest `sealed` were opened, by all ledgers in `folder`, for how many programs.

    Labels of judge that change have another digest, so the count begins anew. A line that cannot be read is none.
    """
    opened = [path.stem for path in sorted(folder.glob("*.jsonl")) for seal in _seals(path) if seal == sealed]
    return Openings(times=len(opened), programs=len(set(opened)))


def _seals(ledger: Path) -> Iterator[str]:
    """The digest of what was opened, line by line; what follows the last line feed was cut off by a crash."""
    for line in ledger.read_bytes().split(b"\n")[:-1]:
        try:
            yield json.loads(line)["sealed"]
        except (ValueError, TypeError, KeyError):
            continue
