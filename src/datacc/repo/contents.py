"""What the repository holds at one commit: its schema, runs and segments, read through git and the local index."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from datacc.frozen import frozen
from datacc.repo.find import MARKER, Repository, check_marker
from datacc.repo.index import Index
from datacc.repo.merged import current
from datacc.repo.operation import Operation, parse_line, parse_lines
from datacc.repo.origins import Part, is_origins, is_segment, parts_of
from datacc.repo.run import Run, RunRow, damaged, read_run, with_cells
from datacc.repo.run_cache import keep_lines, keep_run, kept_lines, kept_run
from datacc.repo.run_cut import without
from datacc.repo.schema import Schema, is_place, read_schema
from datacc.repo.tombstones import forgotten_in
from datacc.store import digest

Listing = tuple[dict[str, str], dict[str, str]]  # path → blob of every file, path → text of those that are kept

_HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@frozen(eq=False)
class Contents:
    """Everything said at `commit`. `tree`: path → blob; `origins`: path → text of what says what lines were.

    Segments are called as the commits called them that brought them, wherever their lines stand now; what is said of
    an example that is `forgotten` is nowhere.
    """

    commit: str
    schema: Schema
    runs: tuple[Run, ...]
    tree: Mapping[str, str]
    index: Index
    origins: Mapping[str, str]
    forgotten: frozenset[str]

    @cached_property
    def segments(self) -> Mapping[str, tuple[Operation, ...]]:
        """Path → operations of every segment; where only some are needed, `said_in` and `said_of` are quicker."""
        return self.said_in(self.segment_paths)

    def said_in(self, paths: Collection[str]) -> dict[str, tuple[Operation, ...]]:
        """Path → operations of some segments."""
        parts = [self.parts[path] for path in sorted(paths)]
        lines = self.index.said_in(sorted({part.blob for part in parts}))
        told = {one.path: parse_lines(lines.get(one.blob, [])[one.start : one.end], one.path) for one in parts}
        if not self.forgotten:
            return {path: tuple(said) for path, said in told.items()}
        return {path: tuple(o for o in said if o.example not in self.forgotten) for path, said in told.items()}

    def spoken_of(self, paths: Collection[str]) -> set[str]:
        """The examples of which the segments among `paths` say something."""
        said = self.said_in([path for path in paths if path in self.parts])
        return {operation.example for told in said.values() for operation in told}

    def spoken_once(self, examples: Collection[str]) -> set[str]:
        """Those of the examples of which the segments say one thing and no other."""
        on = self.index.segments_on(list(examples))
        whole = {blob for blob, parts in self._by_blob.items() if len(parts) == 1 and parts[0].end is None}
        count = Counter(example for example, blob, line in on if blob in whole or self._parts_with(blob, line))
        return {example for example, times in count.items() if times == 1}

    def said_of(self, examples: Collection[str]) -> dict[str, list[tuple[str, Operation]]]:
        """Example → (the run folder or segment that says it, the operation), for each of these examples."""
        said: dict[str, list[tuple[str, Operation]]] = {example: [] for example in examples}
        for run in self.runs:
            for operation in run.operations(examples):
                said[operation.example].append((f"runs/{run.id}", operation))
        for blob, number, line in self.index.said_of([one for one in examples if one not in self.forgotten]):
            for part in self._parts_with(blob, number):
                said_here = parse_line(line, part.path)
                said[said_here.example].append((part.path, said_here))
        return said

    def first_rows(self, examples: Collection[str]) -> dict[str, RunRow]:
        """Example → the row that brought it first, in the order of the runs' ids, for those that a run brings."""
        return {
            example: run.row(number)
            for run, places in self.first_places(examples)
            for example, number in places.items()
        }

    def first_places(self, examples: Collection[str]) -> Iterator[tuple[Run, dict[str, int]]]:
        """Each run, with the rows by which it brought one of these examples first: example → row."""
        found: set[str] = set()
        for run in self.runs:
            places = dict[str, int]()
            for example, number in run.places([one for one in examples if one not in found]):
                places.setdefault(example, number)
            found |= places.keys()
            yield run, places

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
        """Every segment."""
        return sorted(self.parts)

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """Segment → where its lines stand."""
        return parts_of(self.tree, self.origins)

    def holder(self, path: str) -> str:
        """The file or folder of the tree in which the lines of a segment, or the rows of an import, stand now."""
        if path.startswith("runs/"):
            return next((f"runs/{run.folder}" for run in self.runs if f"runs/{run.id}" == path), path)
        part = self.parts.get(path)
        return next((file for file, blob in self.tree.items() if part is not None and blob == part.blob), path)

    @cached_property
    def _by_blob(self) -> dict[str, list[Part]]:
        found: dict[str, list[Part]] = {}
        for part in sorted(self.parts.values(), key=lambda one: one.start):
            found.setdefault(part.blob, []).append(part)
        return found

    def _parts_with(self, blob: str, line: int) -> list[Part]:
        """The segments to which a line of a blob belongs."""
        parts = self._by_blob.get(blob, [])
        if len(parts) == 1 and parts[0].end is None:  # as most are: all lines are of one segment
            return parts
        found = parts[bisect_right(parts, line, key=lambda one: one.start) - 1 :][:1]
        return [one for one in found if one.start <= line and (one.end is None or line < one.end)]


