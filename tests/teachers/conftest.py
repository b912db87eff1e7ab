"""A repository of sticks of which people labelled a part, and teachers in its folder that note every question."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc.intake.importing import ImportOptions, import_examples
from datacc.registry import load
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.find import find
from datacc.repo.snapshot import Snapshot
from datacc.repo.trust import trust
from datacc.repo.wishes import wishes
from datacc.spec.read import read_program
from datacc.store import Store

ROWS = 120

FUNCTION = """
import os
def kind(record):
    print("noise")
    with open({log!r}, "a") as log:
        log.write(f"{{record['width']}}\\n")
    return "long" if record["width"] > 60 else "short"
"""

COMMAND = """
import json, sys
asked = [json.loads(line) for line in sys.stdin]
for number, one in enumerate({order}(asked)):
    if number == {dies}:
        sys.exit("no more credit")
    width = one["inputs"]["record"]["width"]
    with open({log!r}, "a") as log:
        log.write(f"{{width}}\\n")
    print(json.dumps({{"id": one["id"], "label": "long" if width > 60 else "short", "cost": 0.5}}), flush=True)
"""


class Place:
    """A repository, and what a build would freeze of it."""

    def __init__(self, root: Path, peoples: Callable[[int], bool]) -> None:
        self.root, self.log = root, root.parent / "questions"
        create(root, "sticks")
        rows = [f"{n}.5,{n % 7},{('long' if n > 60 else 'short') if peoples(n) else ''}" for n in range(ROWS)]
        (root.parent / "sticks.csv").write_text("width,height,kind\n" + "\n".join(rows) + "\n")
        import_examples(find(root), root.parent / "sticks.csv", ImportOptions(label="kind"))
        self.plain = (root / "datacc.toml").read_text()

    def teacher(self, line: str) -> None:
        """Write `[teacher]`."""
        (self.root / "datacc.toml").write_text(f"{self.plain}\n[teacher]\n{line}\n")

    def function(self, text: str = FUNCTION) -> None:
        """A teacher that is a function of the folder."""
        (self.root / "mine.py").write_text(text.format(log=str(self.log)))
        self.teacher('function = "mine:kind"')

    def command(self, dies: int = -1, order: str = "iter", more: str = "") -> None:
        """A teacher that is a command, and dies before it answers a question."""
        (self.root / "ask.py").write_text(COMMAND.format(log=str(self.log), dies=dies, order=order))
        self.teacher(f"command = {json.dumps(f'{sys.executable} ask.py')}\n{more}")

    def allow(self) -> None:
        """Trust all that the repository wants."""
        repository = find(self.root)
        trust(repository, wishes(repository))

    def snapshot(self, store: str = "cache", root: Path | None = None) -> Snapshot:
        """What a build would freeze."""
        place = root or self.root
        program = read_program(place / "datacc.toml")
        source: Any = load("sources", "repository")
        frozen: Snapshot = source.snapshot(program, place, None, Store(place.parent / store))
        return frozen

    def asked(self) -> list[str]:
        """The widths of all questions so far."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def keep(self) -> None:
        """Commit whatever lies in the folder."""
        commit(find(self.root), "a teacher")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """People labelled every third stick."""
    return Place(tmp_path / "sticks", lambda n: n % 3 == 0)


@pytest.fixture
def silent(tmp_path: Path) -> Place:
    """People labelled nothing."""
    return Place(tmp_path / "sticks", lambda n: False)
