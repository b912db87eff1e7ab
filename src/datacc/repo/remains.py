"""What git's history still holds of examples, and what a rewrite of it puts in its place."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from datacc.errors import RepositoryError
from datacc.frozen import frozen
from datacc.repo.cut import Cut, cut_media, cut_runs, cut_segments, joined, reader
from datacc.repo.find import Repository
from datacc.repo.git import Git
from datacc.repo.needs import EVERYTHING
from datacc.repo.packs import Packs, packs_folder
from datacc.store import write_atomically

FOLDER: Final = ".datacc/rewrite"
COMMAND: Final = f"git filter-repo --force --paths-from-file {FOLDER}/renames --file-info-callback {FOLDER}/callback"

_CALLBACK: Final = """import json, pathlib
told = globals().setdefault("_told", json.loads(pathlib.Path({place!r}).read_text("utf-8")))
name = filename.decode(errors="surrogateescape")
if name in told["gone"]:
    return (None, mode, blob_id)
return (filename, mode, told["blobs"][name].encode() if name in told["blobs"] else blob_id)
"""


@frozen
class Remains:
    """`commits` that a ref or the reflog knows brought the `files`, path → blob, that hold the examples.

    `runs`: the folders of imports among them; `cut`: what takes their places when the history is rewritten.
    """

    commits: tuple[str, ...]
    files: Mapping[str, str]
    cut: Cut


def remains(repository: Repository, examples: Collection[str], addresses: Collection[str]) -> Remains:
    """What any commit that git still knows holds of these examples and of media with these addresses."""
    git, packs = repository.git, Packs(repository)
    brought = _brought(git)
    tree = {path: blob for path, (blob, _) in brought.items()}

    read = reader(git, tree)
    cut = joined(
        cut_runs(tree, read, examples),
        cut_segments(tree, read, examples),
        cut_media(tree, read, addresses, lambda place: packs.local(place.pack)),
    )
    commits = {commit: None for path in cut.moved for commit in brought[path][1]}
    return Remains(commits=tuple(commits), files={path: tree[path] for path in cut.moved}, cut=cut)


def write_rewrite(repository: Repository, found: Remains) -> None:
    """Put down for `COMMAND` what takes the place of what; the new files are in git's store then, new packs here."""
    if not found.files:
        return
    for name, data in found.cut.packs.items():
        write_atomically(packs_folder(repository) / name, data)
    git, folder = repository.git, repository.root / FOLDER
    prefix = git.ask("rev-parse", "--show-prefix") or ""
    blobs = {f"{prefix}{path}": git.store(text) for path, text in found.cut.files.items()}
    renames = "".join(f"{prefix}{old}==>{prefix}{new}\n" for old, new in found.cut.moved.items() if new)
    gone = [f"{prefix}{old}" for old, new in found.cut.moved.items() if not new]
    write_atomically(folder / "renames", renames.encode() or b"# nothing is renamed\n")
    write_atomically(folder / "told", json.dumps({"blobs": blobs, "gone": gone}).encode())
    write_atomically(folder / "callback", _CALLBACK.format(place=str((folder / "told").absolute())).encode())


def builds_with(repository: Repository, found: Remains) -> tuple[str, ...]:
    """The artifacts here that were built from a commit that had a row of the examples; below the root."""
    folders = {path.split("/")[1] for path in found.files if path.startswith("runs/")}
    git, had = repository.git, dict[str, bool]()
    builds = []
    for report in sorted(_reports(repository.root)):
        commit = _commit_of(report)
        if commit and commit not in had:
            had[commit] = not folders.isdisjoint(_runs_at(git, commit))
        if commit and had[commit]:
            builds.append(report.parent.relative_to(repository.root).as_posix())
    return tuple(builds)


def _reports(root: Path) -> Iterator[Path]:
    """The reports of all builds at or below the root, but for those in hidden folders."""
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        if "report.json" in names:
            yield Path(folder) / "report.json"


def _commit_of(report: Path) -> str | None:
    try:
        told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return str(told["provenance"]["commit"] or "") or None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _runs_at(git: Git, commit: str) -> set[str]:
    try:
        return {path.split("/")[1] for path in git.tree(commit, "runs")}
    except RepositoryError:
        return set()  # git does not know that commit any more


def _brought(git: Git) -> dict[str, tuple[str, list[str]]]:
    """Path → (its blob, the commits that brought it), of every run, segment and medium that history ever had."""
    flags = (
        "--raw",
        "--no-abbrev",
        "-z",
        "-m",
        "--no-renames",
        "--relative",
        "--diff-filter=AM",
        "--format=%x01%H%x00",
    )
    listed = git.run("log", *flags, *EVERYTHING, "--", "runs", "ops", "media", "origins")
    found: dict[str, tuple[str, list[str]]] = {}
    for part in listed.split(b"\x01")[1:]:
        commit, *words = (os.fsdecode(word).strip("\n") for word in part.split(b"\0"))
        said = [word for word in words if word]
        for change, path in zip(said[::2], said[1::2], strict=False):
            blob = change.split(" ")[3]
            _, commits = found.setdefault(path, (blob, []))
            if commit.split(" ")[0] not in commits:
                commits.append(commit.split(" ")[0])
    return found
