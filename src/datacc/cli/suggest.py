"""Say which labels look wrong, and which classes would gain from more examples.

It asks models of the built program's form that had not seen the example, fitted in folds and remembered. All of it
comes from learn and tune. A build from a table ends with the same, where it is cheap to know.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.numbers import count
from datacc.cli.outcome import Outcome, columns
from datacc.cli.place import place_of
from datacc.cli.progress import FitDisplay
from datacc.compiler.sides import suggestions
from datacc.compiler.suggest import MOST, Suggestions
from datacc.compiler.suggest.words import need_cells, needs_head, rare_line, suspect_cells, suspects_head

EXAMPLE: Final = "datacc suggest --most 100"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact, and how many rows to name."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")
    parser.add_argument("--most", type=count, default=MOST, metavar="N", help=f"name so many rows at most ({MOST})")


def run(options: argparse.Namespace) -> Outcome:
    """The suggestions on the examples of a build."""
    place = place_of(options.artifact)
    with FitDisplay() as display:
        found = suggestions(
            place.artifact,
            place.root,
            place.store,
            announce=lambda fold: display.watch(f"fit fold {fold + 1}"),
            most=options.most,
        )
    return Outcome(facts=asdict(found), text=suggestions_text(found))


def suggestions_text(found: Suggestions) -> str:
    """Both tables, with what is to be said of them."""
    parts = [suspects_head(found), columns(map(suspect_cells, found.suspects), indent="  ")]
    parts += [needs_head(found), columns(map(need_cells, found.needs), indent="  "), rare_line(found)]
    return "\n".join(part for part in parts if part)
