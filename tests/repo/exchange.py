"""Two people with a clone each, a bare repository between them, and a remote for their packs."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.exchange import push
from datacc.repo.find import Repository, find
from datacc.repo.media import places, read_media
from datacc.repo.remotes import Keep, add_remote


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def begun(folder: Path, pictures: Path, place: str | Path, packs: Keep = "outside") -> Repository:
    """Ann's repository: a remote for packs, 40 pictures, and `origin`, a bare repository beside it."""
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    ann = create(folder / "ann", "pets").repository
    git(ann.root, "remote", "add", "origin", str(folder / "origin.git"))
    add_remote(ann, "store", str(place), packs, check=str)
    import_examples(ann, pictures, ImportOptions(label="animal"))
    return ann


def pushed(folder: Path, pictures: Path, place: str | Path, packs: Keep = "outside") -> Repository:
    ann = begun(folder, pictures, place, packs)
    push(ann)
    return ann


def restored(template: Path) -> Path:
    """The folder of a template, as it was when first asked for, in its place: the paths in it stay right."""
    kept = template.with_name(f"{template.name}-kept")
    if kept.exists():
        shutil.rmtree(template)
        shutil.copytree(kept, template, symlinks=True)
    else:
        shutil.copytree(template, kept, symlinks=True)
    return template


def cloned(folder: Path, name: str = "bob") -> Repository:
    git(folder, "clone", "--quiet", str(folder / "origin.git"), name)
    return find(folder / name)


def addresses(repository: Repository) -> list[str]:
    contents = read_contents(repository)
    return sorted(places(repository.git, contents.tree))


def all_media(repository: Repository, names: Sequence[str] = ()) -> dict[str, bytes]:
    return read_media(repository.git, read_contents(repository).tree, names or addresses(repository))


def the_pack(repository: Repository) -> str:
    """The name of the only pack."""
    [index] = repository.root.glob("media/*/index.tsv")
    [name] = {line.split("\t")[1] for line in index.read_text().splitlines()[1:]}
    return name
