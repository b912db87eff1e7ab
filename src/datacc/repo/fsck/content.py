"""What the files of a commit say, held against every promise of docs/formats/repository.md."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from datacc.errors import RepositoryError
from datacc.repo.find import MARKER, REWRITTEN, check_marker
from datacc.repo.fsck.damage import Damage
from datacc.repo.identity import address, canonical_json
from datacc.repo.media import Place, read_index
from datacc.repo.operation import parse_line
from datacc.repo.origins import hash_of, is_mark, is_segment, read_origins
from datacc.repo.packs import is_pack_name
from datacc.repo.remotes import read_remote
from datacc.repo.schema import is_place, read_schema
from datacc.repo.tombstones import read_tombstone
from datacc.store import digest

_SEGMENT: Final = re.compile(r"ops/[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{6}-[a-z0-9-]+-([0-9a-f]{16})\.jsonl")
_RUN_FILES: Final = ("inputs.jsonl", "labels.tsv", "manifest.json")
_ID: Final = re.compile(r"[0-9a-f]{32}")

PackOf = Callable[[Place], bytes | None]


def content_damages(files: Mapping[str, bytes], pack_of: PackOf) -> Iterator[Damage]:
    """Everything that is wrong in `files`, path → bytes.

    `pack_of` gives the bytes of a pack, or None when it lies in a remote alone: what they say is then not looked at.
    """
    yield from _marker(files)
    yield from _schema(files)
    for run in sorted({PurePosixPath(path).parts[1] for path in files if path.startswith("runs/")}):
        yield from run_damages(run, {name: files.get(f"runs/{run}/{name}") for name in _RUN_FILES})
    for path in sorted(files):
        if path.startswith("ops/"):
            yield from segment_damages(path, files[path])
        elif path.startswith("media/") and path.endswith("/index.tsv"):
            yield from index_damages(path, files[path], pack_of)
        elif path.startswith("forgotten/"):
            yield from _caught(read_tombstone, path, files[path])
        elif path.startswith("origins/"):
            yield from origins_damages(path, files[path], files)
        elif path.startswith("reverted/") and (files[path] or not is_mark(path)):
            yield _damage(path, "this is no mark of a segment that was taken back")
        elif path.startswith("remotes/"):
            yield from _caught(read_remote, path, files[path])
        elif path.startswith("judged/"):
            yield from _lines_of_json(path, files[path])


def run_damages(run: str, files: Mapping[str, bytes | None]) -> Iterator[Damage]:
    """What is wrong with a run: its files by name, None for one that is not there."""
    where = f"runs/{run}"
    texts = [text for name in _RUN_FILES if (text := files[name]) is not None]
    if len(texts) < len(_RUN_FILES):
        missing = next(name for name in _RUN_FILES if files[name] is None)
        yield _damage(f"{where}/{missing}", "it is not there")
    elif digest(*texts)[: len(run)] != run or len(run) != 16:
        yield _damage(where, "was changed since it was imported: its name is not the digest of its files")
    else:
        yield from _rows(where, *texts)


def segment_damages(path: str, text: bytes) -> Iterator[Damage]:
    """What is wrong with a segment."""
    named = _SEGMENT.fullmatch(path)
    lines = text.decode(errors="replace").split("\n")
    if named is None:
        yield _damage(path, "this is no name of a segment")
    elif lines[-1] or not text:
        yield _damage(f"{path}:{len(lines)}", "the line is cut off")
    elif digest(*text.split(b"\n")[:-1])[:16] != named[1]:
        yield _damage(path, "was changed since it was committed: its name is not the digest of its lines")
    for number, line in enumerate(lines[:-1], 1):
        yield from _caught(parse_line, line, f"{path}:{number}", line_first=True)


def origins_damages(path: str, text: bytes, files: Mapping[str, bytes]) -> Iterator[Damage]:
    """What is wrong with a file that says what the lines of a segment, one of `files`, were."""
    faults = list(_caught(lambda path, text: read_origins(text, path), path, text))
    yield from faults
    told = [files[one] for one in files if is_segment(one) and hash_of(one) == path.split("/")[1][:16]]
    count = 0 if faults else sum(lines for _, lines in read_origins(text, path))
    if not faults and any(one.count(b"\n") != count for one in told):
        yield _damage(path, f"it speaks of {count:,} lines, and the segment has another number")


def index_damages(path: str, text: bytes, pack_of: PackOf) -> Iterator[Damage]:
    """What is wrong with an index of media and its packs. `pack_of` gives the bytes of a pack."""
    try:
        index = read_index(text, path)
    except RepositoryError as error:
        yield _damage(error.where, error.what)
        return
    packs: dict[str, list[tuple[str, Place]]] = {}
    for name, place in index.items():
        packs.setdefault(place.path, []).append((name, place))
    for pack, media in sorted(packs.items()):
        data = pack_of(media[0][1])
        if data is not None:
            yield from _pack(path, pack, data, media)
        elif not is_pack_name(media[0][1].pack):
            yield _damage(pack, "it is not there")


def _pack(index: str, path: str, data: bytes, media: list[tuple[str, Place]]) -> Iterator[Damage]:
    name = PurePosixPath(path).stem
    if is_pack_name(name) and address(data) != name:
        yield _damage(path, "its bytes are not those of its name")
    end = 0
    for medium, place in sorted(media, key=lambda one: one[1].offset):
        if place.offset != end:
            yield _damage(index, f"the medium {medium} does not begin where the one before it ends")
        end = place.offset + place.length
        if address(place.cut(data)) != medium:
            yield _damage(path, f"the medium {medium} at {place.offset} is damaged")
    if end != len(data):
        yield _damage(index, f"it describes {end:,} of the {len(data):,} bytes of {path}")


def _marker(files: Mapping[str, bytes]) -> Iterator[Damage]:
    if MARKER not in files:
        yield _damage(MARKER, "it is not there")
        return
    faults = list(_caught(check_marker, files[MARKER], MARKER, line_first=True))
    yield from faults
    rewritten = next((path for path in sorted(files) if path.startswith(("forgotten/", "origins/"))), None)
    if not faults and rewritten and json.loads(files[MARKER])["format"] != REWRITTEN:
        yield _damage(MARKER, f"it promises format 0 beside {rewritten}; it should be format {REWRITTEN}")


def _schema(files: Mapping[str, bytes]) -> Iterator[Damage]:
    entries = {path: text for path, text in files.items() if path.startswith("schema/") and path != MARKER}
    ranks = {path: b"" for path in entries if is_place(path)}
    for path, text in entries.items():
        parts = path.removesuffix(".json").split("/")
        if path in ranks or len(parts) != 3 or not path.endswith(".json"):
            continue
        alone = [*_caught(lambda path, text: read_schema({path: text, **ranks}), path, text)]
        yield from alone
        own = parts[1] if parts[2] == "column" else parts[2]
        if not alone and json.loads(text).get("id") != own:
            yield _damage(path, f"it says that its id is another than {own}")


def _rows(where: str, inputs: bytes, labels: bytes, manifest: bytes) -> Iterator[Damage]:
    """The rows of a run whose digest holds: as many as announced, well-formed and in order."""
    try:
        head = json.loads(manifest)
        rows, columns = head["rows"], head["columns"]
    except (ValueError, KeyError, TypeError):
        yield _damage(f"{where}/manifest.json:1", "this is no manifest")
        return
    first, *told = labels.decode(errors="replace").split("\n")[:-1]
    given = inputs.decode(errors="replace").split("\n")[:-1]
    if len(told) != rows or len(given) != rows:
        yield _damage(where, f"{rows} rows are announced; there are {len(told)} of labels and {len(given)} of inputs")
        return
    last: tuple[str, str] | None = None
    for number, (line, cells) in enumerate(zip(told, given, strict=True)):
        try:
            key = _key(line, first.split("\t")[1:], json.loads(cells), columns)
        except ValueError as error:
            yield _damage(f"{where}/labels.tsv:{number + 2}", f"this is no row: {error}")
            return
        if last is not None and key < last:
            yield _damage(f"{where}/labels.tsv:{number + 2}", "the rows are not sorted")
        last = key


def _key(line: str, outputs: list[str], cells: list[Any], columns: list[str]) -> tuple[str, str]:
    """What a row is sorted by: its id, then its values and cells as canonical JSON."""
    id, *texts = line.split("\t")
    if not _ID.fullmatch(id):
        raise ValueError("it does not begin with the id of an example")
    values = {field: json.loads(text) for field, text in zip(outputs, texts, strict=True) if text}
    own = {"media": "="}
    named = {
        column: {"media": id} if cell == own else cell
        for column, cell in zip(columns, cells, strict=True)
        if cell is not None
    }
    return id, canonical_json([values, named])


def _lines_of_json(path: str, text: bytes) -> Iterator[Damage]:
    for number, line in enumerate(text.decode(errors="replace").split("\n")[:-1], 1):
        try:
            json.loads(line)
        except ValueError:
            yield _damage(f"{path}:{number}", "this is no JSON")


def _caught(
    read: Callable[[Any, Any], object], first: Any, second: Any, *, line_first: bool = False
) -> Iterator[Damage]:
    """What `read(first, second)` complains about; one of the two is the path."""
    try:
        read(first, second)
    except RepositoryError as error:
        yield _damage(error.where or (second if line_first else first), error.what)


def _damage(where: str, what: str) -> Damage:
    path = where.split(":")[0]
    return Damage(
        where=where, what=what, repair=f"git log -- {path}; git revert the commit that did it", copy="content"
    )
