"""A folder in which commands are tried: Ann's repository, its host, its store of packs, and who runs commands in it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
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

    def git(self, *words: str, cwd: Path | None = None, input: str = "") -> str:
        done = subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=cwd or self.here, input=input,
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


def restore(world: World, template: Path) -> None:
    shutil.rmtree(world.trial, ignore_errors=True)
    subprocess.run(["cp", "-a", str(template), str(world.trial)], check=True)


def room() -> Path:
    """A new folder for trials: in memory where that can be, since a kill loses nothing of what was written."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="datacc-crash-", dir=memory if os.access(memory, os.W_OK) else None))
