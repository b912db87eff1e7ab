"""Check that all that the repository says fits together.

Conflicts, labels outside the schema, changed or missing files; for the required check of a host. The exit code is 4
when something does not fit.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.errors import DataError
from datacc.repo.check import check
from datacc.repo.find import find
from datacc.repo.words import counted

MOST: Final = 100  # problems that are printed; --json has all
MENDS: Final = 4  # ways out that are printed

EXAMPLE: Final = "datacc check HEAD"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to check."""
    parser.add_argument("revision", nargs="?", default="HEAD", help="which commit (HEAD); edits that wait do not count")


def run(options: argparse.Namespace) -> Outcome:
    """The problems, each with its place."""
    found = check(find(Path.cwd()), options.revision)
    text = f"{found.commit[:10]}: {counted(found.examples, 'example')}"
    text += f", {counted(found.dangling, 'edit')} of examples that no import brings" if found.dangling else ""
    if not found.problems:
        return Outcome(facts=asdict(found), text=f"{text}: all fits together")
    rows = [(problem.where, problem.what) for problem in found.problems[:MOST]]
    what = f"{counted(len(found.problems), 'problem')} at {found.commit[:10]}"
    mends = dict.fromkeys(mend for problem in found.problems for mend in problem.tries or ("datacc resolve",))
    error = DataError(what, tries=list(mends)[:MENDS])
    return Outcome(facts=asdict(found), text=f"{text}\n{columns(rows, indent='  ')}", error=error)
