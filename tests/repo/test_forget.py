"""forget: nothing of the example is left in files here or in the remote; all else is as it was, and it stays away."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from datacc.errors import DataError, RepositoryError, UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.blame import blame
from datacc.repo.branches import merge
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.events import history
from datacc.repo.exchange import fetch, pull, push
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
from datacc.repo.remains import COMMAND
from datacc.repo.remotes import contact
from datacc.repo.revert import revert
from datacc.repo.run import Rows, run_files
from datacc.repo.show import show
from datacc.repo.states import States
from datacc.repo.swap import swap
from datacc.repo.trust import trust
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from tests.repo.conftest import Git, drawn, png
from tests.repo.exchange import addresses, all_media, cloned, git, pushed, restored

SECRET = "Erika Mustermann, born 1971"
TEXTS = [{"text": f"a note, number {n}", "mood": "good" if n % 2 else "bad"} for n in range(30)]


def flipped(repository: Repository, id: str) -> str:
    classes = sorted(one.name for one in read_contents(repository).schema.of("output")[0].classes)
    now = read_working(repository).states[id].fields
    [register] = [one for field, one in now.items() if field]
    named = {one.id: one.name for one in read_contents(repository).schema.of("output")[0].classes}
    return next(name for name in classes if name != named[register.value])


def relabel(repository: Repository, *ids: str) -> str:
    for id in ids:
        label(repository, id, None, flipped(repository, id))
    return commit(repository).commit


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ann`: pictures, pushed, and labels: of one example alone, of two at once, of another; `store`, `origin.git`."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "store").mkdir()
    ann = pushed(folder, drawn(folder / "pictures"), folder / "store")
    first, second, third, *_ = addresses(ann)
    relabel(ann, first)
    relabel(ann, first, second)
    relabel(ann, third)
    push(ann)
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


def files(*roots: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file, raw and as git or SQLite has it, but for git's store, which the next one reads."""
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and ".git" not in path.parts and "origin.git" not in path.parts:
                data = path.read_bytes()
                yield path, data
                try:
                    yield path, zlib.decompress(data)
                except zlib.error:
                    continue


def objects(root: Path) -> bytes:
    """All that git's store holds, unpacked."""
    done = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"], cwd=root, capture_output=True, check=True
    )
    return done.stdout


def holders(needle: bytes, *roots: Path) -> set[str]:
    return {path.name for path, data in files(*roots) if needle in data}


def told(repository: Repository, ids: list[str]) -> dict[str, object]:
    """What blame and history say of some examples."""
    working = read_working(repository)
    return {id: (blame(repository, id), history(repository, working, id)) for id in ids}


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
    before = told(ann, others)
    done = forget(ann, [first], really=True)
    assert (len(done.erased["store"]), done.left) == (1, {})
    assert holders(bytes_of[first], ann.root, store) == set()
    assert all_media(ann) == {name: bytes_of[name] for name in others}
    assert told(ann, others) == before
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


def test_revert_and_undo_of_what_others_say_are_as_before(ann: Repository, work: Path) -> None:
    """The same commands, on the repository as it was and on the one that forgot, lead to the same states."""
    first, second, third, *rest = addresses(ann)
    commits = git(ann.root, "log", "--format=%H", "--", "ops").split()
    expected, found = [list[object](), list[object]()]
    for results, is_forgetful in ((expected, False), (found, True)):
        ann = find(restored(work) / "ann")
        if is_forgetful:
            forget(ann, [first], really=True)
        results.append(told(ann, [second, third, *rest]))
        for name in commits[:2]:
            revert(ann, name)
            results.append({id: show(ann, id).values for id in (second, third, *rest)})
        revert(ann, "HEAD~1")
        results.append({id: show(ann, id).values for id in (second, third, *rest)})
        undone = undo(ann)
        results.append(([one.example for one in undone.edits], {id: show(ann, id).values for id in (second, third)}))
    assert expected == found


