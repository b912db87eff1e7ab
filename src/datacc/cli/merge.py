"""Merge another branch into this one.

Stock git does it. The same said twice is one; what disagrees is kept, both sides, for `datacc resolve`.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.changes import as_text
from datacc.cli.outcome import Outcome
from datacc.repo.branches import merge
from datacc.repo.find import find

EXAMPLE: Final = "datacc merge careful-nines"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to merge."""
    parser.add_argument("revision", help="a branch, or any other revision")


def run(options: argparse.Namespace) -> Outcome:
    """Merge, and show what that changed."""
    done = merge(find(Path.cwd()), options.revision)
    torn = any(len(one.new) > 1 for one in done.changes.changes)
    return Outcome(facts=asdict(done), text=as_text(done.changes) + ("\nnext: datacc resolve" if torn else ""))
