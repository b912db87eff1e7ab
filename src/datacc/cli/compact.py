"""Show how many small segments of the default branch could be joined into few large ones, and with --yes join them.

Labels, their history and who is answerable stay as they are, and branches from before merge as before. It is checked
before it is committed.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.compact import compact
from datacc.repo.find import find
from datacc.repo.words import counted

EXAMPLE: Final = "datacc compact --yes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to do it."""
    parser.add_argument("--yes", action="store_true", help="do it; without, it is only shown")


def run(options: argparse.Namespace) -> Outcome:
    """Join, or show what that would be."""
    done = compact(find(Path.cwd()), really=options.yes)
    verb = "became" if done.commit else "would become"
    text = f"{counted(done.segments, 'segment')} {verb} {done.joined:,}: "
    text += f"{counted(done.edits, 'edit')}, {done.size:,} bytes"
    text += f", in commit {done.commit[:10]}" if done.commit else "\nnothing was changed; datacc compact --yes does it"
    return Outcome(facts={**asdict(done), "done": done.commit is not None}, text=text)
