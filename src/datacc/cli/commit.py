"""Put the edits made since the last commit into history.

They become one segment and one git commit; after a crash, the same commit again does what is left of it.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.commit import commit
from datacc.repo.find import find
from datacc.repo.words import counted

EXAMPLE: Final = 'datacc commit -m "relabel the blurred nines"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """The message."""
    parser.add_argument("-m", "--message", help="why; what was done is said if it is left out")


def run(options: argparse.Namespace) -> Outcome:
    """Commit, and name the commit."""
    done = commit(find(Path.cwd()), options.message)
    told = f"{counted(done.edits, 'edit')}: " if done.edits else ""
    return Outcome(facts=asdict(done), text=f"{done.commit[:10]}  {told}{done.message}")
