"""Media in the repository: files byte for byte, under their address, packed per run with one index."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from datacc.errors import DataError, RepositoryError
from datacc.repo.git import Git
from datacc.repo.identity import address
from datacc.repo.words import counted

LARGEST_PACK: Final = 32 << 20  # bytes; hosts refuse files above 100 MB


class Readable(Protocol):
    """Something that gives its bytes when asked."""

    def read(self) -> bytes:
        """The bytes."""
        ...


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the bytes of one medium stand: the file below the root, the offset in it and the length."""

    path: str
    offset: int
    length: int


def write_packs(folder: Path, prefix: str, media: Iterable[tuple[str, Readable]]) -> dict[str, Path]:
    """Pack `media` (address, thing to read) into files in `folder`; path below the root → file written.

    `prefix` is their folder below the root. Raises `DataError` when a file changed since its address was taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index, files = ["address\tpack\toffset\tlength"], dict[str, Path]()
    number, pack = -1, None
    offset = LARGEST_PACK
    try:
        for name, thing in media:
            data = thing.read()
            if address(data) != name:
                raise DataError("a file changed while it was imported", where=str(folder), tries=["import again"])
            if offset + len(data) > LARGEST_PACK or pack is None:
                if pack is not None:
                    pack.close()
                number, offset = number + 1, 0
                files[f"{prefix}/{number:03}.pack"] = folder / f"{number:03}.pack"
                pack = (folder / f"{number:03}.pack").open("wb")
            pack.write(data)
            index.append(f"{name}\t{number:03}\t{offset}\t{len(data)}")
            offset += len(data)
    finally:
        if pack is not None:
            pack.close()
    files[f"{prefix}/index.tsv"] = folder / "index.tsv"
    (folder / "index.tsv").write_bytes("".join(f"{line}\n" for line in index).encode())
    return files


def places(git: Git, tree: Mapping[str, str]) -> dict[str, Place]:
    """Address → where it stands, of every medium in a tree."""
    paths = sorted(path for path in tree if path.startswith("media/") and path.endswith("/index.tsv"))
    found: dict[str, Place] = {}
    for path, text in zip(paths, git.blobs([tree[path] for path in paths]), strict=True):
        for line in text.decode().splitlines()[1:]:
            try:
                name, pack, offset, length = line.split("\t")
                place = Place(
                    path=f"{path.removesuffix('index.tsv')}{pack}.pack", offset=int(offset), length=int(length)
                )
            except ValueError as error:
                raise RepositoryError("the index is damaged", where=path, tries=["git fsck"]) from error
            found.setdefault(name, place)
    return found


def read_media(git: Git, tree: Mapping[str, str], addresses: Sequence[str]) -> dict[str, bytes]:
    """Address → bytes, checked. Raises `RepositoryError` for one that the repository lacks or that is damaged."""
    index = places(git, tree)
    lost = [name for name in addresses if name not in index or index[name].path not in tree]
    if lost:
        raise RepositoryError(
            f"{counted(len(lost), 'file')} missing, such as {lost[0]}", where="media", tries=["git fsck"]
        )
    packs = sorted({index[name].path for name in addresses})
    wanted = {path: [name for name in addresses if index[name].path == path] for path in packs}
    found: dict[str, bytes] = {}
    for path in packs:
        (pack,) = git.blobs([tree[path]])
        for name in wanted[path]:
            place = index[name]
            found[name] = pack[place.offset : place.offset + place.length]
            if address(found[name]) != name:
                raise RepositoryError(f"the medium {name} is damaged", where=path, tries=["git fsck"])
    return found
