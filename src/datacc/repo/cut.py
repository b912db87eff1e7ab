"""Take examples out of runs, segments and media: new files under new names, in which all else is as it was."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from datacc.repo.git import Git
from datacc.repo.identity import address
from datacc.repo.media import HEADER, Place, read_index
from datacc.repo.operation import parse_line
from datacc.repo.origins import hash_of, is_origins, is_segment, origins_path, origins_text, read_origins
from datacc.repo.packs import is_pack_name
from datacc.repo.run_cut import files_without
from datacc.store import digest

RUN_FILES: Final = ("inputs.jsonl", "labels.tsv", "manifest.json")

Read = Callable[[Iterable[str]], dict[str, bytes]]  # paths → path → bytes
PackOf = Callable[[Place], bytes | None]


@dataclass(kw_only=True)
class Cut:
    """What takes the place of what. `moved`: path that goes → the path in its place, None where nothing is left.

    `files`: path → bytes of the new ones; `packs` likewise, name → bytes, of those outside git; `dropped`: the names of
    the packs that nothing at this place needs any more.
    """

    moved: dict[str, str | None] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    packs: dict[str, bytes] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def put(self, old: str, new: str | None, text: bytes = b"") -> None:
        """`new` takes the place of `old`."""
        self.moved[old] = new
        if new is not None:
            self.files[new] = text


def joined(*cuts: Cut) -> Cut:
    """All of them as one."""
    whole = Cut()
    for one in cuts:
        whole.moved |= one.moved
        whole.files |= one.files
        whole.packs |= one.packs
        whole.dropped |= one.dropped
    return whole


def reader(git: Git, tree: Mapping[str, str]) -> Read:
    """What reads those of the paths that are in a tree, path → blob."""

    def read(paths: Iterable[str]) -> dict[str, bytes]:
        wanted = [path for path in paths if path in tree]
        return dict(zip(wanted, git.blobs([tree[path] for path in wanted]), strict=True))

    return read


def cut_runs(paths: Collection[str], read: Read, examples: Collection[str]) -> Cut:
    """The runs among `paths` that have a row of one of the examples, without it."""
    done, names = Cut(), [one.encode() for one in examples]
    labels = read(path for path in paths if path.startswith("runs/") and path.endswith("/labels.tsv"))
    for path, text in labels.items():
        if not any(b"\n" + name in text for name in names):
            continue
        old = PurePosixPath(path).parts[1]
        texts = read(f"runs/{old}/{name}" for name in RUN_FILES)
        new, files = files_without({name: texts[f"runs/{old}/{name}"] for name in RUN_FILES}, old, examples)
        is_empty = not files["inputs.jsonl"]
        for name in RUN_FILES:
            done.put(f"runs/{old}/{name}", None if is_empty else f"runs/{new}/{name}", files[name])
    return done


def cut_segments(paths: Collection[str], read: Read, examples: Collection[str]) -> Cut:
    """The segments among `paths` that speak of one of the examples, without those lines, and their origins."""
    done, names = Cut(), [one.encode() for one in examples]
    origins = {hash_of(f"-{path.split('/')[1][:16]}.jsonl"): path for path in sorted(paths) if is_origins(path)}
    for path, text in read(path for path in paths if is_segment(path)).items():
        if not any(name in text for name in names):
            continue
        lines = text.decode().split("\n")[:-1]
        left = [parse_line(line, path).example not in examples for line in lines]
        if all(left):
            continue
        known = origins.get(hash_of(path))
        rows = read_origins(read([known])[known], known) if known else [(path, len(lines))]
        new, said, counts = _cut_lines(path, lines, left, rows)
        done.put(path, new, said)
        source = origins_path(new, origins_text(counts)) if new else None
        if known:
            done.put(known, source, origins_text(counts))
        elif source:
            done.files[source] = origins_text(counts)
    return done


def _cut_lines(
    path: str, lines: list[str], left: list[bool], rows: list[tuple[str, int]]
) -> tuple[str | None, bytes, list[tuple[str, int]]]:
    kept = [line for line, stays in zip(lines, left, strict=True) if stays]
    counts, start = [], 0
    for was, count in rows:
        counts.append((was, sum(left[start : start + count])))
        start += count
    new = f"{path.removesuffix('.jsonl').rpartition('-')[0]}-{digest(*kept)[:16]}.jsonl" if kept else None
    return new, "".join(f"{line}\n" for line in kept).encode(), [one for one in counts if one[1]]


def cut_media(paths: Collection[str], read: Read, addresses: Collection[str], pack_of: PackOf) -> Cut:
    """The folders of media among `paths` that hold one of the addresses, without it.

    `pack_of` gives a pack that is not among the paths, or None where it cannot be had: then no index names it any more.
    """
    done = Cut()
    for path, text in read(path for path in paths if path.startswith("media/") and path.endswith("/index.tsv")).items():
        index = read_index(text, path)
        if addresses and not index.keys().isdisjoint(addresses):
            _cut_folder(done, path, index, {p for p in paths if p.startswith(path.removesuffix("index.tsv"))}, read,
                        addresses, pack_of)  # fmt: skip
    return done


def _cut_folder(
    done: Cut, path: str, index: Mapping[str, Place], paths: Collection[str], read: Read, addresses: Collection[str],
    pack_of: PackOf,
) -> None:  # fmt: skip
    rows, inside, by_pack = list[str](), dict[str, tuple[str, bytes]](), dict[str, dict[str, Place]]()
    for medium, place in sorted(index.items(), key=lambda one: one[1].offset):
        by_pack.setdefault(place.path, {})[medium] = place
    for pack, media in by_pack.items():
        is_inside, name, stays = pack in paths, PurePosixPath(pack).stem, media.keys().isdisjoint(addresses)
        old = read([pack])[pack] if is_inside else None if stays else pack_of(next(iter(media.values())))
        if not stays:
            done.dropped |= {name} if is_pack_name(name) else set()
            if old is None:
                continue
            old, media = _repacked({one: place.cut(old) for one, place in media.items() if one not in addresses})
            name = address(old)
            if media and not is_inside:
                done.packs[name] = old
        if is_inside and media and old is not None:
            inside[pack] = name, old
        rows += [f"{one}\t{name}\t{place.offset}\t{place.length}\n" for one, place in media.items()]
    listing = "".join([f"{HEADER}\n", *sorted(rows)]).encode()
    folder = f"media/{digest(listing)[:16]}"
    for one in paths:
        done.put(one, None)
    if rows:
        done.put(path, f"{folder}/index.tsv", listing)
    for pack, (name, data) in inside.items():
        done.put(pack, f"{folder}/{name}.pack", data)


def _repacked(media: Mapping[str, bytes]) -> tuple[bytes, dict[str, Place]]:
    """The pack of these media, in their order, and where each stands in it."""
    places, offset = dict[str, Place](), 0
    for one, data in media.items():
        places[one] = Place(path="", offset=offset, length=len(data))
        offset += len(data)
    return b"".join(media.values()), places
