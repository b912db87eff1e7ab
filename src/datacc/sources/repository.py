"""The label repository that `datacc.toml` lies in."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.errors import DataError, SpecError
from datacc.repo.contents import read_contents
from datacc.repo.examples import Found, read_examples
from datacc.repo.find import Repository, find
from datacc.repo.journal import Journal
from datacc.repo.media import media_addresses, read_media
from datacc.repo.snapshot import Snapshot, freeze, remember, remembered
from datacc.repo.split import JUDGE
from datacc.repo.words import counted
from datacc.sources import Source
from datacc.sources.teaching import Taught, state, teach
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

_REMEMBERED: Final = "snapshot of a commit 3"


class RepositorySource(Source):
    """Without options. A build reads a commit, HEAD unless told otherwise; never the journal."""

    has_commits = True
    options: tuple[str, ...] = ()

    def snapshot(self, program: Program, root: Path, revision: str | None, store: Store) -> Snapshot:
        """The labelled examples at `revision`; a note says when there are edits that no commit holds."""
        repository = self._find(program, root)
        frozen = _frozen(repository, program, root, revision or "HEAD", store)
        waiting = Journal(repository.root).count()
        if not waiting:
            return frozen
        note = f"{counted(waiting, 'uncommitted edit')} not in this snapshot; datacc commit puts them in"
        return replace(frozen, notes=(*frozen.notes, note))

    def media(self, program: Program, root: Path, snapshot: Snapshot, ids: tuple[str, ...]) -> dict[str, bytes]:
        """The original files, byte for byte, of the learn and tune examples among `ids`."""
        repository = self._find(program, root)
        contents = read_contents(repository, snapshot.origin.removeprefix("commit "), cells=True)
        allowed = {id for id, split in zip(snapshot.ids, snapshot.splits, strict=True) if split != JUDGE} & set(ids)
        rows = contents.first_rows(sorted(allowed))
        addresses = {id: next(iter(media_addresses(row).values()), None) for id, row in rows.items()}
        named = {id: name for id, name in addresses.items() if name is not None}
        media = read_media(repository.git, contents.tree, sorted(set(named.values()))) if named else {}
        return {id: media[name] for id, name in named.items()}

    def _find(self, program: Program, root: Path) -> Repository:
        for key in program.source.options:
            if key not in self.options:
                what = f"source.{key} is no option of a {program.source.type}"
                raise SpecError(what, where="datacc.toml", tries=["remove it"])
        return find(root)


def _frozen(repository: Repository, program: Program, root: Path, revision: str, store: Store) -> Snapshot:
    """The examples of a commit: what it says never changes, so that it is read only once for the same fields."""
    commit = repository.git.commit_of(revision)
    origin = f"commit {commit}"
    known = remembered(store, _key(commit, program, root), origin)
    if known is not None:
        return known
    found = read_examples(repository, program, commit, unlabelled=program.teacher is not None)
    taught = _taught(program, root, found)
    frozen = freeze(store, program, taught.examples, found.classes, origin, (*found.notes, *taught.notes))
    frozen = replace(frozen, looked=_on_judge(found, frozen))
    if taught.complete:
        remember(store, _key(commit, program, root), frozen)
    return frozen


def _on_judge(found: Found, frozen: Snapshot) -> dict[str, tuple[int, int]]:
    """Output → how many judge labels people looked at again, and how many of them they changed."""
    judge = {frozen.ids[row] for row in frozen.rows(JUDGE)}
    counts = {name: (len(one.seen & judge), len(one.changed & judge)) for name, one in found.looked.items()}
    return {name: count for name, count in counts.items() if count[0]}


def _taught(program: Program, root: Path, found: Found) -> Taught:
    """The labelled examples, those of a teacher among them. Raises `DataError` when it could say nothing."""
    if program.teacher is None:
        return Taught(examples=found.examples, notes=(), complete=True)
    ((output, classes),) = found.classes.items()
    if not classes and program.outputs[0].form != "number":
        what = f"the output {output!r} has no classes that a teacher could say"
        raise DataError(what, tries=[f"datacc schema add-class {output} NAME NAME…"])
    return teach(program, root, found.examples, found.unlabelled, classes)


def _key(commit: str, program: Program, root: Path) -> str:
    """Under which the cache has the snapshot; a teacher that answered more since has made another."""
    fields = [[field.name, field.type, dict(field.options)] for field in (*program.inputs, *program.outputs)]
    return digest(_REMEMBERED, commit, canonical(fields), state(program, root))


ENTRY = RepositorySource()
