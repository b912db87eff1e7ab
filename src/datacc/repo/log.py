"""The history of the repository, newest first, with what each commit did to the examples."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.contents import read_contents
from datacc.repo.find import Repository
from datacc.repo.operation import Operation, parse_lines
from datacc.repo.origins import is_mark, is_segment, joined_parts, reverted_path
from datacc.repo.run import read_run
from datacc.repo.states import States
from datacc.repo.working import one_example

_KEPT: Final = ("schema", "runs", "ops", "reverted", "forgotten", "judged", "datacc.toml", "datacc.lock")
_FORMAT: Final = "--format=%x01%H%x00%an%x00%aI%x00%s%x00"
_AT_ONCE: Final = 100  # commits whose files are read together
_NOTHING: Final = "0" * 40  # git's name for the side of a change that has no file

Wanted = Callable[[Operation], bool]


@frozen
class LogEntry:
    """One commit: `imported` rows and `edits` it brought (or took away, when it reverts: negative)."""

    commit: str
    author: str
    when: str
    subject: str
    imported: int = 0
    edits: int = 0


@frozen
class Asked:
    """Which commits: by whom (a part of name or address), and which edits count, all of these at once.

    `classes`: that say, or take back, one of these; `example`: an id or its beginning; `where`: the name of a column
    and its value, as text.
    """

    author: str | None = None
    classes: tuple[str, ...] = ()
    example: str | None = None
    where: tuple[str, str] | None = None

    @property
    def is_all(self) -> bool:
        """Whether every edit counts."""
        return not self.classes and self.example is None and self.where is None


@dataclass(kw_only=True, eq=False)
class _Commit:
    """What git tells of a commit: (path, blob, 1 where it came or −1 where it went)."""

    entry: tuple[str, str, str, str]
    files: list[tuple[str, str, int]] = field(default_factory=list)


def log(
    repository: Repository, limit: int | None = 20, revision: str = "HEAD", asked: Asked | None = None
) -> list[LogEntry]:
    """The latest `limit` commits that touch examples, schema or program (all of them when None).

    With `asked`, those in which an edit counts, or an imported row, and these alone are counted. Raises `DataError` for
    a class, example or column that the repository does not have.
    """
    asked = asked or Asked()
    most = [f"--max-count={limit}"] if limit is not None and asked.is_all else []
    by = ["--fixed-strings", "--regexp-ignore-case", f"--author={asked.author}"] if asked.author else []
    commit = repository.git.commit_of(revision)
    flags = ("--raw", "--no-abbrev", "-z", "--no-renames", "--relative")
    text = repository.git.run("log", *most, *by, _FORMAT, *flags, commit, "--", *_KEPT)
    commits = [_read(part) for part in text.split(b"\x01")[1:]]
    wanted = None if asked.is_all else _wanted(repository, asked)
    marked = _marked(repository, commit) if any(is_mark(path) for one in commits for path, _, _ in one.files) else {}
    return list(_entries(repository, [_with_marked(one, marked) for one in commits], wanted, limit, marked))


def _read(part: bytes) -> _Commit:
    commit, author, when, subject, *fields = (os.fsdecode(one).strip("\n") for one in part.split(b"\0"))
    found = _Commit(entry=(commit, author, when, subject))
    changes = [one for one in fields if one]
    for change, path in zip(changes[::2], changes[1::2], strict=False):
        _, _, old, new, _ = change.lstrip(":").split(" ")
        found.files += [(path, blob, sign) for blob, sign in ((old, -1), (new, 1)) if blob != _NOTHING]
    return found


def _marked(repository: Repository, commit: str) -> dict[str, tuple[str, bytes]]:
    """Mark by which a joined segment does not count → that segment, and its text."""
    contents = read_contents(repository, commit)
    parts = joined_parts(contents.tree, contents.origins)
    lines = contents.index.said_in(sorted({one.blob for one in parts.values()}))
    texts = {path: "".join(f"{line}\n" for line in lines[one.blob][one.start : one.end]) for path, one in parts.items()}
    return {reverted_path(path): (path, text.encode()) for path, text in texts.items()}


def _with_marked(one: _Commit, marked: Mapping[str, tuple[str, bytes]]) -> _Commit:
    """The commit with what its marks took away, or brought back, where no segment of its own went or came."""
    own = {reverted_path(path) for path, _, _ in one.files if is_segment(path)}
    told = [(marked[path][0], path, -sign) for path, _, sign in one.files if path in marked and path not in own]
    return _Commit(entry=one.entry, files=[*one.files, *told])


def _entries(
    repository: Repository, commits: Sequence[_Commit], wanted: Wanted | None, limit: int | None,
    marked: Mapping[str, tuple[str, bytes]],
) -> Iterator[LogEntry]:  # fmt: skip
    """One entry for each commit in which something counts, as many as are asked for."""
    given = 0
    for start in range(0, len(commits), _AT_ONCE):
        some = commits[start : start + _AT_ONCE]
        names = {blob for one in some for path, blob, _ in one.files if _is_told(path)} - marked.keys()
        texts = dict(zip(names, repository.git.blobs(list(names)), strict=True))
        texts |= {path: text for path, (_, text) in marked.items()}
        for one in some:
            entry = _entry(one, texts, wanted)
            if wanted is None or entry.edits or entry.imported:
                yield entry
                given += 1
            if limit is not None and given == limit:
                return


def _is_told(path: str) -> bool:
    return path.startswith("ops/") or path.endswith("/labels.tsv")


def _entry(one: _Commit, texts: Mapping[str, bytes], wanted: Wanted | None) -> LogEntry:
    """What a commit brought and took away, of what counts."""
    counts = {"ops": 0, "runs": 0}
    for path, blob, sign in (file for file in one.files if _is_told(file[0])):
        kind, text = path.split("/")[0], texts[blob]
        if wanted is None:
            counts[kind] += sign * (text.count(b"\n") - (kind == "runs"))
        else:
            operations = _run(path, text) if kind == "runs" else _segment(path, text)
            counts[kind] += sign * len({operation.id for operation in operations if wanted(operation)})
    commit, author, when, subject = one.entry
    edits, imported = counts["ops"], counts["runs"]
    return LogEntry(commit=commit, author=author, when=when, subject=subject, edits=edits, imported=imported)


def _segment(path: str, text: bytes) -> list[Operation]:
    return parse_lines(text.decode(errors="replace").split("\n"), path)


def _run(path: str, text: bytes) -> list[Operation]:
    """The operations of a run, of which only the labels are read."""
    return list(read_run(path.split("/")[1], text, None, None).operations())


def _wanted(repository: Repository, asked: Asked) -> Wanted:
    """Whether an operation is asked for."""
    contents = read_contents(repository, cells=asked.where is not None)
    schema = contents.schema
    classes, examples = set[str](), set[str]() if asked.where or asked.example else None
    known = {one.name: one.id for column in schema.of("output") for one in column.classes}
    for name in asked.classes:
        if name not in known:
            raise DataError(f"there is no class {name!r}", tries=[", ".join(list(known)[:20])])
        classes |= {one.id for column in schema.of("output") for one in column.classes if one.name == name}
    if asked.where is not None and examples is not None:
        name, value = asked.where
        columns = {column.id for column in schema.columns if column.name == name and column.kind != "output"}
        if not columns:
            names = sorted({column.name for column in schema.columns if column.kind != "output"})
            raise DataError(f"there is no column {name!r}", tries=[", ".join(names[:20])])
        rows = (row for run in contents.runs for row in run.rows)
        examples |= {row.id for row in rows if any(str(row.cells.get(c)) == value for c in columns)}
    if asked.example is not None and examples is not None:
        one = one_example(States(contents), asked.example)
        examples = {one} if asked.where is None else examples & {one}

    def wanted(operation: Operation) -> bool:
        said = {value for value in (operation.old, operation.new) if isinstance(value, str)}
        return (examples is None or operation.example in examples) and (not classes or bool(said & classes))

    return wanted
