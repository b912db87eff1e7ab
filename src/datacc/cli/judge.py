"""Judge a built program again, on this machine as it is now.

Goals, checks, budget and examples are those that it was built with: what datacc.toml says since counts in the next
build. Nothing is built and the artifact stays as it is. In a repository the ledger notes that the judge was opened.
"""

import argparse
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.cli.verdict import verdict
from datacc.compiler.again import judge_again

EXAMPLE: Final = "datacc judge build/digits"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")


def run(options: argparse.Namespace) -> Outcome:
    """The new verdict."""
    place = place_of(options.artifact)
    return verdict(judge_again(place.artifact, place.root, place.store), place.artifact)
