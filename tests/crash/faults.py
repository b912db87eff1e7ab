"""Spoils one call of one command, then looks at what is left: nothing acknowledged is lost, the rest all or nothing.

A *scene* is a prepared folder and one command. A *trial* copies the folder, runs the command with a fault at its n-th
call that changes a file (tests/crash/faults.c), runs `datacc status` as anybody would next, and judges with git and
sqlite3 alone what the repository says now: the same as before the command, or the same as after it.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src"
ROOM = HERE / "server.py"
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "OPENBLAS_NUM_THREADS": "1"}
ANN = {"NAME": "Ann", "EMAIL": "ann@example.org", "DATE": "2026-11-27T12:00:00Z"}
WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in ANN.items()}
FAULTS = ("kill", "alone", "tear", "full", "broken", "short", "sync")  # sync: a failing fsync
# Of the journal: its main file, which the log stands for; the switch to that log; the folder, where SQLite only tries.
SPARE = ("here/.datacc/journal", "here/.datacc/journal-journal", "here/.datacc")
CACHES = ("here/.datacc/index-1", "here/.datacc/cache", "here/.datacc/packs/")  # may be lost, or fetched again


@dataclass
class Scene:
    """`prepare` brings the world to where `words` are to be run. `again`: repeating it after it was done is right."""

    prepare: Callable[["World"], None]
    words: list[str]
    again: bool = False


@dataclass
class World:
    """A folder of trials, and the server that runs commands in it."""

    room: Path
    server: subprocess.Popen[str] = field(init=False)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        library, state = self.room / "faults.so", self.room / "state"
        compiler = [sys.executable, "-m", "ziglang", "cc", "-O1", "-shared", "-fPIC"]
        subprocess.run([*compiler, "-o", str(library), str(HERE / "faults.c"), "-ldl"], check=True)
        state.write_bytes(bytes(1 << 20))
        outer = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        path = f"{SOURCES}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        mine = {"LD_PRELOAD": str(library), "DATACC_FAULTS": str(state), "PYTHONPATH": path}
        self.server = subprocess.Popen([sys.executable, str(ROOM)], env={**outer, **NOBODY, **WHO, **mine}, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.room)  # fmt: skip

    @property
    def trial(self) -> Path:
        return self.room / "trial"

    @property
    def here(self) -> Path:
        return self.trial / "near/here"

    def call(self, *words: str, cwd: Path | None = None, **more: Any) -> dict[str, Any]:
        asked = {"words": words, "cwd": str(cwd or self.here), "folder": str(self.trial / "near"), **more}
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        print(json.dumps(asked), file=self.server.stdin, flush=True)
        return json.loads(self.server.stdout.readline())

    def do(self, *words: str, cwd: Path | None = None) -> str:
        done = self.call(*words, cwd=cwd)
        assert done["code"] == 0, (words, done["said"])
        return done["said"]

    def git(self, *words: str, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=cwd or self.here,
                              env={**os.environ, **NOBODY, **WHO}, capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def close(self) -> None:
        self.server.communicate()


def begin(world: World) -> None:
    """Ann's repository of eight pictures, pushed; packs lie in a folder, git's remote is another."""
    near = world.trial / "near"
    (near / "store").mkdir(parents=True)
    world.git("init", "--quiet", "--bare", "--initial-branch=main", "host.git", cwd=world.trial)
    pictures(world.trial / "first", ("cat", "dog"), 4, seed=1)
    pictures(world.trial / "second", ("dog", "hen"), 2, seed=2)
    world.do("new", "here", cwd=near)
    world.git("remote", "add", "origin", str(world.trial / "host.git"))
    world.git("config", "remote.origin.receivepack", "setsid git-receive-pack")  # a host does not die with its guest
    world.do("remote", "add", "store", str(near / "store"))
    world.do("import", str(world.trial / "first"), "--label", "kind")
    world.do("push")
    tree = world.git("ls-tree", "-r", "--name-only", "HEAD").splitlines()
    [labels] = [path for path in tree if path.endswith("labels.tsv")]
    world.ids = [line.split("\t")[0] for line in (world.here / labels).read_text().splitlines()[1:]]


def pictures(folder: Path, classes: tuple[str, ...], count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 255, (6, 6), np.uint8)).save(folder / name / f"{number}.png")


def says(world: World, *numbers: int, label: str = "cat") -> None:
    for number in numbers:
        world.do("label", world.ids[number], label)


def labelled(world: World) -> None:
    says(world, 0, 1, 2)


def committed(world: World) -> None:
    labelled(world)
    world.do("commit")


def parted(world: World) -> None:
    world.do("branch", "side")
    committed(world)
    world.do("switch", "side")
    says(world, 4, 5, label="dog")
    world.do("import", str(world.trial / "second"))
    world.do("commit")
    world.do("switch", "main")


def imported(world: World) -> None:
    committed(world)
    world.do("import", str(world.trial / "second"))


def behind(world: World) -> None:
    imported(world)
    world.do("push")
    world.git("reset", "--quiet", "--hard", "HEAD~1")
    says(world, 5, 6, label="dog")
    world.do("commit")


def littered(world: World) -> None:
    """Packs that nothing needs, old enough, here and (marked) in the store; and what a killed import left."""
    for number, folder in enumerate((world.here / ".datacc/packs", world.trial / "near/store/packs")):
        (folder / f"{number}".zfill(32)).write_bytes(b"nothing needs this")
        os.utime(folder / f"{number}".zfill(32), (0, 0))
    marks = world.trial / "near/store/tombstones"
    marks.mkdir(exist_ok=True)
    (marks / "1".zfill(32)).write_text('{"marked": "2026-01-01T00:00:00+00:00"}')
    (world.here / ".datacc/staging-old").mkdir()
    os.utime(world.here / ".datacc/staging-old", (0, 0))


def damaged(world: World) -> None:
    [pack] = (world.here / ".datacc/packs").iterdir()
    pack.write_bytes(b"damaged" + pack.read_bytes()[7:])


SCENES = {
    "label": Scene(lambda world: None, ["label", "ID", "cat"]),
    "commit": Scene(labelled, ["commit"]),
    "undo": Scene(committed, ["undo"]),
    "revert": Scene(committed, ["revert", "HEAD"]),
    "import": Scene(labelled, ["import", "SECOND"], again=True),
    "merge": Scene(parted, ["merge", "side"], again=True),
    "switch": Scene(parted, ["switch", "side"], again=True),
    "schema": Scene(labelled, ["schema", "rename", "kind", "cat", "feline"]),
    "push": Scene(imported, ["push"], again=True),
    "pull": Scene(behind, ["pull"], again=True),
    "gc": Scene(littered, ["gc", "--yes"], again=True),
    "heal": Scene(damaged, ["fsck", "--heal"], again=True),
}


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


def restore(world: World, template: Path) -> None:
    shutil.rmtree(world.trial, ignore_errors=True)
    subprocess.run(["cp", "-a", str(template), str(world.trial)], check=True)


def state(world: World) -> dict[str, Any]:
    """What the repository says, without datacc: trees, edits (without their times), branch, files that differ."""
    lines = []
    if (world.here / ".datacc/journal").exists():
        database = sqlite3.connect(world.here / ".datacc/journal")
        lines = [line for (line,) in database.execute("SELECT line FROM edits")]
        database.close()
    store = world.trial / "near/store"
    return {
        "history": history(world, world.here, "HEAD"),
        "host": history(world, world.trial / "host.git", "main"),
        "journal": sorted(map(timeless, lines)),
        "branch": world.git("symbolic-ref", "HEAD"),
        "dirty": world.git("status", "--porcelain", "--untracked-files=all"),
        "packs": listed(world.here / ".datacc/packs") + listed(store / "packs") + listed(store / "tombstones"),
    }


def history(world: World, folder: Path, revision: str) -> list[str]:
    """Every file with its blob; of segments the lines, whose times differ."""
    tree = [line.split(None, 3) for line in world.git("ls-tree", "-r", revision, cwd=folder).splitlines()]
    said = [path for *_, path in tree if path.startswith("ops/")]
    lines = [line for path in said for line in world.git("show", f"{revision}:{path}", cwd=folder).splitlines()]
    return sorted([f"{blob} {path}" for _, _, blob, path in tree if path not in said] + [timeless(x) for x in lines])


def timeless(line: str) -> str:
    return json.dumps({key: value for key, value in json.loads(line).items() if key != "when"}, sort_keys=True)


def listed(folder: Path) -> list[str]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [f"{folder.parent.name}/{folder.name}/{one.name} {one.stat().st_size}" for one in found
            if not one.name.startswith(".")]  # fmt: skip


def points(scene: Stage, fault: str) -> list[int]:
    """The calls at which a fault can strike, counted from 1."""
    fit = {"tear": ("write",), "short": ("write",), "sync": ("sync",), "full": ("write", "sync", "make", "name")}
    kinds = fit.get(fault, ("write", "sync", "make", "name", "remove"))
    return [number for number, (kind, _) in enumerate(scene.calls, 1) if kind in kinds]


@dataclass
class Trial:
    """What one fault led to: what was wrong (nothing), and how long the next command took."""

    what: str
    wrong: list[str]
    seconds: float
    fired: bool


def strike(scene: Stage, fault: str, number: int) -> Trial:
    """The command with a fault at its n-th call, and the judgement."""
    world = scene.world
    restore(world, world.room / scene.name)
    mode = "broken" if fault == "sync" else fault
    done = world.call(*scene.words, mode=mode, target=number)
    wrong = []
    if fault == "full":  # the disk is full still, and what there was can be read
        for words in (["status"], ["log"]):
            seen = world.call(*words, mode="full", target=1)
            wrong += [f"while the disk is full, {words[0]}: {seen['said'][-600:]}"] if seen["code"] else []
    if "Traceback" in done["said"]:
        wrong.append(f"a traceback: {done['said'][-1500:]}")
    kind, path = scene.calls[number - 1] if number <= len(scene.calls) else ("", "")
    is_done = done["code"] == 0 and fault not in ("kill", "alone", "tear")
    if is_done and done["fired"] and kind == "sync" and fault in ("sync", "full") and not needless(scene, number):
        wrong.append(f"done, though {path} was not synced")
    if fault == "broken" and kind == "remove" and "/.git/" in path and (world.trial / "near" / path).is_file():
        (world.trial / "near" / path).unlink()  # the disk kept it, and git, which went on, asks the user to remove it
    faults, seconds = judge(scene, is_done=is_done)
    said = [f"  it had said ({done['code']}): {done['said'][-300:]}"] if faults else []
    return Trial(f"{fault} at {number} ({kind} {path})", wrong + faults + said, seconds, done["fired"])


def needless(scene: Stage, number: int) -> bool:
    """Whether nobody relies on this sync: it is of a cache, or SQLite's checkpoint of what its log has on disk."""
    _, path = scene.calls[number - 1]
    before = [kind for kind, other in scene.calls[: number - 1] if other == path and kind in ("write", "sync")]
    is_checkpoint = path.endswith("/journal-wal") and before[-1:] != ["write"]
    return path.startswith(CACHES) or path in SPARE or is_checkpoint


