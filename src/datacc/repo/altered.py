"""Runs and segments whose names are not the digests of what they say: somebody changed them after they were made."""

from collections.abc import Iterator, Sequence

from datacc.errors import RepositoryError
from datacc.repo.contents import Contents
from datacc.repo.git import Git
from datacc.repo.origins import is_segment
from datacc.repo.words import repairs
from datacc.store import digest


def altered(git: Git, contents: Contents) -> Iterator[RepositoryError]:
    """An error for each, which names the first line that is not as it was, and the commit that has it as it was."""
    tree = contents.tree
    for run in contents.runs:
        paths = sorted(path for path in tree if path.startswith(f"runs/{run.folder}/"))
        if digest(*git.blobs([tree[path] for path in paths]))[: len(run.folder)] != run.folder:
            yield _error(git, contents, paths, "imported")
    segments = sorted(filter(is_segment, tree))
    for path, text in zip(segments, git.blobs([tree[path] for path in segments]), strict=True):
        lines = text.decode(errors="replace").split("\n")[:-1]
        if not path.removesuffix(".jsonl").endswith(digest(*lines)[:16]):
            yield _error(git, contents, [path], "committed")


def _error(git: Git, contents: Contents, paths: Sequence[str], verb: str) -> RepositoryError:
    what = f"was changed since it was {verb}"
    for path in paths:
        born = git.ask("log", "--diff-filter=A", "--format=%H", "--max-count=1", contents.commit, "--", path)
        before, now = git.tree(born, path).get(path) if born else None, contents.tree[path]
        if born and before and before != now:
            line = _first_difference(*git.blobs([before, now]))
            tries = [f"git checkout {born[:10]} -- {path} brings it back, then git commit"]
            return RepositoryError(what, where=f"{path}:{line}", tries=tries)
    return RepositoryError(what, where=paths[0], tries=repairs(paths[0]))


def _first_difference(before: bytes, now: bytes) -> int:
    """The number of the first line that is not the same, from 1."""
    old, new = before.split(b"\n"), now.split(b"\n")
    same = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
    return 1 + (same if same is not None else min(len(old), len(new)))
