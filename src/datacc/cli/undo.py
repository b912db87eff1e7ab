"""Take back your latest edit, and with each further call the one before.

While no commit holds it, it leaves the journal; afterwards an edit that says the contrary waits for a commit.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.find import find
from datacc.repo.undo import undo
from datacc.repo.words import counted

EXAMPLE: Final = "datacc undo"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> Outcome:
    """Undo, and say what."""
    done = undo(find(Path.cwd()))
    verbs = sorted({edit.op for edit in done.edits})
    examples = sorted({edit.example for edit in done.edits})
    where = examples[0] if len(examples) == 1 else counted(len(examples), "example")
    next_ = "\nnext: datacc commit" if done.is_committed else ""
    return Outcome(facts=asdict(done), text=f"{where}: {', '.join(verbs)} taken back{next_}")
