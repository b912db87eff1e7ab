"""What tests of forgetting have in common: a repository with something to forget, and where to look for it."""

import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

from datacc.repo.blame import blame
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.events import history
from datacc.repo.exchange import push
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.working import read_working
from tests.repo.conftest import drawn, png
from tests.repo.exchange import addresses, pushed


def flipped(repository: Repository, id: str) -> str:
    classes = sorted(one.name for one in read_contents(repository).schema.of("output")[0].classes)
    now = read_working(repository).states[id].fields
    [register] = [one for field, one in now.items() if field]
    named = {one.id: one.name for one in read_contents(repository).schema.of("output")[0].classes}
    return next(name for name in classes if name != named[register.value])


def relabel(repository: Repository, *ids: str) -> str:
    for id in ids:
        label(repository, id, None, flipped(repository, id))
    return commit(repository).commit


def planted(folder: Path) -> None:
    """`ann` has pictures, pushed, and labels of one example alone, two at once, another; `store`, `origin.git`."""
    (folder / "store").mkdir()
    ann = pushed(folder, drawn(folder / "pictures"), folder / "store")
    first, second, third, *_ = addresses(ann)
    relabel(ann, first)
    relabel(ann, first, second)
    relabel(ann, third)
    push(ann)


def objects(root: Path) -> bytes:
    """All that git's store holds, unpacked."""
    done = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"], cwd=root, capture_output=True, check=True
    )
    return done.stdout


def holders(needle: bytes, *roots: Path) -> set[str]:
    return {path.name for path, data in files(*roots) if needle in data}


def files(*roots: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file, raw and as git or SQLite has it, but for git's store, which the next one reads."""
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and ".git" not in path.parts and "origin.git" not in path.parts:
                data = path.read_bytes()
                yield path, data
                try:
                    yield path, zlib.decompress(data)
                except zlib.error:
                    continue


def told(repository: Repository, ids: list[str]) -> dict[str, object]:
    """What blame and history say of some examples."""
    working = read_working(repository)
    return {id: (blame(repository, id), history(repository, working, id)) for id in ids}


def drawn_more(folder: Path) -> Path:
    for seed in (100, 101):
        kind = folder / ("cat" if seed % 2 else "dog")
        kind.mkdir(parents=True)
        (kind / f"{seed}.png").write_bytes(png(seed))
    return folder
