"""Bring deleted examples back, with the labels that they had.

One that one branch deleted and another labelled is kept as it was labelled.
"""

import argparse
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.find import find
from datacc.repo.remove import restore
from datacc.repo.words import counted

EXAMPLE: Final = "datacc restore 3f2a91"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The examples."""
    parser.add_argument("examples", nargs="+", metavar="example", help="the first digits of its id")


def run(options: argparse.Namespace) -> Outcome:
    """Restore them, and say how many."""
    done = restore(find(Path.cwd()), options.examples)
    return Outcome(facts={"restored": done}, text=f"{counted(len(done), 'example')} restored\nnext: datacc commit")
