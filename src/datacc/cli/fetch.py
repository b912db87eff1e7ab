"""Fetch the branches of the git remote; packs of media come when something reads them.

With --media, all packs that any branch needs come now, so that one can work without a network.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.exchange import DEFAULT, Fetched, fetch
from datacc.repo.find import find
from datacc.repo.words import counted, listed

EXAMPLE: Final = "datacc fetch --media"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where from, and whether with all media."""
    parser.add_argument("remote", nargs="?", default=DEFAULT, help=f"a remote of git ({DEFAULT})")
    parser.add_argument("--media", action="store_true", help="fetch every pack that any branch needs")


def run(options: argparse.Namespace) -> Outcome:
    """Fetch, and say what there is."""
    done = fetch(find(Path.cwd()), options.remote, media=options.media)
    ends = [f"{options.remote}/{name} at {commit[:10]}" for name, commit in done.branches.items()]
    return Outcome(facts=asdict(done), text="\n".join([*ends, *notes(done)]))


def notes(done: Fetched) -> list[str]:
    """What is to be said of packs and of remotes that nobody trusted."""
    came = [f"{counted(done.packs, 'pack')} fetched"] if done.packs else []
    wait = [f"note: media lie in {listed(done.untrusted)}; datacc trust allows to fetch them"] if done.untrusted else []
    return came + wait
