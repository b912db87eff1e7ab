"""Show what is in conflict, and settle it.

Both sides are kept until somebody says which is right.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.errors import UsageError
from datacc.repo.events import Event
from datacc.repo.find import Repository, find
from datacc.repo.fold import DROPS
from datacc.repo.queue import Torn, queue, resolve, settle

EXAMPLE: Final = "datacc resolve 3f2a91 nine"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The example and what it is; nothing to see all conflicts."""
    parser.add_argument("example", nargs="?", help="the first digits of its id (left out: show all conflicts)")
    parser.add_argument("label", nargs="?", help="its class, a number, or labels as 'a;b'")
    parser.add_argument("--field", metavar="OUTPUT", help="which output, when there are several")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--keep", action="store_true", help="deleted and edited: it stays, as edited")
    which.add_argument("--delete", action="store_true", help="deleted and edited: it goes")


def run(options: argparse.Namespace) -> Outcome:
    """The queue, or what was settled."""
    repository = find(Path.cwd())
    if options.example is None:
        return _queue(repository)
    if options.keep or options.delete:
        id = settle(repository, options.example, is_kept=options.keep)
        said = "kept" if options.keep else "deleted"
        return Outcome(facts={"example": id, "resolved": said}, text=f"{id}: {said}\nnext: datacc commit")
    if options.label is None:
        raise UsageError("what is it?", tries=[f"datacc resolve {options.example} CLASS", "--keep or --delete"])
    done = resolve(repository, options.example, options.field, options.label)
    return Outcome(facts=asdict(done), text=f"{done.example}: {done.field} is {done.new}\nnext: datacc commit")


def _queue(repository: Repository) -> Outcome:
    found = queue(repository)
    lines = [line for torn in found for line in _lines(torn)]
    return Outcome(
        facts={"conflicts": [asdict(one) for one in found]}, text="\n".join(lines) or "nothing is in conflict"
    )


def _lines(torn: Torn) -> Iterator[str]:
    yield f"{torn.example[:12]}  {torn.name or ''}  {torn.field or 'deleted and edited'}".rstrip()
    yield columns(map(_row, torn.sides), indent="  ")
    yield f"  try: datacc resolve {torn.example[:8]} {'CLASS' if torn.field else '--keep'}"


def _row(event: Event) -> tuple[str, ...]:
    commit = event.commit[:10] if event.commit else "not committed"
    said = event.new or ("deleted" if event.op in DROPS else "(none)")
    return said, event.model or event.who, event.when[:16].replace("T", " "), commit, event.reason or ""
