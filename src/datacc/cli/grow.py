"""Widen a built program without changing an answer, and fit it on.

It gets more channels that nothing reads at first: at that moment every score is what it was, within 1e-6. Then it is
fitted on to the examples of now, about half as long as a build would, and judged as any build. The artifact takes the
place of the one before; datacc.lock names the program that it came from as its parent.
"""

import argparse
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.cli.progress import FitDisplay
from datacc.cli.verdict import verdict
from datacc.compiler.grow import grow
from datacc.spec.program import FILE
from datacc.spec.read import read_program

EXAMPLE: Final = "datacc grow --by 2"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact, and how much wider."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")
    parser.add_argument("--by", type=float, default=2.0, metavar="FACTOR", help="how many times as wide (2)")


def run(options: argparse.Namespace) -> Outcome:
    """Widen, fit on, and tell how the judge decided."""
    place = place_of(options.artifact)
    program = read_program(place.root / FILE)
    with FitDisplay() as display:
        report = grow(
            *(place.artifact, program, place.root, place.store, options.by),
            lambda rung: display.watch(f"fit on {rung.title}"),
        )
    return verdict(report, place.root / "build" / program.name)
