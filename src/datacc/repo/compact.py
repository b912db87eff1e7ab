"""Join the many small segments of the default branch into few large ones; every line keeps its id and its origin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from datacc.errors import RepositoryError, UsageError
from datacc.frozen import frozen
from datacc.repo.branches import current_branch, default_branch
from datacc.repo.clean import demand_clean
from datacc.repo.contents import Contents, read_contents
from datacc.repo.find import MARKER, REWRITTEN, Repository, marker_text
from datacc.repo.fold import fold
from datacc.repo.operation import parse_lines
from datacc.repo.origins import hash_of, is_origins, is_segment, origins_path, origins_text, read_origins, reverted_path
from datacc.repo.swap import swap
from datacc.repo.tidy import alone
from datacc.repo.words import counted
from datacc.store import digest

LARGEST: Final = 1 << 20  # bytes of a joined segment; hosts recommend that no file is larger
_SMALL: Final = LARGEST // 4  # larger ones are left alone
_ALIKE: Final = 0.4  # git takes a file for renamed that has half of another's bytes


@frozen
class Compacted:
    """`segments` become `joined`; `edits` is how many lines they have. `commit` is None for a dry run."""

    commit: str | None
    segments: int
    joined: int
    edits: int
    size: int


@frozen
class _Joined:
    """Path → bytes of the new files, and the paths that they replace."""

    files: Mapping[str, bytes]
    leaving: tuple[str, ...]


def compact(repository: Repository, *, really: bool = False) -> Compacted:
    """Join small segments, in one commit; without `really`, say what that would do.

    Nothing is committed unless each segment says what it said before, and the fold of all is the same. Raises
    `UsageError` on another than the default branch and where there is nothing to join, `RepositoryError` when the
    working tree has changes.
    """
    here, wanted = current_branch(repository), default_branch(repository)
    if here != wanted:
        what = f"this is the branch {here!r}; two branches that are compacted apart hold everything twice"
        raise UsageError(what, tries=[f"datacc switch {wanted}", f"datacc merge {here}", "datacc compact"])
    with alone(repository.root):
        demand_clean(repository.git)
        contents = read_contents(repository)
        done = _join(repository, contents)
        segments = [path for path in done.leaving if is_segment(path)]
        joined = [path for path in done.files if is_segment(path)]
        if not segments:
            raise UsageError("there is nothing to join", tries=["datacc gc", "git gc"])
        _verify(repository, contents, done)
        coming = {**done.files, MARKER: marker_text(repository.name, REWRITTEN)}
        message = f"compact {counted(len(segments), 'segment')} to {len(joined):,}"
        commit = swap(repository, done.leaving, coming, message) if really else None
    texts = [done.files[path] for path in joined]
    return Compacted(commit=commit, segments=len(segments), joined=len(joined), size=sum(map(len, texts)),
                     edits=sum(text.count(b"\n") for text in texts))  # fmt: skip


def _join(repository: Repository, contents: Contents) -> _Joined:
    """What becomes of the small segments: groups, in the order of their names, of as many as fit."""
    git, tree = repository.git, contents.tree
    paths = [path for path in sorted(tree) if is_segment(path)]
    texts = dict(zip(paths, git.blobs([tree[path] for path in paths]), strict=True))
    known: dict[str, str] = {}
    for path in sorted(filter(is_origins, tree)):
        known.setdefault(path.split("/")[1][:16], path)
    files, leaving = dict[str, bytes](), list[str]()
    for group in _groups({path: text for path, text in texts.items() if len(text) < _SMALL}):
        rows, lines = list[tuple[str, int]](), list[str]()
        for path in group:
            text, source = texts[path].decode(), known.get(hash_of(path))
            rows += read_origins(contents.origins[source].encode(), source) if source else [(path, text.count("\n"))]
            lines += text.split("\n")[:-1]
            mark = None if source else reverted_path(path)  # a whole segment counts, whatever is marked
            leaving += [one for one in (path, source, mark) if one and one in tree]
        target = f"{group[-1][: len('ops/yyyy-mm-dd/hhmmss')]}-joined-{digest(*lines)[:16]}.jsonl"
        files[target] = "".join(f"{line}\n" for line in lines).encode()
        files[origins_path(target, origins_text(rows))] = origins_text(rows)
    return _Joined(files=files, leaving=tuple(leaving))


def _groups(texts: Mapping[str, bytes]) -> list[list[str]]:
    groups, size = list[list[str]](), LARGEST
    for path, text in texts.items():
        if size + len(text) > LARGEST:
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += len(text)
    return [mixed for group in groups if (mixed := _mixed(group, texts))]


def _mixed(group: Sequence[str], texts: Mapping[str, bytes]) -> list[str]:
    """Those of a group of which none is so much of the whole that git, on a host too, would take it for renamed, and
    what another branch does to it, or adds to its folder, for a conflict."""
    left = sorted(group, key=lambda path: (len(texts[path]), path))
    while left and len(texts[left[-1]]) >= _ALIKE * sum(len(texts[path]) for path in left):
        left.pop()
    return sorted(left)


def _verify(repository: Repository, before: Contents, done: _Joined) -> None:
    """Raises `RepositoryError` unless what the new files say is, segment by segment, what the old ones do."""
    git = repository.git
    tree = {path: blob for path, blob in before.tree.items() if path not in done.leaving}
    blobs = {path: git.store(text) for path, text in done.files.items()}
    read = dict(zip(blobs, git.blobs(list(blobs.values())), strict=True))
    said = {}
    for path in filter(is_segment, read):
        lines = read[path].decode().split("\n")[:-1]
        said[blobs[path]] = list(zip(parse_lines(lines, path), lines, strict=True))
    before.index.keep_segments(said)
    origins = {path: text for path, text in before.origins.items() if path not in done.leaving}
    origins |= {path: read[path].decode() for path in read if is_origins(path)}
    after = replace(before, commit="", tree={**tree, **blobs}, origins=origins)
    if before.segments != after.segments or fold(before.edits()) != fold(after.edits()):
        raise RepositoryError("the joined segments do not say what the single ones do; nothing was changed",
                              where="ops", tries=["datacc fsck"])  # fmt: skip
