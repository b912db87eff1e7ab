"""Commit the contrary of one labelling commit.

Its edits leave the history's tip, and what they overwrote counts again. A revert can be reverted.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.find import find
from datacc.repo.revert import revert, told

EXAMPLE: Final = "datacc revert 81c5d2f"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The commit."""
    parser.add_argument("commit", help="whose edits are taken back")


def run(options: argparse.Namespace) -> Outcome:
    """Revert it, and name the new commit."""
    done = revert(find(Path.cwd()), options.commit)
    return Outcome(facts=asdict(done), text=told(done))
