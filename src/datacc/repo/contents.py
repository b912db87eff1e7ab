"""What the repository holds at one commit: its schema, runs and segments, read through git and the local index."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from datacc.repo.find import MARKER, Repository, check_marker
from datacc.repo.index import Index
from datacc.repo.merged import current
from datacc.repo.operation import Operation, parse_line, parse_lines
from datacc.repo.run import Run, RunRow, damaged, read_run, with_cells
from datacc.repo.run_cache import keep_lines, keep_run, kept_lines, kept_run
from datacc.repo.schema import Schema, is_place, read_schema
from datacc.store import digest

_HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """Everything said at `commit`. `tree`: path → blob."""

    commit: str
    schema: Schema
    runs: tuple[Run, ...]
    tree: Mapping[str, str]
    index: Index

    @cached_property
    def segments(self) -> Mapping[str, tuple[Operation, ...]]:
        """Path → operations of every segment; where only some are needed, `said_in` and `said_of` are quicker."""
        return self.said_in(self.segment_paths)

    def said_in(self, paths: Collection[str]) -> dict[str, tuple[Operation, ...]]:
        """Path → operations of some segments."""
        lines = self.index.said_in(sorted({self.tree[path] for path in paths}))
        return {path: tuple(parse_lines(lines.get(self.tree[path], ()), path)) for path in sorted(paths)}

    def spoken_of(self, paths: Collection[str]) -> set[str]:
        """The examples of which the segments among `paths` say something."""
        return self.index.spoken_in([self.tree[path] for path in paths if is_segment(path)])

    def spoken_once(self, examples: Collection[str]) -> set[str]:
        """Those of the examples of which the segments say one thing and no other."""
        on = self.index.segments_on(list(examples))
        count = Counter(example for example, blob in on for _ in self._paths.get(blob, ()))
        return {example for example, times in count.items() if times == 1}

    def said_of(self, examples: Collection[str]) -> dict[str, list[tuple[str, Operation]]]:
        """Example → (the run folder or segment that says it, the operation), for each of these examples."""
        said: dict[str, list[tuple[str, Operation]]] = {example: [] for example in examples}
        for run in self.runs:
            for operation in run.operations(examples):
                said[operation.example].append((f"runs/{run.id}", operation))
        for blob, line in self.index.said_of(list(examples)):
            for path in self._paths.get(blob, ()):
                operation = parse_line(line, path)
                said[operation.example].append((path, operation))
        return said

    def first_rows(self, examples: Collection[str]) -> dict[str, RunRow]:
        """Example → the row that brought it first, in the order of the runs' ids, for those that a run brings."""
        found: dict[str, RunRow] = {}
        for run in self.runs:
            for example, number in run.places([one for one in examples if one not in found]):
                found.setdefault(example, run.row(number))
        return found

    def names(self, examples: Collection[str]) -> dict[str, str]:
        """Example → what the user calls it, for those of these examples that have a name."""
        columns = [column.id for column in self.schema.of("name")]
        found: dict[str, str] = {}
        for run in self.runs if columns else ():
            rows = list(run.places([one for one in examples if one not in found]))
            for column in columns:
                names = run.cells([number for _, number in rows], column)
                for (example, _), name in zip(rows, names, strict=True):
                    if name is not None:
                        found.setdefault(example, str(name))
        return found

    def operations(self) -> Iterator[Operation]:
        """Every operation, of runs and of segments; merged classes are what they were merged into."""
        yield from current(self.schema, chain.from_iterable(run.operations() for run in self.runs))
        yield from self.edits()

    def edits(self) -> Iterator[Operation]:
        """Every operation of segments; merged classes as in `operations`."""
        yield from current(self.schema, chain.from_iterable(self.segments.values()))

    @cached_property
    def segment_paths(self) -> list[str]:
        """Where every segment stands."""
        return sorted(path for path in self.tree if is_segment(path))

    @cached_property
    def _paths(self) -> dict[str, list[str]]:
        """Blob → the segments that it is."""
        found: dict[str, list[str]] = {}
        for path in self.segment_paths:
            found.setdefault(self.tree[path], []).append(path)
        return found


