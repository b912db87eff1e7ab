"""A label repository to try things on: 40 grey pictures of 6 × 6 in two classes, imported in one commit."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.create import create
from datacc.repo.find import Repository, find
from tests.repo.exchange import restored

Git = Callable[..., str]


def png(seed: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return drawn(tmp_path / "pictures")


def drawn(folder: Path) -> Path:
    for seed in range(40):
        kind = folder / ("cat" if seed % 2 else "dog")
        kind.mkdir(parents=True, exist_ok=True)
        (kind / f"{seed:02}.png").write_bytes(png(seed))
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    return create(tmp_path / "repo", "pets").repository


@pytest.fixture
def repository(empty: Repository, pictures: Path) -> Repository:
    import_examples(empty, pictures, ImportOptions(label="animal"))
    return empty


@pytest.fixture
def git(empty: Repository) -> Git:
    def run(*arguments: str) -> str:
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        done = subprocess.run(["git", *who, *arguments], cwd=empty.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def work(template: Path) -> Path:
    """A copy of the module's own template: `ann`, `origin.git` and `store` lie in it."""
    return restored(template)


@pytest.fixture
def store(work: Path) -> Path:
    return work / "store"


@pytest.fixture
def ann(work: Path) -> Repository:
    return find(work / "ann")
