"""Fetch from the git remote, and merge its branch of the same name into this one.

What disagrees is kept, both sides, for `datacc resolve`, as by `datacc merge`.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.changes import as_text
from datacc.cli.fetch import arguments as arguments  # the same ones
from datacc.cli.fetch import notes
from datacc.cli.outcome import Outcome
from datacc.repo.exchange import pull
from datacc.repo.find import find

EXAMPLE: Final = "datacc pull"


def run(options: argparse.Namespace) -> Outcome:
    """Pull, and show what that changed."""
    done = pull(find(Path.cwd()), options.remote, media=options.media)
    torn = any(len(one.new) > 1 for one in done.merged.changes.changes)
    lines = [as_text(done.merged.changes), *notes(done.fetched), *(["next: datacc resolve"] if torn else [])]
    return Outcome(facts=asdict(done), text="\n".join(lines))
