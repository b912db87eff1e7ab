"""Media in the repository: files byte for byte, under their address, packed per run with one index."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from datacc.errors import DataError, RepositoryError
from datacc.frozen import frozen
from datacc.repo.find import Repository
from datacc.repo.git import Git
from datacc.repo.identity import address
from datacc.repo.packs import Packs, is_pack_name
from datacc.repo.run import RunRow
from datacc.repo.words import counted

LARGEST_PACK: Final = 32 << 20  # bytes; hosts refuse files above 100 MB
HEADER: Final = "address\tpack\toffset\tlength"

_ROW: Final = re.compile(r"([0-9a-f]{32})\t([0-9a-f]{32}|[0-9]{3,})\t(0|[1-9][0-9]*)\t(0|[1-9][0-9]*)")


class Readable(Protocol):
    """Something that gives its bytes when asked."""

    def read(self) -> bytes:
        """The bytes."""
        ...


@frozen
class Place:
    """Where the bytes of one medium stand: the pack's path below the root, the offset in it and the length.

    A pack that the tree does not have lies outside git (`repo/packs.py`).
    """

    path: str
    offset: int
    length: int

    @property
    def pack(self) -> str:
        """The name of the pack: the address of its bytes, or a number in imports of before 2026-11-28."""
        return PurePosixPath(self.path).stem

    def cut(self, pack: bytes) -> bytes:
        """The bytes of the medium in those of its pack."""
        return pack[self.offset : self.offset + self.length]


def media_addresses(row: RunRow) -> dict[str, str]:
    """Column id → address of the media among the cells of a row."""
    return {c: cell["media"] for c, cell in row.cells.items() if isinstance(cell, Mapping) and set(cell) == {"media"}}


def write_packs(folder: Path, prefix: str, media: Iterable[tuple[str, Readable]]) -> dict[str, Path]:
    """Pack `media` (address, thing to read) into files in `folder`; path below the root → file written.

    `prefix` is their folder below the root. Raises `DataError` when a file changed since its address was taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index, files = [HEADER], dict[str, Path]()
    for pack in _filled(media, folder):
        name = address(b"".join(data for _, data in pack))
        files[f"{prefix}/{name}.pack"] = file = folder / f"{name}.pack"
        offset = 0
        with file.open("wb") as writer:
            for medium, data in pack:
                writer.write(data)
                index.append(f"{medium}\t{name}\t{offset}\t{len(data)}")
                offset += len(data)
    files[f"{prefix}/index.tsv"] = folder / "index.tsv"
    (folder / "index.tsv").write_bytes("".join(f"{line}\n" for line in index).encode())
    return files


def _filled(media: Iterable[tuple[str, Readable]], folder: Path) -> Iterator[list[tuple[str, bytes]]]:
    """What goes into each pack: as many media, checked, as fit, and at least one."""
    pack, size = list[tuple[str, bytes]](), 0
    for name, thing in media:
        data = thing.read()
        if address(data) != name:
            raise DataError("a file changed while it was imported", where=str(folder), tries=["import again"])
        if pack and size + len(data) > LARGEST_PACK:
            yield pack
            pack, size = [], 0
        pack.append((name, data))
        size += len(data)
    if pack:
        yield pack


def read_index(text: bytes, path: str) -> dict[str, Place]:
    """Address → place, of the index at `path`. Raises `RepositoryError` that names the first line that is wrong."""
    lines = text.decode(errors="replace").split("\n")
    found: dict[str, Place] = {}
    if lines[0] != HEADER or lines[-1]:
        raise _damaged_index(path, 1 if lines[0] != HEADER else len(lines))
    last = ""
    for number, line in enumerate(lines[1:-1], 2):
        row = _ROW.fullmatch(line)
        if row is None or row[1] <= last:
            raise _damaged_index(path, number)
        last = row[1]
        pack = f"{path.removesuffix('index.tsv')}{row[2]}.pack"
        found[last] = Place(path=pack, offset=int(row[3]), length=int(row[4]))
    return found


def _damaged_index(path: str, line: int) -> RepositoryError:
    return RepositoryError("the index is damaged", where=f"{path}:{line}", tries=["datacc fsck --heal"])


def places(git: Git, tree: Mapping[str, str]) -> dict[str, Place]:
    """Address → where it stands, of every medium in a tree."""
    paths = sorted(path for path in tree if path.startswith("media/") and path.endswith("/index.tsv"))
    found: dict[str, Place] = {}
    for path, text in zip(paths, git.blobs([tree[path] for path in paths]), strict=True):
        found = read_index(text, path) | found
    return found


def read_media(git: Git, tree: Mapping[str, str], addresses: Sequence[str]) -> dict[str, bytes]:
    """Address → bytes, checked. Packs that lie outside git are fetched from the remotes, those needed alone.

    Raises `RepositoryError` for a medium that the repository lacks or that is damaged, `TrustError` when it would have
    to be fetched from a remote that nobody trusted yet, `RemoteError` when that cannot be done.
    """
    index = places(git, tree)
    lost = [name for name in addresses if name not in index or not _has_home(index[name], tree)]
    if lost:
        raise RepositoryError(
            f"{counted(len(lost), 'file')} missing, such as {lost[0]}", where="media", tries=["datacc fsck --heal"]
        )
    outside = Packs(Repository(root=git.root, name=""))
    found: dict[str, bytes] = {}
    wanted: dict[str, list[str]] = {}
    for name in addresses:
        wanted.setdefault(index[name].path, []).append(name)
    for path in sorted(wanted):
        pack = git.blobs([tree[path]])[0] if path in tree else outside.read(PurePosixPath(path).stem)
        for name in wanted[path]:
            found[name] = index[name].cut(pack)
            if address(found[name]) != name:
                raise RepositoryError(f"the medium {name} is damaged", where=path, tries=["datacc fsck --heal"])
    return found


def _has_home(place: Place, tree: Mapping[str, str]) -> bool:
    return place.path in tree or is_pack_name(place.pack)
