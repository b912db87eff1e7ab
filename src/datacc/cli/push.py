"""Put the packs of media into their remotes, then push this branch to the git remote.

Packs go first, and each is seen to have arrived; when one is missing, nothing is pushed. What was put before a failure
need not be put again.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.exchange import DEFAULT, push
from datacc.repo.find import find
from datacc.repo.words import counted

EXAMPLE: Final = "datacc push origin"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("remote", nargs="?", default=DEFAULT, help=f"a remote of git ({DEFAULT})")


def run(options: argparse.Namespace) -> Outcome:
    """Push, and say what went where."""
    done = push(find(Path.cwd()), options.remote)
    lines = [f"{counted(len(names), 'pack')} put into {name}" for name, names in done.put.items()]
    text = "\n".join([*lines, f"{done.branch} at {done.commit[:10]} pushed to {options.remote}"])
    return Outcome(facts=asdict(done), text=text)
