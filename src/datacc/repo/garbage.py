"""Find what nothing needs any more, here and in the remotes, and delete it: there in two steps, days apart."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Final

from datacc.frozen import frozen
from datacc.repo.find import Repository
from datacc.repo.index import FOLDER
from datacc.repo.needs import EVERYTHING, first_commit, packs_in
from datacc.repo.packs import Packs, packs_folder
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import contact, read_remotes
from datacc.repo.tidy import exchanging
from datacc.repo.trust import trusted

LOCAL_GRACE: Final = timedelta(days=1)  # an import may be about to name what it has just put here
REMOTE_GRACE: Final = timedelta(days=14)  # somebody may be about to push the branch that needs it


@frozen
class Garbage:
    """What nothing needs: files here, packs to `mark`, to `unmark` and to `delete` in remotes (remote, name).

    `size`: bytes of the files; `skipped`: remotes that were not looked at, for want of trust, or because other
    repositories keep packs there.
    """

    files: tuple[str, ...]
    size: int
    mark: tuple[tuple[str, str], ...]
    unmark: tuple[tuple[str, str], ...]
    delete: tuple[tuple[str, str], ...]
    skipped: tuple[str, ...]


def collect(repository: Repository, *, really: bool = False, now: datetime | None = None) -> Garbage:
    """What can go; with `really` it goes, packs that held what is forgotten at once.

    Nothing else that a ref knows, a remote branch or the reflog included, is ever touched, and nothing young: a pack
    here for a day, one in a remote for 14 days after it was marked, when it must still be unneeded. All git remotes are
    fetched first where remotes hold packs. Raises `RemoteError`, `RepositoryError` when that fails.
    """
    moment, git, packs = now or datetime.now(UTC), repository.git, Packs(repository)
    remotes, allowed = read_remotes(git), trusted(repository)
    mine = [remote for remote in remotes if contact(remote.url) in allowed]
    if mine:
        with exchanging(repository.root):
            git.run_signed("fetch", "--quiet", "--all", "--no-recurse-submodules")
    needs, gone = packs_in(git, *EVERYTHING)
    needed = needs.keys()
    files = list(_files(repository, needed, gone, moment - LOCAL_GRACE))
    size = sum(path.stat().st_size for one in files for path in (one, *one.rglob("*")) if path.is_file())
    found: dict[str, list[tuple[str, str]]] = {"mark": [], "unmark": [], "delete": []}
    for remote in list(mine):
        store = packs.store(remote)
        if store.owners() - {first_commit(git)}:
            mine.remove(remote)
            continue
        for verb, name in _sort(store, needed, gone, moment, really=really):
            found[verb].append((remote.name, name))
    for path in files if really else ():
        rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return Garbage(
        files=tuple(path.relative_to(repository.root).as_posix() for path in files),
        size=size,
        skipped=tuple(remote.name for remote in remotes if remote not in mine),
        **{verb: tuple(pairs) for verb, pairs in found.items()},
    )


def _files(repository: Repository, needed: Collection[str], gone: Collection[str], before: datetime) -> list[Path]:
    """Packs that nothing needs and half-made caches, last changed before a moment; `gone` at once."""
    loose = [path for path in packs_folder(repository).glob("*") if path.name not in needed]
    old = [*loose, *(repository.root / FOLDER / "runs").glob(".half-*")]
    limit = before.timestamp()
    return sorted(path for path in old if path.name in gone or path.lstat().st_mtime < limit)


def _sort(
    store: RemoteStore, needed: Collection[str], gone: Collection[str], now: datetime, *, really: bool
) -> list[tuple[str, str]]:
    """What becomes of the packs of a remote, (verb, name); done when `really`."""
    marks, done = store.marks(), []
    unneeded = store.sizes().keys() - set(needed)
    for name in sorted(marks.keys() - unneeded):  # needed again, or gone already
        done.append(("unmark", name))
    for name in sorted(unneeded):
        if name in gone:
            done.append(("delete", name))
        elif name not in marks:
            done.append(("mark", name))
        elif now - marks[name] > REMOTE_GRACE:
            done.append(("delete", name))
    for verb, name in done if really else ():
        if verb == "mark":
            store.mark(name, now)
        elif verb == "unmark" or name in gone or store.is_marked(name):  # a push that needs it takes the mark away
            store.unmark(name) if verb == "unmark" else _delete(store, name)
    return done


def _delete(store: RemoteStore, name: str) -> None:
    store.delete(name)
    store.unmark(name)
