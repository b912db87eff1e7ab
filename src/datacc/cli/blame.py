"""Say who is answerable for each label of an example.

The commit, the author or the model with its confidence, and who verified it.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.blame import Blame, blame
from datacc.repo.events import Event
from datacc.repo.find import find

EXAMPLE: Final = "datacc blame 3f2a91"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The example."""
    parser.add_argument("example", help="the first digits of its id")


def run(options: argparse.Namespace) -> Outcome:
    """A line for each value, and for each that was said in a conflict."""
    found = blame(find(Path.cwd()), options.example)
    return Outcome(facts=asdict(found), text=f"{found.example}\n{columns(_rows(found), indent='  ')}")


def _rows(found: Blame) -> Iterator[tuple[str, ...]]:
    for event in found.presence:
        yield ("deleted", event.reason or "", *_who(event), "")
    for one in found.fields:
        verified = ", ".join(event.who for event in one.verified)
        for event in one.said:
            yield (one.field, event.new or "(none)", *_who(event), f"verified by {verified}" if verified else "")
        if not one.said:
            yield one.field, "not labelled", "", "", "", ""


def _who(event: Event) -> tuple[str, str, str]:
    machine = f"{event.model} {event.confidence:.2f}" if event.model and event.confidence is not None else event.model
    commit = event.commit[:10] if event.commit else "not committed"
    return event.when[:16].replace("T", " "), machine or event.who, commit