def read_contents(
    repository: Repository, revision: str = "HEAD", *, cells: bool = False, whole: bool = False
) -> Contents:
    """The contents at `revision`; with `cells` also inputs and other columns, without them only ids and labels.

    `whole`: everything may be looked at, so what the local index has of it is checked. Raises `RepositoryError` for an
    unknown revision, a newer format or damaged files.
    """
    is_known = _HASH.fullmatch(revision) and Index(repository.root).listing(revision)
    commit = revision if is_known else repository.git.commit_of(revision)
    return contents_at(repository, commit, cells=cells, whole=whole)


def contents_at(repository: Repository, commit: str, *, cells: bool = False, whole: bool = False) -> Contents:
    """As `read_contents`, of what is known to be the hash of a commit."""
    index = Index(repository.root)
    index.refill = partial(_listing, repository, commit)
    tree, texts = index.listing(commit) or _listing(repository, commit, index)
    if MARKER in texts:
        check_marker(texts[MARKER].encode(errors="surrogateescape"), f"{MARKER} at {commit[:10]}")
    runs = sorted({PurePosixPath(path).parts[1] for path in tree if path.startswith("runs/")})
    return Contents(
        commit=commit,
        schema=read_schema({path: text.encode(errors="surrogateescape") for path, text in texts.items()}),
        runs=tuple(_run(repository, id, tree, index, cells=cells, whole=whole) for id in runs),
        tree=tree,
        index=index,
    )


def _listing(repository: Repository, commit: str, index: Index) -> tuple[dict[str, str], dict[str, str]]:
    """What `Index.listing` gives, read through git; every segment is indexed then."""
    git = repository.git
    tree = git.tree(commit)
    small = [path for path in tree if path.startswith("schema/") and not is_place(path)]
    paths = {blob: path for path, blob in tree.items() if is_segment(path)}
    missing = index.unknown(list(paths))
    read = git.blobs([*(tree[path] for path in small), *missing])
    texts = {path: text.decode(errors="surrogateescape") for path, text in zip(small, read, strict=False)}
    texts |= {path: "" for path in tree if is_place(path)}
    segments = zip(missing, read[len(small) :], strict=True)
    index.keep_segments({blob: _said(text, paths[blob]) for blob, text in segments})
    index.keep_listing(commit, tree, texts)
    return tree, texts


def _said(text: bytes, path: str) -> list[tuple[Operation, str]]:
    lines = text.decode(errors="replace").split("\n")
    return list(zip(parse_lines(lines, path), filter(None, lines), strict=True))


def is_segment(path: str) -> bool:
    """Whether a file of the tree is a segment."""
    return path.startswith("ops/") and path.endswith(".jsonl")


def _run(repository: Repository, id: str, tree: Mapping[str, str], index: Index, *, cells: bool, whole: bool) -> Run:
    """A run, from the index when it is there."""
    git, paths = repository.git, [f"runs/{id}/{name}" for name in ("labels.tsv", "manifest.json", "inputs.jsonl")]
    for path in paths:
        if path not in tree:
            raise damaged(path, "the file is missing")
    labels, manifest, inputs = (tree[path] for path in paths)
    key, folder = digest(id, labels, manifest)[:16], index.folder / "runs"
    run = kept_run(folder, key, whole=whole)
    if run is None:
        texts = git.blobs([labels, manifest])
        run = read_run(id, texts[0], texts[1], None)
        keep_run(folder, key, run)
    if not cells:
        return run
    lines = kept_lines(folder, f"lines-{inputs[:16]}")
    if lines is not None:
        return replace(run, lines=lines)
    run = with_cells(run, git.blobs([inputs])[0])
    if run.lines is not None:
        keep_lines(folder, f"lines-{inputs[:16]}", run.lines)
    return run
