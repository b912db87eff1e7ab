"""List the votes of each person.

While an output is blind only your own; git itself hides nothing.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.find import find
from datacc.repo.votes import votes

EXAMPLE: Final = "datacc votes 3f2a91"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which example."""
    parser.add_argument("example", nargs="?", help="the first digits of its id (left out: all)")


def run(options: argparse.Namespace) -> Outcome:
    """The votes as a table."""
    found = votes(find(Path.cwd()), options.example)
    rows = [(one.example[:12], one.field, one.value, one.who, one.when[:16].replace("T", " ")) for one in found]
    return Outcome(
        facts={"votes": [asdict(one) for one in found]},
        text=columns(rows) if rows else "no votes\n  try: datacc label ID CLASS --vote",
    )