def kill_after(scene: Stage, share: float, *, alone: bool) -> Trial:
    """The command killed after a share of its time, all its processes or it `alone`; and the judgement."""
    restore(scene.world, scene.world.room / scene.name)
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
    found = damages(world) - scene.damages
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


def difference(now: dict[str, Any], then: dict[str, Any]) -> str:
    return str({key: sorted(set(now[key]) ^ set(then[key]))[:4] if isinstance(now[key], list)
                else (now[key], then[key]) for key in now if now[key] != then[key]})  # fmt: skip


def trials(scene: Stage, seed: int, faults: int | None, random_kills: int) -> Iterator[Trial]:
    """All faults, or `faults` of each kind drawn with a seed, and kills at random times."""
    draw = random.Random(f"{scene.name} {seed}")
    for fault in FAULTS:
        found = points(scene, fault)
        chosen = found if faults is None else sorted(draw.sample(found, min(faults, len(found))))
        if faults is not None and fault == "kill":
            chosen = sorted({*chosen, *around_the_branch(scene)})
        for number in chosen:
            yield strike(scene, fault, number)
    for number in range(random_kills):
        yield kill_after(scene, draw.uniform(0.02, 1.1), alone=bool(number % 2))


def around_the_branch(scene: Stage) -> list[int]:
    """The call that moves a branch, and the one after it."""
    named = [n for n, (kind, path) in enumerate(scene.calls, 1) if kind == "name" and "/refs/heads/" in path]
    return [number for at in named[-1:] for number in (at, at + 1) if number <= len(scene.calls)]


def room() -> Path:
    """A new folder for trials: in memory where that can be, since a kill loses nothing of what was written."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="datacc-crash-", dir=memory if os.access(memory, os.W_OK) else None))