def test_a_branch_that_still_has_it_does_not_bring_it_back(ann: Repository, store: Path) -> None:
    first, second, *_ = addresses(ann)
    bob = cloned(ann.root.parent)
    trust(bob, [contact(store.as_uri())])
    relabel(bob, first, second)
    import_examples(bob, drawn_more(ann.root.parent / "more"), ImportOptions(label="animal"))
    push(bob)
    value = show(bob, second).values["animal"].value
    forget(ann, [first], really=True)
    pull(ann)
    assert first not in States(read_contents(ann))
    assert show(ann, second).values["animal"].value == value
    assert len(States(read_contents(ann))) == 41
    [problem] = check(ann).problems
    assert problem.where == first
    forget(ann, [first], really=True)
    assert holders(first.encode(), ann.root) == {path.name for path in ann.root.glob("forgotten/*")}
    assert check(ann).problems == ()
    assert fsck(ann, deep=True).damages == ()
    push(ann)
    pull(bob)
    assert first not in States(read_contents(bob))
    collect(bob, really=True)
    assert fsck(bob, deep=True).damages == ()
    assert show(bob, second).values["animal"].value == value


def drawn_more(folder: Path) -> Path:
    for seed in (100, 101):
        kind = folder / ("cat" if seed % 2 else "dog")
        kind.mkdir(parents=True)
        (kind / f"{seed}.png").write_bytes(png(seed))
    return folder


def test_two_branches_that_each_forget_one(repository: Repository, git: Git) -> None:
    first, second, third, *_ = addresses(repository)
    git("branch", "side")
    forget(repository, [first], really=True)
    git("switch", "-q", "side")
    forget(repository, [second], really=True)
    git("switch", "-q", "main")
    merge(repository, "side")
    known = States(read_contents(repository))
    assert (first in known, second in known, third in known, len(known)) == (False, False, True, 38)
    assert {problem.where for problem in check(repository).problems} == {first, second}
    forget(repository, [first, second], really=True)
    assert check(repository).problems == ()
    assert len(States(read_contents(repository))) == 38


def test_an_import_of_the_same_files_leaves_it_out_and_says_so(ann: Repository) -> None:
    first = addresses(ann)[0]
    forget(ann, [first], really=True)
    done = import_examples(ann, ann.root.parent / "pictures", ImportOptions(label="animal"))
    assert (done.forgotten, done.already, done.examples) == (1, 39, 0)
    more = drawn_more(ann.root.parent / "pictures-2")
    shutil.copytree(ann.root.parent / "pictures", more, dirs_exist_ok=True)
    done = import_examples(ann, more, ImportOptions(label="animal"))
    assert (done.forgotten, done.examples) == (1, 2)
    assert first not in addresses(ann)


