"""Check the whole repository, mend what another copy can mend, and say what is left."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from datacc.errors import DataccError, RepositoryError
from datacc.frozen import frozen
from datacc.repo.find import MARKER, Repository, check_marker, find
from datacc.repo.fsck.content import content_damages
from datacc.repo.fsck.copies import cache_damages, file_damages, journal_damages, pack_damages, remote_damages
from datacc.repo.fsck.damage import Copy, Damage
from datacc.repo.fsck.heal import heal_caches, heal_files, heal_objects, heal_packs, heal_remotes
from datacc.repo.fsck.local import index_damages
from datacc.repo.fsck.stored import stored_damages
from datacc.repo.git import Git
from datacc.repo.media import Place
from datacc.repo.needs import EVERYTHING, Need, needed_packs
from datacc.repo.packs import Packs


@frozen
class Checked:
    """What is damaged still, and what was and is mended."""

    damages: tuple[Damage, ...]
    healed: tuple[Damage, ...]


def fsck(repository: Repository, *, heal: bool = False, deep: bool = False) -> Checked:
    """Check everything that the format promises, at HEAD and in all of git's objects; with `heal` mend it.

    Remotes of media that were trusted are asked what they hold; `deep`: every pack in them is read, too.
    """
    before = tuple(_damages(repository, deep=deep))
    if not heal or not before:
        return Checked(damages=before, healed=())
    found = before
    for _ in range(len(_ORDER)):  # what is mended uncovers what could not be looked at before
        _heal(repository, found)
        found, last = tuple(_damages(repository, deep=deep)), found
        if not found or found == last:
            break
    return Checked(damages=found, healed=tuple(one for one in before if one not in found))


def find_damaged(start: Path) -> Repository:
    """The repository that `start` lies in, also when its marker is damaged in the working tree. Errors as of `find`."""
    try:
        return find(start)
    except RepositoryError:
        for folder in (start.absolute(), *start.absolute().parents):
            with suppress(DataccError, ValueError):
                git = Git(folder)
                tree = git.tree("HEAD", MARKER)
                (text,) = git.blobs([tree[MARKER]] if MARKER in tree else [])
                if not (folder / MARKER).is_file() or (folder / MARKER).read_bytes() != text:
                    return Repository(root=folder, name=check_marker(text, MARKER))
        raise


_ORDER: tuple[Copy, ...] = ("object", "file", "pack", "remote", "cache")


def _damages(repository: Repository, *, deep: bool) -> Iterator[Damage]:
    yield from journal_damages(repository)
    yield from cache_damages(repository)
    yield from index_damages(repository)
    stored = list(stored_damages(repository.git))
    yield from stored
    if stored:
        return  # nothing that git holds can be relied upon
    yield from file_damages(repository)
    packs = Packs(repository)
    needs = _needs(repository)
    yield from pack_damages(repository, needs)
    yield from remote_damages(repository, packs, needs, deep=deep)
    yield from _content(repository, packs)


def _needs(repository: Repository) -> dict[str, Need]:
    try:
        return needed_packs(repository.git, *EVERYTHING)
    except RepositoryError:
        return {}  # an index is damaged, which `content` tells


def _content(repository: Repository, packs: Packs) -> Iterator[Damage]:
    git = repository.git
    tree = git.tree(git.commit_of("HEAD"))
    paths = [path for path in tree if not path.endswith(".pack")]

    def pack_of(place: Place) -> bytes | None:
        return git.blobs([tree[place.path]])[0] if place.path in tree else packs.local(place.pack)

    yield from content_damages(dict(zip(paths, git.blobs([tree[path] for path in paths]), strict=True)), pack_of)


def _heal(repository: Repository, found: tuple[Damage, ...]) -> None:
    packs = Packs(repository)
    by_copy = {copy: [one for one in found if one.copy == copy] for copy in _ORDER}
    steps: dict[Copy, Callable[[list[Damage]], None]] = {
        "object": lambda damages: heal_objects(repository, damages),
        "file": lambda damages: heal_files(repository, damages),
        "pack": lambda damages: heal_packs(packs, repository, damages),
        "remote": lambda damages: heal_remotes(packs, repository, damages, needed_packs(repository.git, *EVERYTHING)),
        "cache": lambda damages: heal_caches(repository, damages),
    }
    for copy, damages in by_copy.items():
        if damages:
            steps[copy](damages)
