"""Allow what this repository wants to do beyond reading it, after showing it.

Nothing that came with a clone is run, loaded or contacted before. What is allowed holds for this working copy alone,
and is remembered in git's own folder, which no clone brings. Whatever the repository wants later must be allowed anew.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, visible
from datacc.errors import TrustError
from datacc.repo.find import find
from datacc.repo.trust import distrust, trust, trusted
from datacc.repo.wishes import wishes

EXAMPLE: Final = "datacc trust --yes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to ask, or to take it all back."""
    parser.add_argument("--yes", action="store_true", help="allow it without asking")
    parser.add_argument("--revoke", action="store_true", help="allow nothing any longer")


def run(options: argparse.Namespace) -> Outcome:
    """Show what is wanted, ask, and remember the answer."""
    repository = find(Path.cwd())
    before, wanted = trusted(repository), wishes(repository)
    if options.revoke:
        distrust(repository, before)
        return Outcome(facts={"wanted": wanted, "trusted": []}, text="this repository is trusted with nothing")
    fresh = [what for what in wanted if what not in before]
    if fresh and not (options.yes or _agreed(fresh, silent=options.json)):
        error = TrustError("nothing was allowed", where=str(repository.root), tries=["datacc trust --yes"])
        text = "\n".join(["this repository wants to", *(f"  {what}" for what in fresh)])
        return Outcome(facts={"wanted": wanted, "trusted": sorted(before)}, text=text, error=error)
    trust(repository, fresh)
    allowed = [f"allowed here: {what}" for what in wanted]
    text = "\n".join(allowed) or "this repository wants nothing that would need trust"
    return Outcome(facts={"wanted": wanted, "trusted": sorted(trusted(repository))}, text=text)


def _agreed(fresh: list[str], *, silent: bool) -> bool:
    """Whether a person at a terminal says yes."""
    if silent or not sys.stdin.isatty():
        return False
    print(visible("\n".join(["this repository wants to", *(f"  {what}" for what in fresh)])))
    return input("allow it here? [y/N] ").strip().casefold() in ("y", "yes")
