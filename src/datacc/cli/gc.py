"""Show what nothing needs any more, and with --yes delete it.

Here: packs that no commit names, and parts of caches that killed commands left, a day old at least. In remotes: packs
that no branch known here needs are marked, and deleted by a later `datacc gc --yes`, 14 days on, if nothing needs them
still.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.find import find
from datacc.repo.garbage import Garbage, collect
from datacc.repo.words import counted

EXAMPLE: Final = "datacc gc --yes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to do it."""
    parser.add_argument("--yes", action="store_true", help="do it; without, it is only shown")


def run(options: argparse.Namespace) -> Outcome:
    """Find, and perhaps delete."""
    found = collect(find(Path.cwd()), really=options.yes)
    return Outcome(facts={**asdict(found), "done": options.yes}, text="\n".join(_lines(found, done=options.yes)))


def _lines(found: Garbage, *, done: bool) -> list[str]:
    lines = [f"{counted(len(found.files), 'file')} here, {found.size:,} bytes"] if found.files else []
    lines += [f"  {path}" for path in found.files]
    for verb, pairs in (("mark", found.mark), ("delete", found.delete), ("unmark", found.unmark)):
        lines += [f"{verb} in {remote}: {name}" for remote, name in pairs]
    if not lines:
        lines = ["nothing to delete"]
    elif not done:
        lines += ["nothing was changed; datacc gc --yes does it"]
    skipped = "not trusted, or other repositories keep packs there"
    return lines + [f"note: {name} was left alone: {skipped}" for name in found.skipped]
