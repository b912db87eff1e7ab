"""A label repository and, beside it, a plain git repository with one file per example: what was said to the one is said
to the other, so that git's own merge tells what a merge of labels must be."""

import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.find import Repository, find
from datacc.repo.fold import Register, State
from datacc.repo.label import label
from datacc.repo.queue import queue
from datacc.repo.remove import delete, restore
from datacc.repo.working import read_working

CLASSES = ("ant", "bee", "cow")
ROWS = 12  # every fourth without a label
GONE = "(gone)"
WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def git(folder: Path, *words: str, allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(["git", *WHO, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode in allowed, done.stdout + done.stderr
    return done.stdout


def planted(folder: Path) -> None:
    """The beginning of every world: rows in three classes, all in the branch `main`."""
    repository = create(folder / "labels", "herd").repository
    rows = [f"{n},{CLASSES[n % 3] if n % 4 else ''}" for n in range(ROWS)]
    (folder / "rows.csv").write_text("\n".join(["size,kind", *rows, ""]))
    import_examples(repository, folder / "rows.csv", ImportOptions(label="kind"))
    plain = folder / "plain"
    plain.mkdir()
    git(plain, "init", "-q", "--initial-branch=main")
    world = World(folder)
    world.mirror(said(repository))
    git(plain, "commit", "-q", "-m", "import")


def said(repository: Repository) -> dict[str, str]:
    """Example → its class, "" for none, GONE; every value in a conflict, joined by " or "."""
    working = read_working(repository)
    [output] = working.contents.schema.of("output")

    def told(state: State) -> str:
        register = state.fields.get(output.id, Register())
        classes = [output.class_with(value) for value in register.values if value is not None]
        names = [*(one.name for one in classes if one), *([""] if None in register.values or not classes else [])]
        return " or ".join([*sorted(names), *([GONE] if state.drops else [])]) if state.alive else GONE

    return {id: told(state) for id, state in working.states.items()}


def conflicts(repository: Repository) -> dict[tuple[str, str], frozenset[str]]:
    """(example, output or "") → the ids of what stands against each other."""
    return {(torn.example, torn.field): frozenset(side.id for side in torn.sides) for torn in queue(repository)}


@dataclass
class World:
    """Both repositories in `folder`; `touched`: the examples of which each branch said something."""

    folder: Path
    touched: dict[str, set[str]] = field(default_factory=dict)

    @property
    def labels(self) -> Repository:
        return find(self.folder / "labels")

    @property
    def plain(self) -> Path:
        return self.folder / "plain"

    def git(self, *words: str) -> None:
        for root in (self.folder / "labels", self.plain):
            git(root, *words)

    def mirror(self, values: Mapping[str, str]) -> None:
        """The files say these values, and are staged."""
        for id, value in values.items():
            (self.plain / id).unlink(missing_ok=True)
            if value != GONE:
                (self.plain / id).write_text(f"{id} {value}\n")  # no two alike, or git would take them for renamed ones
        git(self.plain, "add", "-A")

    def commit(self) -> str:
        """Commit what the journal says, in both; the commit of the labels."""
        made = commit(self.labels).commit
        self.mirror(said(self.labels))
        git(self.plain, "commit", "-q", "--allow-empty", "-m", made)
        return made

    def edit(self, branch: str, chance: random.Random, commits: int = 2) -> list[str]:
        """Commits of random edits on a branch, which is switched to."""
        self.git("switch", "-q", branch)
        made = []
        for _ in range(commits):
            for _ in range(chance.randrange(1, 4)):
                self.touched.setdefault(branch, set()).add(self.say(chance))
            made.append(self.commit())
        return made

    def say(self, chance: random.Random) -> str:
        """One random edit; the example that it is of."""
        repository, now = self.labels, said(self.labels)
        id = chance.choice(sorted(now))
        if now[id] == GONE:
            restore(repository, [id])
        elif chance.random() < 0.2:
            delete(repository, [id])
        else:
            others = [name for name in CLASSES if name != now[id]]
            label(repository, id, None, chance.choice(others))
            if chance.random() < 0.3:
                label(repository, id, None, chance.choice(CLASSES), vote=True)
        return id

    def merge(self, other: str) -> set[str]:
        """Merge a branch into this one, in both; the examples in which git sees a conflict, settled there as "?"."""
        git(self.folder / "labels", "merge", "-q", "--no-edit", other)
        git(self.plain, "merge", "-q", "--no-edit", other, allowed=(0, 1))
        torn = set(git(self.plain, "diff", "--name-only", "--diff-filter=U").split())
        for id in torn:
            (self.plain / id).write_text(f"{id} ?\n")
        git(self.plain, "add", "-A")
        git(self.plain, "commit", "-q", "--allow-empty", "-m", "merge")
        return torn

    def plainly(self) -> dict[str, str]:
        """What git's files say."""
        ids = said(self.labels)
        files = {id: self.plain / id for id in ids}
        return {id: file.read_text().split(" ")[1].strip() if file.exists() else GONE for id, file in files.items()}


def copied(template: Path, folder: Path) -> World:
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return World(folder)
