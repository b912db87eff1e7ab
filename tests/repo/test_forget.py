"""forget: nothing of the example is left in a file here or in the remote; all else is as it was."""

import json
import sqlite3
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import pytest

from datacc.errors import DataError, RepositoryError, UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.exchange import push
from datacc.repo.find import MARKER, Repository, find
from datacc.repo.forget import Forgotten, forget
from datacc.repo.fsck.content import content_damages
from datacc.repo.fsck.perform import fsck
from datacc.repo.garbage import collect
from datacc.repo.identity import address, example_id
from datacc.repo.index import FOLDER
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.media import write_packs
from datacc.repo.remotes import contact
from datacc.repo.revert import revert
from datacc.repo.run_files import Rows, run_files
from datacc.repo.states import States
from datacc.repo.swap import swap
from datacc.repo.trust import trust
from tests.repo.conftest import png
from tests.repo.exchange import addresses, all_media, cloned, git, restored
from tests.repo.forgetting import drawn_more, files, flipped, holders, objects, planted, relabel, told
from tests.repo.killed import START, STRIDE, killed_at

SECRET = "Erika Mustermann, born 1971"
TEXTS = [{"text": f"a note, number {n}", "mood": "good" if n % 2 else "bad"} for n in range(30)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    planted(folder)
    return folder


@pytest.fixture
def notes(tmp_path: Path, empty: Repository) -> tuple[Repository, str]:
    """A repository of texts, and the id of the example with the secret."""
    file = tmp_path / "notes.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*TEXTS, {"text": SECRET, "mood": "bad"}]), "utf-8")
    import_examples(empty, file, ImportOptions(label="mood", inputs=("text",)))
    contents = read_contents(empty, cells=True)
    [id] = [row.id for run in contents.runs for row in run.rows if SECRET in row.cells.values()]
    return empty, id


def test_a_text_is_in_no_file_afterwards(notes: tuple[Repository, str]) -> None:
    repository, id = notes
    relabel(repository, id)
    label(repository, id, None, flipped(repository, id))
    read_contents(repository, cells=True)
    assert holders(SECRET.encode(), repository.root)
    before = Journal(repository.root).count()
    done = forget(repository, [id[:10]], "asked for", really=True)
    assert (done.examples, done.waiting_edits, before, Journal(repository.root).count()) == ((id,), 1, 1, 0)
    assert holders(SECRET.encode(), repository.root) == set()
    [stone] = repository.root.glob("forgotten/*")
    assert holders(id.encode(), repository.root) == {stone.name}
    read_contents(repository, cells=True)
    assert id not in States(read_contents(repository))
    assert len(States(read_contents(repository))) == len(TEXTS)
    assert SECRET.encode() in objects(repository.root)
    assert (fsck(repository).damages, check(repository).problems) == ((), ())


def test_committed_lines_leave_the_free_pages_of_the_journal(notes: tuple[Repository, str]) -> None:
    repository, id = notes
    label(repository, id, None, flipped(repository, id))
    commit(repository)
    with closing(sqlite3.connect(repository.root / ".datacc" / "journal")) as database:
        database.execute("PRAGMA secure_delete = OFF")  # as many builds of SQLite have it
        with database:
            database.execute("INSERT INTO edits (line) VALUES (?)", [f'{{"example":"{id}","op":"flag"}}'])
        with database:
            database.execute("DELETE FROM edits")
    assert holders(id.encode(), repository.root / ".datacc") >= {"journal"}
    forget(repository, [id], really=True)
    assert all(id.encode() not in path.read_bytes() for path in (repository.root / ".datacc").glob("journal*"))
    with closing(sqlite3.connect(repository.root / ".datacc" / "journal")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_dry_run_changes_nothing(ann: Repository) -> None:
    first = addresses(ann)[0]
    label(ann, first, None, flipped(ann, first))
    before = {path: data for path, data in files(ann.root, ann.root.parent / "store") if FOLDER not in str(path)}
    found = forget(ann, [first])
    after = {path: data for path, data in files(ann.root, ann.root.parent / "store") if FOLDER not in str(path)}
    names = {path.name for path in before if not path.name.startswith(("journal-", "lock"))}
    assert {n for n in (p.name for p in after) if not n.startswith(("journal-", "lock"))} == names
    assert all(after[path] == data for path, data in before.items() if not path.name.startswith("journal"))
    assert (found.commit, found.runs, found.segments, found.waiting_edits) == (None, 1, 2, 1)
    assert len(found.media) == len(found.packs) == 1


def test_a_picture_leaves_the_packs_here_and_in_the_remote(ann: Repository, store: Path) -> None:
    first, *others = addresses(ann)
    bytes_of = all_media(ann)
    before = told(ann, others[:6])
    done = forget(ann, [first], really=True)
    assert (len(done.erased["store"]), done.left) == (1, {})
    assert holders(bytes_of[first], ann.root, store) == set()
    assert all_media(ann) == {name: bytes_of[name] for name in others}
    assert told(ann, others[:6]) == before
    assert fsck(ann, deep=True).damages == ()
    push(ann)
    assert fsck(ann, deep=True).damages == ()
    assert not collect(ann, really=True).delete
    bob = cloned(ann.root.parent)
    trust(bob, [contact(store.as_uri())])
    assert all_media(bob) == {name: bytes_of[name] for name in others}
    assert fsck(bob, deep=True).damages == ()


class Written:
    """A file to be packed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        return self.path.read_bytes()


def test_a_file_that_another_example_uses_stays(empty: Repository, tmp_path: Path) -> None:
    import_examples(empty, drawn_more(tmp_path / "more"), ImportOptions(label="animal"))
    contents = read_contents(empty, cells=True)
    [run], shared = contents.runs, address(png(1))
    kinds = {column.kind: column.id for column in contents.schema.columns}
    one, other = example_id(shared, "ann"), example_id(shared, "bob")
    cells = {kinds["input"]: [{"media": shared}] * 2, kinds["name"]: ["a", "b"]}
    _, texts = run_files(
        Rows(ids=[one, other], values={kinds["output"]: [run.values[kinds["output"]][0]] * 2}, cells=cells), "by hand"
    )
    (tmp_path / "1.png").write_bytes(png(1))
    packed = write_packs(tmp_path / "packed", "media/0123456789abcdef", [(shared, Written(tmp_path / "1.png"))])
    texts |= {path: file.read_bytes() for path, file in packed.items()}
    swap(empty, [], texts, "two examples of one file")
    done = forget(empty, [one], really=True)
    assert (done.media, done.shared) == ((), (shared,))
    assert all_media(empty)[shared] == png(1)
    done = forget(empty, [other], really=True)
    assert (done.media, done.shared) == ((shared,), ())
    assert set(all_media(empty)) == {address(png(100)), address(png(101))}
    assert holders(png(1), empty.root) == set()
    assert fsck(empty).damages == ()


def test_older_readers_are_told_to_update(ann: Repository) -> None:
    forget(ann, [addresses(ann)[0]], really=True)
    assert json.loads((ann.root / MARKER).read_text()) == {"format": 2, "name": "pets"}


@pytest.mark.parametrize("place", ["forgotten/*", "origins/*", "runs/*/manifest.json", "reverted/*"])
def test_every_flipped_bit_of_the_new_files_is_found(ann: Repository, place: str) -> None:
    revert(ann, git(ann.root, "log", "-1", "--format=%H", "--", "ops").strip())
    forget(ann, [addresses(ann)[0]], really=True)
    tree = git(ann.root, "ls-files", "-z").split("\0")[:-1]
    texts = {path: (ann.root / path).read_bytes() for path in tree}
    assert list(content_damages(texts, lambda place: None)) == []
    [path] = [path for path in tree if fnmatch(path, place)]
    few = {
        one: text for one, text in texts.items() if one == MARKER or one.rpartition("/")[0] == path.rpartition("/")[0]
    }
    for bit in range(len(texts[path]) * 8):
        bad = bytearray(texts[path])
        bad[bit // 8] ^= 1 << bit % 8
        assert list(content_damages({**few, path: bytes(bad)}, lambda place: None)), bit
    if not texts[path]:
        assert list(content_damages({**few, path: b"x"}, lambda place: None))
        assert list(content_damages({**few, f"{path}0": b""}, lambda place: None))


@pytest.mark.parametrize("step", START)
def test_killed_at_any_step_it_can_be_done_again(template: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    ann = find(restored(template) / "ann")
    first, *others = addresses(ann)[:4]
    data, before = all_media(ann)[first], told(ann, others)
    while killed_at(step, lambda repository=ann: forget(repository, [first], really=True), monkeypatch):
        step += STRIDE
        assert told(ann, others) == before
        forget(ann, [first], really=True)
        assert holders(data, ann.root, ann.root.parent / "store") == set()
        assert holders(first.encode(), ann.root) == {path.name for path in ann.root.glob("forgotten/*")}
        assert git(ann.root, "status", "--porcelain") == ""
        assert fsck(ann, deep=True).damages == ()
        ann = find(restored(template) / "ann")
    assert step > 2 * STRIDE


def refused(repository: Repository, *ids: str) -> Forgotten:
    return forget(repository, ids, really=True)


def test_bad_input_is_refused_and_changes_nothing(ann: Repository) -> None:
    first = addresses(ann)[0]
    head = git(ann.root, "rev-parse", "HEAD")
    with pytest.raises(DataError, match="no example"):
        refused(ann, first, "f" * 32)
    with pytest.raises(DataError, match="too short"):
        refused(ann, first[:2])
    (ann.root / MARKER).write_text('{"format": 0,  "name": "pets"}\n')
    with pytest.raises(RepositoryError, match="has changes"):
        refused(ann, first)
    git(ann.root, "checkout", "-q", MARKER)
    git(ann.root, "switch", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        refused(ann, first)
    git(ann.root, "switch", "-q", "main")
    assert git(ann.root, "rev-parse", "HEAD") == head
    assert git(ann.root, "status", "--porcelain") == ""


def test_an_ambiguous_beginning_is_refused(ann: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = addresses(ann)
    monkeypatch.setattr(States, "beginning", lambda self, prefix: [first, second])
    with pytest.raises(DataError, match="2 examples"):
        refused(ann, first[:6])


def test_a_commit_that_a_hook_refuses_leaves_all_as_it_was(ann: Repository) -> None:
    first = addresses(ann)[0]
    hook = ann.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    label(ann, first, None, flipped(ann, first))
    with pytest.raises(RepositoryError):
        refused(ann, first)
    hook.unlink()
    assert git(ann.root, "status", "--porcelain") == ""
    assert Journal(ann.root).count() == 1
    assert first in States(read_contents(ann))
    assert fsck(ann, deep=True).damages == ()
