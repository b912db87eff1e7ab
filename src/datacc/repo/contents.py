"""What the repository holds at one commit: its schema, runs and segments, read through git."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

from datacc.repo.find import MARKER, Repository, check_marker
from datacc.repo.merged import current
from datacc.repo.operation import Operation, parse_lines
from datacc.repo.run import Run, read_run
from datacc.repo.schema import Schema, is_place, read_schema


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything said at `commit`. `segments`: path → operations; `tree`: path → blob."""

    commit: str
    schema: Schema
    runs: tuple[Run, ...]
    segments: Mapping[str, tuple[Operation, ...]]
    tree: Mapping[str, str]

    def operations(self) -> Iterator[Operation]:
        """Every operation, of runs and of segments; merged classes are what they were merged into."""
        said = chain(*(run.operations() for run in self.runs), *self.segments.values())
        return current(self.schema, said)


def read_contents(repository: Repository, revision: str = "HEAD", *, cells: bool = False) -> Contents:
    """The contents at `revision`; with `cells` also inputs and other columns, without them only ids and labels.

    Raises `RepositoryError` for an unknown revision, a newer format or damaged files.
    """
    git = repository.git
    commit = git.commit_of(revision)
    tree = git.tree(commit)
    wanted = [path for path in tree if _wanted(path, cells)]
    texts = dict(zip(wanted, git.blobs([tree[path] for path in wanted]), strict=True))
    texts |= {path: b"" for path in tree if is_place(path)}
    if MARKER in texts:
        check_marker(texts[MARKER], f"{MARKER} at {commit[:10]}")
    runs = sorted({PurePosixPath(path).parts[1] for path in texts if path.startswith("runs/")})
    return Contents(
        commit=commit,
        schema=read_schema(texts),
        runs=tuple(_run(id, texts) for id in runs),
        segments={
            path: tuple(parse_lines(texts[path].decode().split("\n"), path))
            for path in sorted(texts)
            if path.startswith("ops/")
        },
        tree=tree,
    )


def _wanted(path: str, cells: bool) -> bool:
    if path.startswith("runs/"):
        return path.endswith(("/labels.tsv", "/manifest.json")) or (cells and path.endswith("/inputs.jsonl"))
    return (path.startswith("schema/") and not is_place(path)) or (path.startswith("ops/") and path.endswith(".jsonl"))


def _run(id: str, texts: Mapping[str, bytes]) -> Run:
    labels, manifest = texts.get(f"runs/{id}/labels.tsv", b""), texts.get(f"runs/{id}/manifest.json", b"")
    return read_run(id, labels, manifest, texts.get(f"runs/{id}/inputs.jsonl"))
