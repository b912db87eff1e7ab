"""Spoils one call of one command, then looks at what is left: nothing acknowledged is lost, the rest all or nothing.

A *scene* is a prepared folder and one command. A *trial* copies the folder, runs the command with a fault at its n-th
call that changes a file (tests/crash/faults.c), runs `datacc status` as anybody would next, and judges with git and
sqlite3 alone what the repository says now: the same as before the command, or the same as after it.
"""

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.crash.scenes import SCENES
from tests.crash.state import difference, state
from tests.crash.world import World, begin, restore

FAULTS = ("kill", "alone", "tear", "full", "broken", "short", "sync")  # sync: a failing fsync
# Of the journal: its main file, which the log stands for; the switch to that log; the folder, where SQLite only tries.
SPARE = ("here/.datacc/journal", "here/.datacc/journal-journal", "here/.datacc")
# May be lost, or fetched again: what a remote said last is asked anew, and git ends a push well without it.
CACHES = ("here/.datacc/index-1", "here/.datacc/cache", "here/.datacc/packs/", "here/.git/refs/remotes/")


@dataclass
class Stage:
    """A scene that is set: copies of its folder, and what the repository says before and after its command."""

    name: str
    world: World
    words: list[str]
    before: dict[str, Any]
    after: dict[str, Any]
    calls: list[tuple[str, str]]
    seconds: float
    damages: frozenset[str]  # that fsck tells of before or after, such as packs that wait for a push


def damages(world: World) -> frozenset[str]:
    checked = world.call("fsck")
    lines = checked["said"].splitlines() if checked["code"] else []
    return frozenset(line for line in lines if line and not line.startswith(("  ", "error:")))


def stage(name: str, world: World) -> Stage:
    """Set a scene: prepare it, keep it, and run its command once without a fault."""
    base, kept = world.room / "base", world.room / name
    if not base.exists():
        begin(world)
        shutil.copytree(world.trial, base, symlinks=True)
    restore(world, base)
    scene = SCENES[name]
    scene.prepare(world)
    shutil.copytree(world.trial, kept, symlinks=True)
    words = [{"ID": world.ids[4], "SECOND": str(world.trial / "second")}.get(word, word) for word in scene.words]
    before, found = state(world), damages(world)
    restore(world, kept)
    done = world.call(*words, mode="count")
    assert done["code"] == 0, done["said"]
    after = state(world)
    return Stage(name, world, words, before, after, done["calls"], done["seconds"], found | damages(world))


def points(scene: Stage, fault: str) -> list[int]:
    """The calls at which a fault can strike, counted from 1."""
    fit = {"tear": ("write",), "short": ("write",), "sync": ("sync",), "full": ("write", "sync", "make", "name")}
    kinds = fit.get(fault, ("write", "sync", "make", "name", "remove"))
    return [number for number, (kind, _) in enumerate(scene.calls, 1) if kind in kinds]


@dataclass(frozen=True)
class Blow:
    """A fault at the n-th call; or one is "killed" after a share of its time, or "killed alone", without its git."""

    fault: str
    at: float

    def __str__(self) -> str:
        return f"{self.fault} {self.at:.6g}"


@dataclass
class Trial:
    """What one fault led to: what was wrong (nothing), and how long the next command took."""

    what: str
    wrong: list[str]
    seconds: float
    fired: bool


def strike(scene: Stage, blow: Blow) -> Trial:
    """The command with one fault, and the judgement."""
    restore(scene.world, scene.world.room / scene.name)
    if blow.fault.startswith("killed"):
        return _killed(scene, blow.at, alone=blow.fault == "killed alone")
    return _struck(scene, blow.fault, int(blow.at))


def _struck(scene: Stage, fault: str, number: int) -> Trial:
    world = scene.world
    mode = "broken" if fault == "sync" else fault
    done = world.call(*scene.words, mode=mode, target=number)
    wrong = []
    if fault == "full":  # the disk is full still, and what there was can be read
        for words in (["status"], ["log"]):
            seen = world.call(*words, mode="full", target=1)
            wrong += [f"while the disk is full, {words[0]}: {seen['said'][-600:]}"] if seen["code"] else []
    if "Traceback" in done["said"]:
        wrong.append(f"a traceback: {done['said'][-1500:]}")
    kind, path = done["calls"][number - 1] if number <= len(done["calls"]) else ("", "")
    is_done = done["code"] == 0 and fault not in ("kill", "alone", "tear")
    is_unsynced = done["fired"] and kind == "sync" and fault in ("sync", "full")
    if is_done and is_unsynced and not needless(done["calls"][:number]):
        wrong.append(f"done, though {path} was not synced")
    if fault == "broken" and kind == "remove" and "/.git/" in path and (world.trial / "near" / path).is_file():
        (world.trial / "near" / path).unlink()  # the disk kept it, and git, which went on, asks the user to remove it
    faults, seconds = judge(scene, is_done=is_done)
    said = [f"  it had said ({done['code']}): {done['said'][-300:]}"] if faults else []
    return Trial(f"{fault} at {number} ({kind} {path})", wrong + faults + said, seconds, done["fired"])