def filtered(repository: Repository) -> None:
    tool = Path(sys.executable).parent
    done = subprocess.run(
        COMMAND, shell=True, cwd=repository.root, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{tool}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_command_that_is_shown_rewrites_history(ann: Repository) -> None:
    first, second, third, *rest = addresses(ann)
    data = all_media(ann)[first]
    before = {id: events_of(ann, id) for id in (second, third, *rest)}
    done = forget(ann, [first], really=True)
    assert len(done.history.commits) == 3
    assert first.encode() in objects(ann.root)
    filtered(ann)
    with pytest.raises(DataError, match="nothing is left"):
        forget(ann, [first[:12]], really=True)
    stones = [path.read_bytes() for path in ann.root.glob("forgotten/*")]
    left = objects(ann.root)
    for stone in stones:
        left = left.replace(stone, b"")
    names = [path.name.encode() for path in ann.root.glob("forgotten/*")]
    assert left.count(first.encode()) == sum(left.count(name) for name in names)
    assert data not in left
    assert {id: events_of(ann, id) for id in (second, third, *rest)} == before
    assert (fsck(ann, deep=True).damages, check(ann).problems) == ((), ())
    assert (
        len(States(read_contents(ann, git(ann.root, "log", "--format=%H", "--diff-filter=A", "--", "runs").split()[0])))
        == 39
    )


def events_of(repository: Repository, id: str) -> list[tuple[object, ...]]:
    """Who said what of an example, in commits with which subject: what a rewrite of history keeps."""
    found = history(repository, read_working(repository), id)
    subjects = [git(repository.root, "log", "-1", "--format=%s", str(one.commit)) for one in found]
    return [(one.id, one.op, one.new, one.who, one.when, said) for one, said in zip(found, subjects, strict=True)]


def test_pictures_inside_git_leave_history_too(repository: Repository) -> None:
    first, *others = addresses(repository)
    bytes_of = all_media(repository)
    forget(repository, [first], really=True)
    assert bytes_of[first] in objects(repository.root)
    filtered(repository)
    assert bytes_of[first] not in objects(repository.root)
    assert all_media(repository) == {name: bytes_of[name] for name in others}
    assert (fsck(repository).damages, check(repository).problems) == ((), ())


def test_a_remote_that_is_away_is_said_and_emptied_later(ann: Repository, store: Path) -> None:
    first = addresses(ann)[0]
    data = all_media(ann)[first]
    store.rename(store.with_name("away"))
    done = forget(ann, [first], really=True)
    assert (done.erased, list(done.left)) == ({}, ["store"])
    store.with_name("away").rename(store)
    assert holders(data, store)
    again = forget(ann, [first], really=True)
    assert (len(again.erased["store"]), again.left, again.commit) == (1, {}, None)
    assert holders(data, store) == set()
    push(ann)
    assert fsck(ann, deep=True).damages == ()


def test_gc_empties_a_remote_that_was_away(ann: Repository, store: Path) -> None:
    first = addresses(ann)[0]
    data = all_media(ann)[first]
    store.rename(store.with_name("away"))
    forget(ann, [first], really=True)
    store.with_name("away").rename(store)
    push(ann)
    collect(ann, really=True)
    assert holders(data, store) == set()
    assert fsck(ann, deep=True).damages == ()


def test_builds_of_commits_that_had_it_are_named(ann: Repository) -> None:
    first = addresses(ann)[0]
    for name, at in (("old", "HEAD"), ("older", git(ann.root, "rev-list", "--max-parents=0", "HEAD").strip())):
        folder = ann.root / "build" / name
        folder.mkdir(parents=True)
        told_of = git(ann.root, "rev-parse", at).strip()
        (folder / "report.json").write_text(json.dumps({"provenance": {"commit": told_of}}))
    assert forget(ann, [first]).builds == ("build/old",)


def test_older_readers_are_told_to_update(ann: Repository) -> None:
    forget(ann, [addresses(ann)[0]], really=True)
    assert json.loads((ann.root / MARKER).read_text()) == {"format": 2, "name": "pets"}


@pytest.mark.parametrize("folder", ["forgotten", "origins"])
def test_every_flipped_bit_of_the_new_files_is_found(ann: Repository, folder: str) -> None:
    forget(ann, [addresses(ann)[0]], really=True)
    tree = git(ann.root, "ls-files", "-z").split("\0")[:-1]
    texts = {path: (ann.root / path).read_bytes() for path in tree}
    assert list(content_damages(texts, lambda place: None)) == []
    [path] = [path for path in tree if path.startswith(f"{folder}/")]
    for bit in range(len(texts[path]) * 8):
        bad = bytearray(texts[path])
        bad[bit // 8] ^= 1 << bit % 8
        assert list(content_damages({**texts, path: bytes(bad)}, lambda place: None)), bit


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


def test_merge_of_a_branch_from_before_by_datacc(ann: Repository) -> None:
    first, second, *_ = addresses(ann)
    git(ann.root, "switch", "-q", "-c", "side")
    relabel(ann, first, second)
    value = show(ann, second).values["animal"].value
    git(ann.root, "switch", "-q", "main")
    forget(ann, [first], really=True)
    merge(ann, "side")
    assert first not in States(read_contents(ann))
    assert show(ann, second).values["animal"].value == value
    fetch(ann)
