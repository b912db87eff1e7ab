"""List the commits that touched examples, newest first.

Each with the rows it imported and the label edits it made; with a filter, those rows and edits alone.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.numbers import count
from datacc.cli.outcome import Outcome, columns
from datacc.errors import UsageError
from datacc.repo.find import find
from datacc.repo.log import Asked, LogEntry, log
from datacc.repo.words import counted

EXAMPLE: Final = "datacc log --limit 5"


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much of which history, and which part of it."""
    parser.add_argument("revision", nargs="?", default="HEAD", help="where to begin (HEAD)")
    parser.add_argument("-n", "--limit", type=count, default=20, help="at most so many (20)")
    parser.add_argument("--author", metavar="TEXT", help="a part of the author's name or address")
    parser.add_argument("--class", action="append", default=[], dest="classes", metavar="NAME",
                        help="edits to or from this class; may be repeated")  # fmt: skip
    parser.add_argument("--example", metavar="ID", help="edits of this example")
    parser.add_argument("--where", metavar="COLUMN=VALUE", help="edits of examples with this value in a column")


def run(options: argparse.Namespace) -> Outcome:
    """The commits as a table."""
    column, equals, value = (options.where or "").partition("=")
    if options.where is not None and not equals:
        raise UsageError(f"--where {options.where}: a column, =, and its value", tries=["--where camera=2"])
    asked = Asked(
        author=options.author,
        classes=tuple(options.classes),
        example=options.example,
        where=(column, value) if equals else None,
    )
    entries = log(find(Path.cwd()), options.limit, options.revision, asked)
    return Outcome(facts={"commits": [asdict(entry) for entry in entries]}, text=columns(map(_row, entries)))


def _row(entry: LogEntry) -> tuple[str, ...]:
    counts = [
        f"{'+' if count > 0 else '−'}{counted(abs(count), word)}"
        for word, count in (("row", entry.imported), ("edit", entry.edits))
        if count
    ]
    return entry.commit[:10], entry.when[:16].replace("T", " "), entry.author, ", ".join(counts), entry.subject
