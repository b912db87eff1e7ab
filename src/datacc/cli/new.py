"""Start a label repository in a folder.

With --program, the repository begins with that datacc.toml; otherwise the first import writes one that fits.
"""

import argparse
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.repo.create import create
from datacc.spec.names import identifier
from datacc.spec.read import read_program
from datacc.store import write_atomically

EXAMPLE: Final = "datacc new digits"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and how the program is called."""
    parser.add_argument("folder", type=Path, help="where; it is made if it is not there")
    called = parser.add_mutually_exclusive_group()
    called.add_argument("--name", help="the program's name (the folder's, if left out)")
    called.add_argument("--program", type=Path, metavar="TOML", help="a datacc.toml to begin with")


def run(options: argparse.Namespace) -> Outcome:
    """Make the repository and tell where it is."""
    root: Path = options.folder
    lies_there = root / "datacc.toml"
    asked: Path | None = options.program or (lies_there if lies_there.exists() else None)
    name = options.name or (read_program(asked).name if asked else identifier(root.absolute().name, module=True))
    created = create(root, name)
    commit = created.commit
    if asked:
        write_atomically(lies_there, asked.read_bytes())
        commit = created.repository.git.commit(["datacc.toml"], f"ask for {name}")
    facts = {"root": str(created.repository.root), "name": name, "commit": commit, "notes": created.notes}
    notes = "".join(f"\nnote: {note}" for note in created.notes)
    return Outcome(facts=facts, text=f"{name}: a label repository in {root}{notes}\nnext: datacc import FILE_OR_FOLDER")
