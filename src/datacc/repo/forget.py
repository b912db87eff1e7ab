"""Forget examples, as the law may ask: all that was said of them goes, and a tombstone keeps them from coming back."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.branches import current_branch
from datacc.repo.clean import demand_clean
from datacc.repo.contents import Contents, read_contents
from datacc.repo.cut import RUN_FILES, Cut, Read, cut_media, cut_runs, cut_segments, joined, reader
from datacc.repo.edit import author
from datacc.repo.erase import erase_here, erase_there
from datacc.repo.find import MARKER, REWRITTEN, Repository, marker_text
from datacc.repo.journal import Journal
from datacc.repo.media import Place
from datacc.repo.operation import parse_lines
from datacc.repo.origins import is_segment
from datacc.repo.packs import Packs, packs_folder
from datacc.repo.remains import Remains, builds_with, remains, write_rewrite
from datacc.repo.run import read_run
from datacc.repo.states import States
from datacc.repo.swap import swap
from datacc.repo.tidy import alone
from datacc.repo.tombstones import Tombstone, tombstones
from datacc.repo.words import counted
from datacc.repo.working import one_example
from datacc.store import write_atomically

REASON: Final = "personal data"


@frozen
class Forgotten:
    """What is, or would be, forgotten.

    `commit` is None for a dry run, and where HEAD held nothing of the examples any more. `edits`: lines of segments;
    `waiting_edits`: of the journal; `media` addresses of files that go, `shared` of those that another example uses.
    `erased`: remote → packs; `left`: remote → why its packs wait for another try. `history`: what git still holds,
    `builds` the artifacts here that were built from it.
    """

    examples: tuple[str, ...]
    commit: str | None
    runs: int
    segments: int
    waiting_edits: int
    media: tuple[str, ...]
    shared: tuple[str, ...]
    packs: tuple[str, ...]
    erased: Mapping[str, tuple[str, ...]]
    left: Mapping[str, str]
    history: Remains
    builds: tuple[str, ...]


@dataclass(kw_only=True)
class _Plan:
    examples: tuple[str, ...]
    cut: Cut
    media: tuple[str, ...]
    shared: tuple[str, ...]
    stones: list[Tombstone]
    old: list[Tombstone]

    @property
    def packs(self) -> set[str]:
        """The packs, of now and of earlier tries, that held the examples."""
        return {*self.cut.dropped, *(name for one in self.old for name in one.packs)}

    @property
    def addresses(self) -> set[str]:
        """Their media likewise."""
        return {*self.media, *(name for one in self.old for name in one.media)}


def forget(
    repository: Repository, prefixes: Sequence[str], reason: str | None = None, *, really: bool = False
) -> Forgotten:
    """Forget examples; without `really`, say what that would do. One that is forgotten: go on where something is left.

    In one commit they leave runs, segments and media, whose other contents get new names and keep their meaning; then
    the journal, the caches, the packs here and in the remotes lose them. Raises `DataError` for an unknown example and
    for one of which nothing is left, `UsageError` on no branch, `RepositoryError` when the working tree has changes.
    """
    current_branch(repository)
    with alone(repository.root):
        demand_clean(repository.git)
        contents = read_contents(repository)
        plan = _plan(repository, contents, prefixes, reason or REASON)
        journal = Journal(repository.root)
        waiting = [number for number, operation in journal.said().items() if operation.example in plan.examples]
        commit = _commit(repository, contents, plan, waiting) if really and (plan.cut.moved or plan.stones) else None
        if really:
            journal.forget(plan.examples)
        history = remains(repository, plan.examples, plan.addresses)  # while the packs that it needs are here
        if really:
            erase_here(repository, plan.packs)
            write_rewrite(repository, history)
    erased, left = erase_there(repository, plan.packs) if really else ({}, {})
    done = _told(plan, history, commit=commit, waiting_edits=len(waiting), erased=erased, left=left,
                 builds=builds_with(repository, history))  # fmt: skip
    _demand_something(done, plan, is_open=bool(plan.packs) and not really)
    return done


def _told(plan: _Plan, history: Remains, **done: Any) -> Forgotten:
    return Forgotten(
        examples=plan.examples,
        runs=sum(path.endswith("/labels.tsv") for path in plan.cut.moved),
        segments=sum(path.startswith("ops/") for path in plan.cut.moved),
        media=plan.media,
        shared=plan.shared,
        packs=tuple(sorted(plan.packs)),
        history=history,
        **done,
    )


def _demand_something(done: Forgotten, plan: _Plan, *, is_open: bool) -> None:
    """Raises `DataError` when nothing was left of the examples; `is_open`: the remotes were not asked."""
    changed = plan.stones or plan.cut.moved or done.waiting_edits or any(done.erased.values())
    if not (changed or done.left or done.history.files or is_open):
        raise DataError("it is forgotten already, and nothing is left of it", where=plan.examples[0])


def still_held(repository: Repository, contents: Contents) -> Iterator[tuple[str, str]]:
    """(example, file) for each file of a tree that holds an example which is forgotten in it."""
    git, tree, gone = repository.git, contents.tree, sorted(contents.forgotten)
    stones = {name: one.example for one in tombstones(git, tree) for name in one.media}
    names = {**stones, **{one: one for one in gone}}
    paths = [path for path in tree if path.endswith("/labels.tsv") or path.endswith("/index.tsv") or is_segment(path)]
    for path, text in zip(paths, git.blobs([tree[path] for path in paths]), strict=True):
        yield from sorted({(names[name], path) for name in _mentioned(text, path) & names.keys()})


def _mentioned(text: bytes, path: str) -> set[str]:
    """The examples, or the media, of which the lines of a file speak."""
    if is_segment(path):
        return {operation.example for operation in parse_lines(text.decode(errors="replace").split("\n"), path)}
    return {line[:32].decode(errors="replace") for line in text.split(b"\n")}


def _plan(repository: Repository, contents: Contents, prefixes: Sequence[str], reason: str) -> _Plan:
    git, tree = repository.git, contents.tree
    known = tombstones(git, tree)
    examples = tuple(dict.fromkeys(_one(contents, known, prefix) for prefix in prefixes))
    old = [one for one in known if one.example in examples]
    read = reader(git, tree)
    runs, segments = cut_runs(tree, read, examples), cut_segments(tree, read, examples)
    own = _media_of(runs, read, examples)
    named = {*(name for names in own.values() for name in names), *(name for one in old for name in one.media)}
    gone = set(runs.moved) | set(segments.moved)
    texts = [*runs.files.values(), *segments.files.values()]
    texts += read(path for path in tree if path.startswith(("runs/", "ops/")) and path not in gone).values()
    shared = {name for name in named if any(name.encode() in text for text in texts)}
    media = cut_media(tree, read, named - shared, lambda place: _pack(repository, place))
    cut = joined(runs, segments, media)
    signed = {"who": author(repository), "when": datetime.now(UTC).isoformat(timespec="seconds"), "reason": reason}
    packs = tuple(sorted(cut.dropped))
    buried = {one.example for one in old} if not media.dropped else set[str]()
    stones = [
        Tombstone(example=one, media=tuple(sorted(own.get(one, set()) - shared)), packs=packs, **signed)
        for one in examples
        if one not in buried
    ]
    return _Plan(examples=examples, cut=cut, media=tuple(sorted(named - shared)), shared=tuple(sorted(shared)),
                 stones=stones, old=old)  # fmt: skip


def _one(contents: Contents, known: Sequence[Tombstone], prefix: str) -> str:
    """The example, also one that is forgotten. Raises `DataError` for none or several."""
    start = prefix.strip().lower()
    buried = sorted({one.example for one in known if len(start) >= 4 and one.example.startswith(start)})
    living = States(contents).beginning(start) if start and len(start) >= 4 else []
    if len({*buried, *living}) == 1 and buried:
        return buried[0]
    if buried:
        both = sorted({*buried, *living})
        raise DataError(f"{len(both):,} examples have ids that begin with {prefix!r}", tries=both[:5])
    return one_example(States(contents), prefix)


def _media_of(runs: Cut, read: Read, examples: Collection[str]) -> dict[str, set[str]]:
    """Example → the addresses of its files, by the rows that are cut."""
    found: dict[str, set[str]] = {one: set() for one in examples}
    for folder in {path.split("/")[1] for path in runs.moved}:
        texts = read(f"runs/{folder}/{name}" for name in RUN_FILES)
        inputs, labels, manifest = (texts[f"runs/{folder}/{name}"] for name in RUN_FILES)
        run = read_run(folder, labels, manifest, inputs)
        for example, number in run.places(examples):
            row = run.row(number)
            found[example] |= set(_references([*row.cells.values(), *row.values.values()]))
    return found


def _references(value: Any) -> Iterable[str]:
    """The addresses in a JSON value."""
    if isinstance(value, Mapping):
        if isinstance(value.get("media"), str):
            yield value["media"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _references(one)


def _pack(repository: Repository, place: Place) -> bytes:
    """A pack outside git, which must be had now: what else lies in it stays."""
    return Packs(repository).read(place.pack)


def _commit(repository: Repository, contents: Contents, plan: _Plan, edits: Sequence[int]) -> str:
    for name, data in plan.cut.packs.items():
        write_atomically(packs_folder(repository) / name, data)
    coming = {**plan.cut.files, **{one.path: one.text for one in plan.stones}}
    coming[MARKER] = marker_text(repository.name, REWRITTEN)
    message = f"forget {counted(len(plan.examples), 'example')}"
    proof = plan.stones[0].path if plan.stones else ""
    return swap(repository, plan.cut.moved, coming, message, edits=edits, proof=proof)
