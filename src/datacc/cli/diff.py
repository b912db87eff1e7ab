"""Show what changed between two builds: labels, and the answers that changed with them.

Fixed and broken answers are named for learn and tune, and counted for judge. Without --against, the build that the
artifact replaced is the old one. `diff A..B` shows the labels that changed between two commits, by whom and why;
`A...B` begins where the two parted. With --answers, both commits are fitted in one form, from the cache where they
were before, and what the answers did stands beside the labels.
"""

import argparse
import re
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.changes import answers_markdown, as_markdown, as_text
from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.cli.progress import FitDisplay
from datacc.compiler.between import diff_commits
from datacc.compiler.cache import cache
from datacc.compiler.changes import Diff
from datacc.compiler.diff_text import answers_text, diff_text
from datacc.compiler.sides import diff_builds
from datacc.errors import UsageError
from datacc.repo.changes import changes
from datacc.repo.find import find
from datacc.spec.read import find_program

EXAMPLE: Final = "datacc diff"
RANGE: Final = re.compile(r"([^./][^\s]*?)?\.{2,3}([^./][^\s]*)?")  # no path that begins with dots


def arguments(parser: argparse.ArgumentParser) -> None:
    """The two artifacts, and how thorough; or two revisions."""
    what = "the folder that a build left (that of this program), or two revisions: A..B"
    parser.add_argument("artifact", nargs="?", help=what)
    parser.add_argument("--against", type=Path, metavar="ARTIFACT", help="the old one (what this one replaced)")
    parser.add_argument("--quick", action="store_true", help="leave out the learn rows, which need fits of their own")
    parser.add_argument("--answers", action="store_true", help="of A..B: what the answers did, too")
    parser.add_argument("--markdown", action="store_true", help="of A..B: a comment for the page of a pull request")


def run(options: argparse.Namespace) -> Outcome:
    """The diff of the two."""
    if options.artifact is not None and RANGE.fullmatch(options.artifact) and not Path(options.artifact).exists():
        return _commits(options.artifact, options)
    for option in ("markdown", "answers"):
        if getattr(options, option):
            raise UsageError(f"--{option} is of two revisions", tries=[f"datacc diff HEAD~1..HEAD --{option}"])
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


def _commits(range_: str, options: argparse.Namespace) -> Outcome:
    """What is said otherwise at the second revision, and what the answers did; HEAD where one is left out."""
    if options.against is not None:
        raise UsageError(f"--against is of an artifact; {range_} names both sides", tries=[f"datacc diff {range_}"])
    if options.quick and not options.answers:
        what = "--quick leaves fits out, and labels alone need none"
        raise UsageError(what, tries=[f"datacc diff {range_}", f"datacc diff {range_} --answers --quick"])
    old, dots, new = re.split(r"(\.{2,3})", range_, maxsplit=1)
    repository = find(Path.cwd())
    old, new = old or "HEAD", new or "HEAD"
    if dots == "...":
        old = repository.git.run("merge-base", old, new).decode().strip()
    labels = changes(repository, old, new)
    text = as_markdown(labels) if options.markdown else as_text(labels)
    if not options.answers:
        return Outcome(facts=asdict(labels), text=text)
    answers = _answers(old, new, learn=not options.quick)
    beside = answers_markdown(answers) if options.markdown else answers_text(answers)
    return Outcome(facts={**asdict(labels), "answers": asdict(answers)}, text=f"{text}\n\n{beside}")


def _answers(old: str, new: str, *, learn: bool) -> Diff:
    root = find_program(Path.cwd()).parent
    with FitDisplay() as display:
        return diff_commits(old, new, root, cache(root), learn=learn, announce=display.watch)
