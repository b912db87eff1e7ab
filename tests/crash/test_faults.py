"""A sample of what `make nightly` counts in full: faults at the calls of every scene; and that the judge can say no."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import faults
from tests.crash.scenes import SCENES
from tests.crash.world import World, restore, room

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="faults are preloaded, and watched in /proc")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    place = room()
    made = World(place)
    yield made
    made.close()
    shutil.rmtree(place)


@pytest.mark.parametrize("name", SCENES)
def test_nothing_acknowledged_is_lost_and_the_rest_is_all_or_nothing(name: str, world: World) -> None:
    stage = faults.stage(name, world)
    done = [faults.strike(stage, blow) for blow in faults.blows(stage, seed=0, faults=2, random_kills=2)]
    assert [(trial.what, trial.wrong) for trial in done if trial.wrong] == []
    assert sum(trial.fired for trial in done) > len(done) / 2
    assert unsynced(stage.calls) == []


def unsynced(calls: list[tuple[str, str]]) -> list[str]:
    """The objects of git's store here that got their names before they were on disk."""
    written, found = set[str](), []
    for kind, path in calls:
        folder, _, name = path.rpartition("/")
        if folder.startswith("here/.git/objects/") and kind == "sync":
            written.add(folder)
        elif folder.startswith("here/.git/objects/") and kind == "name":
            found += [] if folder in written or len(name) != 38 else [path]
            written.discard(folder)
    return found


@pytest.fixture
def committing(world: World) -> faults.Stage:
    """The commit, about to be made."""
    if not (world.room / "control").exists():
        SCENES["control"] = SCENES["commit"]
        try:
            made = faults.stage("control", world)
        finally:
            del SCENES["control"]
        (world.room / "control.said").write_text(json.dumps([made.words, made.before, made.after]))
    words, before, after = json.loads((world.room / "control.said").read_text())
    restore(world, world.room / "control")
    return faults.Stage("commit", world, words, before, after, [], 0.0, frozenset())


def test_the_judge_sees_what_is_lost(committing: faults.Stage) -> None:
    (committing.world.here / ".datacc/journal").unlink()
    wrong, _ = faults.judge(committing, is_done=False)
    assert "neither before nor after" in wrong[0]


def test_the_judge_sees_what_is_said_to_be_done_and_is_not(committing: faults.Stage) -> None:
    wrong, _ = faults.judge(committing, is_done=True)
    assert wrong == ["done, but it is not"]


def noted(here: Path, ago: float) -> None:
    """What a commit leaves that was killed some seconds ago."""
    note = here / ".datacc/lock.note"
    note.write_text(json.dumps({"files": ["ops/x.jsonl"], "locks": ["index.lock"], "merges": False}))
    os.utime(note, (time.time() - ago,) * 2)
    (here / "ops").mkdir(exist_ok=True)
    (here / "ops/x.jsonl").write_text("half a li")


def test_what_a_killed_command_noted_is_tidied_up(committing: faults.Stage) -> None:
    here = committing.world.here
    noted(here, ago=5.0)
    (here / ".git/index.lock").touch()
    committing.world.do("status")
    assert not (here / ".git/index.lock").exists()
    assert not (here / "ops/x.jsonl").exists()
    assert not (here / ".datacc/lock.note").exists()


@pytest.mark.parametrize("ago", [None, -100.0, 100.0])
def test_the_lock_of_another_git_is_left_alone(ago: float | None, committing: faults.Stage) -> None:
    """There is no note; or the lock is older than it; or it was taken long after."""
    here = committing.world.here
    if ago is not None:
        noted(here, ago)
    (here / ".git/index.lock").touch()
    committing.world.do("status")
    assert (here / ".git/index.lock").exists()


def test_a_note_names_nothing_outside(committing: faults.Stage) -> None:
    world = committing.world
    noted(world.here, ago=5.0)
    note = world.here / ".datacc/lock.note"
    (world.trial / "mine").write_text("precious")
    note.write_text(note.read_text().replace("ops/x.jsonl", "../../mine"))
    world.do("status")
    assert (world.trial / "mine").read_text() == "precious"
