"""Make gold from votes.

What more than half say becomes the label; ties and too few votes wait for `datacc resolve`, whose word always wins.
"""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.numbers import count
from datacc.cli.outcome import Outcome, columns
from datacc.errors import UsageError
from datacc.repo.find import find
from datacc.repo.gold import Counted, gold
from datacc.repo.words import counted

EXAMPLE: Final = "datacc gold --majority --at-least 3 --dry-run"
MOST: Final = 50
_TOLD: Final = {
    "write": "to be written", "same": "gold already", "adjudicated": "decided by a person", "undecided": "no majority",
    "few": "too few votes", "conflict": "in conflict",
}  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    """How to decide, and whether to."""
    parser.add_argument("--majority", action="store_true", help="what more than half of the votes say")
    parser.add_argument("--at-least", type=count, default=2, metavar="N", help="only with so many votes (2)")
    parser.add_argument("--output", metavar="OUTPUT", help="which output, when there are several")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change")


def run(options: argparse.Namespace) -> Outcome:
    """Count, write, and tell what is left to decide."""
    if not options.majority:
        raise UsageError("gold by which rule?", tries=["datacc gold --majority --dry-run"])
    found = gold(find(Path.cwd()), options.output, options.at_least, is_dry=options.dry_run)
    fates = Counter(one.fate for one in found)
    rows = [_row(one) for one in found if one.fate != "same"][:MOST]
    summary = ", ".join(f"{count:,} {_TOLD[fate]}" for fate, count in fates.items()) or "no votes"
    is_written = fates["write"] and not options.dry_run
    after = f"gold of {counted(fates['write'], 'example')} written\nnext: datacc commit" if is_written else summary
    facts = {"written": fates["write"] if is_written else 0, "examples": [asdict(one) for one in found]}
    return Outcome(facts=facts, text="\n".join([*([columns(rows)] if rows else []), after]))


def _row(one: Counted) -> tuple[str, ...]:
    votes = ", ".join(f"{name} {count}" for name, count in one.votes.items())
    return one.example[:12], votes, f"{one.gold or 'unlabelled'} → {one.majority or '?'}", _TOLD[one.fate]