def needless(calls: list[tuple[str, str]]) -> bool:
    """Whether nobody relies on the last sync: it is of a cache, or SQLite's checkpoint of what its log has on disk."""
    _, path = calls[-1]
    before = [kind for kind, other in calls[:-1] if other == path and kind in ("write", "sync")]
    is_checkpoint = path.endswith("/journal-wal") and before[-1:] != ["write"]
    return path.startswith(CACHES) or path in SPARE or is_checkpoint


def _killed(scene: Stage, share: float, *, alone: bool) -> Trial:
    done = scene.world.call(*scene.words, after=share * scene.seconds, alone=alone)
    if alone:  # a git that it started may live on: commands do not wait for that to read, and are right
        seen = scene.world.call("status")
    wrong, seconds = judge(scene, is_done=False)
    wrong += [f"status beside what lives on: {seen['said'][-800:]}"] if alone and seen["code"] else []
    return Trial(f"killed after {share:.3f} of {scene.seconds:.3f} s{' alone' if alone else ''}", wrong, seconds,
                 done["code"] < 0)  # fmt: skip


def judge(scene: Stage, *, is_done: bool) -> tuple[list[str], float]:
    """What is wrong with what is left, and the seconds of the command that found it."""
    world, wrong = scene.world, []
    first = world.call("status")
    if first["code"]:
        wrong.append(f"status: {first['said'][-800:]}")
    now = state(world)
    if (differs := not_all_or_nothing(scene, now)) or (is_done and not same(now, scene.after)):
        wrong.append(f"neither before nor after: {differs}" if differs else "done, but it is not")
    found = {line for line in damages(world) - scene.damages if not waits(line, now)}
    wrong += [f"fsck: {sorted(found)}"] if found else []
    if not wrong and (same(now, scene.before) or SCENES[scene.name].again):
        repeated = world.call(*scene.words)
        if repeated["code"]:
            wrong.append(f"again: {repeated['said'][-800:]}")
        elif not same(now := state(world), scene.after):
            wrong.append(f"again, and it is not what it should be: {difference(now, scene.after)}")
    for words in (["label", world.ids[7], "dog"], ["commit"]) if not wrong else ():
        further = world.call(*words)
        wrong += [f"{words[0]} afterwards: {further['said'][-800:]}"] if further["code"] else []
    return wrong, first["seconds"]


def waits(damage: str, now: dict[str, Any]) -> bool:
    """Whether it is that a remote has no pack that is here: a push will put it there."""
    place, _, what = damage.rpartition(": ")
    here = [pack.split()[0].rpartition("/")[2] for pack in now["packs"] if pack.startswith(".datacc/")]
    return what == "it is not in the remote" and place.rpartition("/")[2] in here


STRICT = ("history", "host", "journal", "branch", "dirty")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one == other


def not_all_or_nothing(scene: Stage, now: dict[str, Any]) -> str:
    """How what is there differs from both before and after; packs may be some of both."""
    before, after = scene.before, scene.after
    packs = [set(one["packs"]) for one in (now, before, after)]
    if all(any(now[key] != one[key] for key in STRICT) for one in (before, after)):
        return f"{difference(now, before)} / {difference(now, after)}"
    if scene.name != "heal" and not packs[1] & packs[2] <= packs[0] <= packs[1] | packs[2]:
        return f"packs {sorted(packs[0] ^ packs[2])}"
    if now["host"] == after["host"] != before["host"] and not packs[2] <= packs[0]:
        return "the host has commits whose packs are nowhere"
    return ""


def blows(scene: Stage, seed: int, faults: int | None, random_kills: int, kinds: Sequence[str] = FAULTS) -> list[Blow]:
    """All faults of some kinds, or `faults` of each drawn with a seed, and kills at random times."""
    draw, chosen = random.Random(f"{scene.name} {seed}"), list[Blow]()
    for fault in kinds:
        found = points(scene, fault)
        numbers = found if faults is None else sorted(draw.sample(found, min(faults, len(found))))
        if faults is not None and fault == "kill":
            numbers = sorted({*numbers, *around_the_branch(scene)})
        chosen += [Blow(fault, number) for number in numbers]
    kills = random.Random(f"{scene.name} {seed} kills")
    return chosen + [Blow(f"killed{' alone' * (n % 2)}", kills.uniform(0.02, 1.1)) for n in range(random_kills)]


def around_the_branch(scene: Stage) -> list[int]:
    """The call that moves a branch, and the one after it."""
    named = [n for n, (kind, path) in enumerate(scene.calls, 1) if kind == "name" and "/refs/heads/" in path]
    return [number for at in named[-1:] for number in (at, at + 1) if number <= len(scene.calls)]
