"""Which commit brought a run or a segment."""

import os
from collections.abc import Collection, Iterator

from datacc.frozen import frozen
from datacc.repo.contents import Contents
from datacc.repo.find import Repository

_FORMAT = "--format=%x01%H%x00%an <%ae>%x00%aI%x00"
_COUNTED = "--format=%H%x00%an <%ae>%x00%aI%x00of %P%x00"  # no field is empty
_KINDS = frozenset("ACDMRTUXB")  # of what happens to a file


@frozen
class Birth:
    """The commit that brought a file, or took it away."""

    commit: str
    who: str
    when: str


def births(repository: Repository, contents: Contents, paths: Collection[str]) -> dict[str, Birth]:
    """Run folder or segment of these contents → the commit in whose history it came.

    The local index knows what every commit brought whose history was walked before. Where several brought a file of one
    name, on other branches or after a revert, git is asked which one counts.
    """
    index, commit = contents.index, contents.commit
    walked = index.walks()
    if commit not in walked:
        brought = list(_walk(repository, commit, walked))
        index.keep_births(commit, [(path, birth.commit, birth.who, birth.when) for path, birth in brought])
    known: dict[str, list[Birth]] = {path: [] for path in paths}
    for path, id, who, when in index.births(list(paths)):
        known[path].append(Birth(commit=id, who=who, when=when))
    asked = [path for path, candidates in known.items() if len(candidates) != 1]
    latest = dict(reversed(list(_walk(repository, commit, [], asked)))) if asked else {}
    found = {path: candidates[0] for path, candidates in known.items() if len(candidates) == 1} | latest
    holders = {path: contents.holder(path) for path in paths if path not in found}  # of a history that was rewritten
    held = {path: holder for path, holder in holders.items() if holder != path}
    later = births(repository, contents, set(held.values())) if held else {}
    return found | {path: later[holder] for path, holder in held.items() if holder in later}


def brought_between(repository: Repository, old: str, new: str) -> tuple[dict[str, Birth], set[str]]:
    """What `births_between` gives, and every file that may be another at `new` than where it parted from `old`.

    Those are what a commit after `old`, up to `new`, changed, and what one that merges has otherwise than a side of it.
    """
    flags = ("--no-show-signature", "--diff-merges=separate", "--root", "--name-status", "--no-renames", "--relative")
    told = repository.git.run("log", "-z", *flags, _COUNTED, new, f"^{old}", "--")
    fields = filter(None, map(os.fsdecode, told.split(b"\0")))  # counted, not searched: a name may hold anything
    born, touched = dict[str, Birth](), set[str]()
    birth, is_merge = Birth(commit="", who="", when=""), False
    for field in fields:
        if (kind := field.lstrip("\n")) in _KINDS:
            path = next(fields)
            touched.add(path)
            if kind == "A" and not is_merge and path.startswith(("ops/", "runs/")):
                born.setdefault(_called(path), birth)
        else:
            birth = Birth(commit=kind, who=next(fields), when=next(fields))
            is_merge = " " in next(fields).removeprefix("of ")
    return born, touched


def births_between(repository: Repository, old: str, new: str, *, gone: bool = False) -> dict[str, Birth]:
    """Run folder or segment → the commit after `old`, up to `new`, that brought it, or with `gone` took it away."""
    return dict(reversed(list(_walk(repository, new, [old], gone=gone))))


def _walk(
    repository: Repository, tip: str, known: Collection[str], paths: Collection[str] = (), *, gone: bool = False
) -> Iterator[tuple[str, Birth]]:
    """What each commit that leads to `tip` and to none of `known` brought, the latest first."""
    flags = (f"--diff-filter={'D' if gone else 'A'}", "--name-only", "--no-renames", "--relative", "-z")
    stop = (f"^{commit}" for commit in known)
    where = paths or ("ops", "runs")
    text = repository.git.run("log", *flags, _FORMAT, "--ignore-missing", tip, *stop, "--", *where)
    for part in text.split(b"\x01")[1:]:
        commit, who, when, *names = (os.fsdecode(field).strip("\n") for field in part.split(b"\0"))
        birth = Birth(commit=commit, who=who, when=when)
        for path in dict.fromkeys(_called(name) for name in names if name):
            yield path, birth


def _called(file: str) -> str:
    """The segment, or the folder of the run, that a file belongs to."""
    return file if file.startswith("ops/") else file.rpartition("/")[0]
