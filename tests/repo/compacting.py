"""What tests of compaction have in common: a history, random steps that go on with it, and what is asked of it."""

import shutil
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from datacc.errors import DataccError
from datacc.repo.blame import blame
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.compact import Compacted, compact
from datacc.repo.exchange import push
from datacc.repo.find import Repository, find
from datacc.repo.fsck.perform import fsck
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.log import Asked, log
from datacc.repo.remove import delete, restore
from datacc.repo.revert import revert
from datacc.repo.show import show
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from tests.repo.conftest import drawn
from tests.repo.exchange import addresses, git, pushed

FEW = 5  # examples that the histories speak of
Step = tuple[str, int]
STEPS = st.tuples(
    st.sampled_from(["label", "label", "label", "verify", "delete", "restore", "revert", "undo"]), st.integers(0, 7)
)


def planted(folder: Path) -> None:
    """`ann`, with 40 pictures and eight labelling commits, pushed to `origin.git`; packs lie in `store`."""
    (folder / "store").mkdir()
    ann = pushed(folder, drawn(folder / "pictures"), folder / "store")
    for number in range(8):
        relabel(ann, addresses(ann)[number % FEW])
    push(ann)


def relabel(repository: Repository, *ids: str, message: str | None = None) -> str:
    states = {id: show(repository, id).values["animal"].value for id in ids}
    for id, value in states.items():
        label(repository, id, None, "dog" if value == "cat" else "cat")
    return commit(repository, message).commit


def do(repository: Repository, step: Step) -> None:
    """One step of a history, and a commit of it; one that makes no sense there changes nothing."""
    verb, number = step
    id = addresses(repository)[number % FEW]
    try:
        if verb == "revert":
            made = git(repository.root, "log", "--format=%H", "--no-merges", "--diff-filter=A", "--", "ops").split()
            revert(repository, made[number % len(made)])
            return
        if verb in ("label", "verify"):
            value = show(repository, id).values["animal"].value
            other = "cat" if value == "dog" else "dog"
            label(repository, id, None, value if verb == "verify" and value else other)
        elif verb == "undo":
            undo(repository)
        else:
            {"delete": delete, "restore": restore}[verb](repository, [id])
        commit(repository)
    except (DataccError, KeyError):
        assert Journal(repository.root).count() == 0


def copied(repository: Repository, name: str) -> Repository:
    """The repository once more; what was noted of files does not stop git."""
    other = repository.root.with_name(name)
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(repository.root, other)
    git(other, "update-index", "--refresh")
    return find(other)


def said(repository: Repository) -> dict[str, Any]:
    """What is said of each example, all sides of it, and by which operations."""
    return {id: repr(state) for id, state in read_working(repository).states.items()}


def answers(repository: Repository) -> dict[str, Any]:
    """What blame, show and log answer of those of which the histories speak."""
    ids = addresses(repository)[:FEW]
    told = {id: (blame(repository, id), show(repository, id)) for id in ids}
    asked = {id: log(repository, None, asked=Asked(example=id)) for id in ids}
    rewrites = {one.commit for one in log(repository, None) if one.subject.startswith("compact ")}
    listed = [one for one in log(repository, None) if one.commit not in rewrites]
    by_class = [one for one in log(repository, None, asked=Asked(classes=("dog",))) if one.commit not in rewrites]
    return {"told": told, "log": listed, "asked": asked, "class": by_class}


def same(one: Repository, other: Repository) -> None:
    assert said(other) == said(one)
    assert answers(other) == answers(one)
    assert (fsck(other).damages, check(other).problems == check(one).problems) == ((), True)


def really(repository: Repository) -> Compacted:
    return compact(repository, really=True)


def segments(repository: Repository) -> list[Path]:
    return sorted(repository.root.glob("ops/*/*.jsonl"))


def values_of(repository: Repository) -> dict[str, Any]:
    states = read_working(repository).states
    fields = {id: {name: sorted(map(str, one.values)) for name, one in states[id].fields.items()} for id in states}
    return {id: (states[id].alive, states[id].conflict, fields[id]) for id in states}
