"""Check every byte of the repository, and with --heal mend it from another copy.

Git's objects, the files of the working tree, what the commit says, packs here and in the remotes that were trusted, the
journal, the caches. What is replaced is moved to .datacc/damaged. The exit code is 5 when something is damaged still.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.errors import RepositoryError
from datacc.repo.fsck.damage import Damage
from datacc.repo.fsck.perform import find_damaged, fsck
from datacc.repo.words import counted

EXAMPLE: Final = "datacc fsck --heal"
MOST: Final = 100  # damages that are printed; --json has all


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to mend, and how far to look."""
    parser.add_argument("--heal", action="store_true", help="mend from the working tree, git remotes, remotes of media")
    parser.add_argument("--media", action="store_true", help="read every pack in the remotes, too")


def run(options: argparse.Namespace) -> Outcome:
    """Every damage with its place and its repair."""
    repository = find_damaged(Path.cwd())
    found = fsck(repository, heal=options.heal, deep=options.media)
    lines = [*_lines("healed: ", found.healed), *_lines("", found.damages)]
    if not found.damages:
        return Outcome(facts=asdict(found), text="\n".join([*lines, "all is whole"]))
    error = RepositoryError(
        counted(len(found.damages), "damage"),
        where=str(repository.root),
        tries=["what stands beside each"] if options.heal else ["datacc fsck --heal"],
    )
    return Outcome(facts=asdict(found), text="\n".join(lines), error=error)


def _lines(head: str, damages: tuple[Damage, ...]) -> list[str]:
    shown = [f"{head}{one.where}: {one.what}" + ("" if head else f"\n  repair: {one.repair}") for one in damages[:MOST]]
    more = len(damages) - MOST
    return [*shown, f"{head}{more:,} more (--json)"] if more > 0 else shown
