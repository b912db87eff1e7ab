"""List the commits that touched examples, newest first.

Each with the rows it imported and the label edits it made.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.find import find
from datacc.repo.log import LogEntry, log
from datacc.repo.words import counted

EXAMPLE: Final = "datacc log --limit 5"


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much of which history."""
    parser.add_argument("revision", nargs="?", default="HEAD", help="where to begin (HEAD)")
    parser.add_argument("-n", "--limit", type=int, default=20, help="at most so many (20)")


def run(options: argparse.Namespace) -> Outcome:
    """The commits as a table."""
    entries = log(find(Path.cwd()), options.limit, options.revision)
    return Outcome(facts={"commits": [asdict(entry) for entry in entries]}, text=columns(map(_row, entries)))


def _row(entry: LogEntry) -> tuple[str, ...]:
    counts = [f"+{counted(count, word)}" for word, count in (("row", entry.imported), ("edit", entry.edits)) if count]
    return entry.commit[:10], entry.when[:16].replace("T", " "), entry.author, ", ".join(counts), entry.subject
