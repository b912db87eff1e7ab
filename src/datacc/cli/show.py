"""Show everything that is known of one example.

Its labels, inputs and columns, and who said what when.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.events import Event
from datacc.repo.find import find
from datacc.repo.show import Shown, Value, show

EXAMPLE: Final = "datacc show 3f2a91"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The example."""
    parser.add_argument("example", help="the first digits of its id")


def run(options: argparse.Namespace) -> Outcome:
    """The example as a page of text."""
    shown = show(find(Path.cwd()), options.example)
    return Outcome(facts=asdict(shown), text="\n".join(_lines(shown)))


def _lines(shown: Shown) -> Iterator[str]:
    yield f"{shown.id}{'' if shown.alive else '  deleted'}"
    if shown.values:
        yield columns([(name, "is", _said(value)) for name, value in shown.values.items()], indent="  ")
    cells = [*shown.inputs.items(), *shown.columns.items()]
    media = {name: f"{place.length:,} bytes" for name, place in shown.media.items()}
    yield columns([(name, media.get(name, cell)) for name, cell in cells], indent="  ")
    yield "history"
    yield columns(map(_row, shown.history), indent="  ")


def _said(value: Value) -> str:
    if value.conflict:
        return f"{' or '.join(value.conflict)} (a conflict: datacc label says which)"
    return (value.value or "not labelled") + (" (verified)" if value.verified else "")


def _row(event: Event) -> tuple[str, ...]:
    change = f"{event.old} → {event.new}" if event.old and event.new else event.new or ""
    commit = event.commit[:10] if event.commit else "not committed"
    return event.when[:16].replace("T", " "), event.who, event.op, event.field, change, commit
