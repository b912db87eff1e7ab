"""List the branches, or begin one here.

Branches are git's own; `datacc switch` goes to one.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.branches import begin, branches
from datacc.repo.find import find

EXAMPLE: Final = "datacc branch careful-nines"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The new branch."""
    parser.add_argument("name", nargs="?", help="a new branch (left out: list them)")


def run(options: argparse.Namespace) -> Outcome:
    """The branches, or the new one."""
    repository = find(Path.cwd())
    if options.name is not None:
        made = begin(repository, options.name)
        return Outcome(facts={"branches": [asdict(made)]}, text=f"{made.name} at {made.commit[:10]}")
    found = branches(repository)
    rows = [("*" if one.is_here else "", one.name, one.commit[:10]) for one in found]
    return Outcome(facts={"branches": [asdict(one) for one in found]}, text=columns(rows))
