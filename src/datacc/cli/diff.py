"""Show what changed between two builds: labels, and the answers that changed with them.

Fixed and broken answers are named for learn and tune, and counted for judge. Without --against, the build that the
artifact replaced is the old one.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.cli.progress import FitDisplay
from datacc.compiler.diff_text import diff_text
from datacc.compiler.sides import diff_builds

EXAMPLE: Final = "datacc diff"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The two artifacts, and how thorough."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")
    parser.add_argument("--against", type=Path, metavar="ARTIFACT", help="the old one (what this one replaced)")
    parser.add_argument("--quick", action="store_true", help="leave out the learn rows, which need fits of their own")


def run(options: argparse.Namespace) -> Outcome:
    """The diff of the two."""
    place = place_of(options.artifact)
    with FitDisplay() as display:
        found = diff_builds(
            place.artifact,
            place.root,
            place.store,
            old=options.against,
            learn=not options.quick,
            announce=lambda fold: display.watch(f"fit fold {fold + 1}"),
        )
    return Outcome(facts=asdict(found), text=diff_text(found).rstrip())
