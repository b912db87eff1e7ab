"""Say what an example is; the same again verifies it.

The edit is safe on disk at once, and becomes history with `datacc commit`.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.find import find
from datacc.repo.label import label

EXAMPLE: Final = "datacc label 3f2a91 nine"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The example, the class, and which output of several."""
    parser.add_argument("example", help="the first digits of its id")
    parser.add_argument("label", help="the name of its class")
    parser.add_argument("--field", metavar="OUTPUT", help="which output, when there are several")


def run(options: argparse.Namespace) -> Outcome:
    """Label it, and tell what that changed."""
    done = label(find(Path.cwd()), options.example, options.field, options.label)
    told = {
        "set": f"{done.example}: {done.field} is {done.new} now, was {' or '.join(done.old) or 'unlabelled'}",
        "resolve": f"{done.example}: {done.field} is {done.new}; the conflict ({', '.join(done.old)}) is resolved",
        "verify": f"{done.example}: {done.field} is {done.new}, verified",
    }
    return Outcome(facts=asdict(done), text=f"{told[done.op]}\nnext: datacc commit")