def read_contents(
    repository: Repository, revision: str = "HEAD", *, cells: bool = False, whole: bool = False
) -> Contents:
    """The contents at `revision`; with `cells` also inputs and other columns, without them only ids and labels.

    `whole`: everything may be looked at, so what the local index has of it is checked. Raises `RepositoryError` for an
    unknown revision, a newer format or damaged files.
    """
    index = Index(repository.root)
    known = index.listing(revision) if _HASH.fullmatch(revision) else None
    commit = revision if known else repository.git.commit_of(revision)
    index.refill = partial(_listings, repository, [commit])
    listing = known or index.listing(commit) or _listings(repository, [commit], index)[commit]
    return _contents(repository, commit, index, listing, partial(_run, repository, index, cells=cells, whole=whole))


def contents_at(
    repository: Repository, *commits: str, cells: bool = False, whole: bool = False
) -> tuple[Contents, ...]:
    """As `read_contents`, at each of what are known to be hashes of commits."""
    index = Index(repository.root)
    index.refill = partial(_listings, repository, commits)
    known = {commit: index.listing(commit) for commit in commits}
    fresh = _listings(repository, [commit for commit, listing in known.items() if listing is None], index)
    listed = {commit: listing or fresh[commit] for commit, listing in known.items()}
    run = cache(partial(_run, repository, index, cells=cells, whole=whole))  # most have the same
    return tuple(_contents(repository, commit, index, listed[commit], run) for commit in commits)


def _contents(
    repository: Repository, commit: str, index: Index, listing: Listing, run: Callable[[str, str, str, str], Run]
) -> Contents:
    tree, texts = listing
    if any(path not in texts for path in tree if is_origins(path)):  # as an earlier datacc listed it
        tree, texts = _listings(repository, [commit], index)[commit]
    if MARKER in texts:
        check_marker(_bytes(texts[MARKER]), f"{MARKER} at {commit[:10]}")
    folders = sorted({PurePosixPath(path).parts[1] for path in tree if path.startswith("runs/")})
    forgotten = forgotten_in(tree)
    runs = sorted((run(id, *_run_blobs(id, tree)) for id in folders), key=_by_id)
    return Contents(
        commit=commit,
        schema=read_schema({path: _bytes(text) for path, text in texts.items() if path.startswith("schema/")}),
        runs=tuple(without(one, forgotten) for one in runs) if forgotten else tuple(runs),
        tree=tree,
        index=index,
        origins={path: text for path, text in texts.items() if is_origins(path)},
        forgotten=forgotten,
    )


def _by_id(run: Run) -> str:
    return run.id


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _listings(repository: Repository, commits: Collection[str], index: Index) -> dict[str, Listing]:
    """What `Index.listing` gives of each commit, read through git; every segment is indexed then."""
    if not commits:
        return {}
    git = repository.git
    trees = {commit: git.tree(commit) for commit in commits}
    small = {blob for tree in trees.values() for path, blob in tree.items() if _is_kept(path)}
    paths = {blob: path for tree in trees.values() for path, blob in tree.items() if is_segment(path)}
    missing = index.unknown(list(paths))
    read = dict(zip((*small, *missing), git.blobs([*small, *missing]), strict=True))
    index.keep_segments({blob: _said(read[blob], paths[blob]) for blob in missing})
    listed = {}
    for commit, tree in trees.items():
        texts = {path: read[blob].decode(errors="surrogateescape") for path, blob in tree.items() if _is_kept(path)}
        texts |= {path: "" for path in tree if is_place(path)}
        listed[commit] = tree, texts
    index.keep_listings(listed)
    return listed


def _is_kept(path: str) -> bool:
    """Whether the text of a file is kept with the listing."""
    return (path.startswith("schema/") and not is_place(path)) or is_origins(path)


def _said(text: bytes, path: str) -> list[tuple[Operation, str]]:
    lines = text.decode(errors="replace").split("\n")
    return list(zip(parse_lines(lines, path), filter(None, lines), strict=True))


def _run_blobs(id: str, tree: Mapping[str, str]) -> tuple[str, ...]:
    """The blobs of `labels.tsv`, `manifest.json` and `inputs.jsonl` of a run."""
    paths = [f"runs/{id}/{name}" for name in ("labels.tsv", "manifest.json", "inputs.jsonl")]
    for path in paths:
        if path not in tree:
            raise damaged(path, "the file is missing")
    return tuple(tree[path] for path in paths)


def _run(
    repository: Repository, index: Index, id: str, labels: str, manifest: str, inputs: str, *, cells: bool, whole: bool
) -> Run:
    """A run, from the index when it is there."""
    git, key, folder = repository.git, digest(id, labels, manifest)[:16], index.folder / "runs"
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
