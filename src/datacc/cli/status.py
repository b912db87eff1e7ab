"""Tell what the repository holds and what waits for a decision.

Examples, labels, edits that are not committed, and conflicts with the commands that resolve them.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.find import find
from datacc.repo.status import Status, status
from datacc.repo.words import counted

EXAMPLE: Final = "datacc status --json"
MOST_CLASSES: Final = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to say."""


def run(options: argparse.Namespace) -> Outcome:
    """The state, journal included."""
    now = status(find(Path.cwd()))
    return Outcome(facts=asdict(now), text="\n".join(_lines(now)))


def _lines(now: Status) -> Iterator[str]:
    yield f"{now.name} on {now.branch or 'no branch'} at {now.commit[:10]}"
    yield (
        f"{counted(now.examples, 'example')}: {now.labelled:,} labelled, {now.verified:,} verified,"
        f" {now.conflicted:,} in conflict; {now.deleted:,} deleted"
    )
    if now.machine:
        yield f"{counted(now.machine, 'label')} by models, not verified: no build reads them"
    for output, classes in now.classes.items():
        shown = list(classes.items())[:MOST_CLASSES]
        more = len(classes) - len(shown)
        if not classes:
            continue
        yield f"{output}: {counted(len(classes), 'class', 'classes')}{f', the first {len(shown)}' if more else ''}"
        yield columns([(name, f"{count:,}") for name, count in shown], indent="  ")
    for conflict in now.conflicts:
        field = f" --field {conflict.field}" if len(now.classes) > 1 and conflict.field else ""
        yield f"conflict: {conflict.example} is {' or '.join(conflict.values)}"
        yield f"  try: datacc label {conflict.example} CLASS{field}"
    waiting = [counted(now.edits, "edit")] if now.edits else []
    if waiting or now.beside:
        yield f"not committed: {', '.join([*waiting, *now.beside])}\n  try: datacc commit"
