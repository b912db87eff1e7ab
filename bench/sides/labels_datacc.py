"""Our side: the repository as the commands use it, in this process."""

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.blame import blame
from datacc.repo.branches import merge
from datacc.repo.changes import changes
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.edit import write
from datacc.repo.identity import address, canonical_json
from datacc.repo.label import label
from datacc.repo.schema import permanent_id
from datacc.repo.states import States
from datacc.repo.status import status
from datacc.repo.working import read_working

from .cpu import cpu
from .labelled import CLASSES, Texts

WHO = "Ann <ann@example.org>"


class Datacc:
    """A repository in `folder`, and what is done with it."""

    def __init__(self, folder: Path, texts: Texts) -> None:
        self.repository = create(folder, "texts").repository
        for key, value in (("user.name", "Ann"), ("user.email", "ann@example.org")):
            self.git("config", key, value)
        self.texts, self.expected = texts, 0
        gc.freeze()  # the bench's own million texts are nothing to look at for garbage

    def git(self, *arguments: str) -> str:
        return self.repository.git.run(*arguments).decode()

    def load(self, table: Path) -> None:
        done = import_examples(self.repository, table, ImportOptions(label="topic", inputs=("text",)))
        assert done.examples == len(self.texts.texts), done

    def size(self) -> int:
        """Bytes of git's objects, without the texts themselves."""
        objects = self.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objectsize:disk)")
        sizes = dict(line.split() for line in objects.splitlines())
        listed = self.git("ls-tree", "-r", "HEAD", "--", "runs").splitlines()
        inputs = [line.split()[2] for line in listed if line.endswith("/inputs.jsonl")]
        return sum(map(int, sizes.values())) - sum(int(sizes[name]) for name in inputs)

    def open_cold(self) -> None:
        shutil.rmtree(self.repository.root / ".datacc/index-1", ignore_errors=True)
        self.open_cached()

    def open_cached(self) -> None:
        table = States(read_contents(self.repository, whole=True)).table
        assert len(table.ids) == len(self.texts.texts)

    def id(self, row: int) -> str:
        return address(canonical_json({permanent_id("input", "text"): self.texts.texts[row]}).encode())

    def edit(self, edits: dict[int, str]) -> None:
        """Journal these labels, as one command."""
        working = read_working(self.repository)
        ids = {self.id(row): name for row, name in edits.items()}
        states = working.states.of(ids)
        [column] = working.contents.schema.of("output")
        lines: list[dict[str, Any]] = []
        for id, name in ids.items():
            one = column.class_named(name)
            register = states[id].fields[column.id]
            live = [said.id for said in register.live]
            assert one is not None
            lines.append(
                {"op": "set", "example": id, "field": column.id, "new": one.id, "old": register.value, "replaces": live}
            )
        write(self.repository, working.pending, lines, WHO)

    def commit(self) -> None:
        commit(self.repository)

    def diff(self, count: int) -> None:
        found = changes(self.repository, "HEAD^", "HEAD")
        assert len(found.changes) == count, len(found.changes)

    def branch(self, ours: dict[int, str], theirs: dict[int, str], shared: int, number: int) -> None:
        """Two branches, of which `shared` edits are of the same examples, every second one with another label."""
        for k, row in enumerate(list(ours)[:shared]):
            theirs.pop(next(iter(theirs)))
            theirs[row] = ours[row] if k % 2 else CLASSES[(CLASSES.index(ours[row]) + 1) % 10]
        self.expected = status(self.repository).conflicted + shared // 2
        self.name = f"side-{number}"
        self.git("switch", "--quiet", "--create", self.name)
        self.edit(theirs)
        commit(self.repository)
        self.git("switch", "--quiet", "main")
        self.edit(ours)
        commit(self.repository)

    def merge(self) -> None:
        self.merged = merge(self.repository, self.name)

    def check_merged(self) -> None:
        found = status(self.repository).conflicted
        assert found == self.expected, (found, self.expected)

    def blame(self, k: int) -> None:
        blame(self.repository, self.id(k * 37))

    def status(self) -> None:
        status(self.repository)

    def label(self, k: int) -> None:
        label(self.repository, self.id(k * 41 + 7), None, CLASSES[k % 10])

    def commit_command(self, k: int) -> float:
        self.label(1000 + k)
        command = [sys.executable, "-m", "datacc", "commit"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        return cpu(
            lambda: subprocess.run(command, cwd=self.repository.root, env=environment, check=True, capture_output=True)
        )

    def clone(self, target: Path) -> None:
        self.git("clone", "--quiet", "--no-local", ".", str(target))
