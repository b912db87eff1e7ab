"""Work on another branch.

Edits that wait must be committed or undone before.
"""

import argparse
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.branches import switch
from datacc.repo.find import find

EXAMPLE: Final = "datacc switch main"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The branch."""
    parser.add_argument("name", help="the branch")


def run(options: argparse.Namespace) -> Outcome:
    """Switch, and say where that is."""
    commit = switch(find(Path.cwd()), options.name)
    return Outcome(facts={"branch": options.name, "commit": commit}, text=f"{options.name} at {commit[:10]}")
