"""Take examples out of the repository; history keeps them.

The edit is safe on disk at once, and becomes history with `datacc commit`. `datacc restore` brings them back.
"""

import argparse
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.find import find
from datacc.repo.remove import delete
from datacc.repo.words import counted

EXAMPLE: Final = 'datacc delete 3f2a91 --reason "a photograph of the wrong thing"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """The examples, and why."""
    parser.add_argument("examples", nargs="+", metavar="example", help="the first digits of its id")
    parser.add_argument("--reason", help="why; kept with the edit")


def run(options: argparse.Namespace) -> Outcome:
    """Delete them, and say how many."""
    done = delete(find(Path.cwd()), options.examples, options.reason)
    return Outcome(facts={"deleted": done}, text=f"{counted(len(done), 'example')} deleted\nnext: datacc commit")
