"""Show what changed between two builds: labels, and the answers that changed with them.

Fixed and broken answers are named for learn and tune, and counted for judge. Without --against, the build that the
artifact replaced is the old one. `diff A..B` shows the labels that changed between two commits, by whom and why;
`A...B` begins where the two parted.
"""

import argparse
import re
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.changes import as_markdown, as_text
from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.cli.progress import FitDisplay
from datacc.compiler.diff_text import diff_text
from datacc.compiler.sides import diff_builds
from datacc.errors import UsageError
from datacc.repo.changes import changes
from datacc.repo.find import find

EXAMPLE: Final = "datacc diff"
RANGE: Final = re.compile(r"([^./][^\s]*?)?\.{2,3}([^./][^\s]*)?")  # no path that begins with dots


def arguments(parser: argparse.ArgumentParser) -> None:
    """The two artifacts, and how thorough; or two revisions."""
    what = "the folder that a build left (that of this program), or two revisions: A..B"
    parser.add_argument("artifact", nargs="?", help=what)
    parser.add_argument("--against", type=Path, metavar="ARTIFACT", help="the old one (what this one replaced)")
    parser.add_argument("--quick", action="store_true", help="leave out the learn rows, which need fits of their own")
    parser.add_argument("--markdown", action="store_true", help="of A..B: a comment for the page of a pull request")


def run(options: argparse.Namespace) -> Outcome:
    """The diff of the two."""
    if options.artifact is not None and RANGE.fullmatch(options.artifact) and not Path(options.artifact).exists():
        return _labels(options.artifact, as_comment=options.markdown)
    if options.markdown:
        raise UsageError("--markdown is of two revisions", tries=["datacc diff HEAD~1..HEAD --markdown"])
    place = place_of(Path(options.artifact) if options.artifact is not None else None)
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


def _labels(range_: str, *, as_comment: bool) -> Outcome:
    """What is said otherwise at the second revision; HEAD where one is left out."""
    old, dots, new = re.split(r"(\.{2,3})", range_, maxsplit=1)
    repository = find(Path.cwd())
    if dots == "...":
        old = repository.git.run("merge-base", old or "HEAD", new or "HEAD").decode().strip()
    found = changes(repository, old or "HEAD", new or "HEAD")
    return Outcome(facts=asdict(found), text=as_markdown(found) if as_comment else as_text(found))
