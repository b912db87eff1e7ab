"""The local index: it says what git says, and losing or damaging it costs time, never an answer."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from datacc.repo.blame import blame
from datacc.repo.changes import changes
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.find import Repository
from datacc.repo.fold import fold
from datacc.repo.fsck.local import index_damages
from datacc.repo.ids import beginning, common, distinct, in_order, places, to_ids, to_texts
from datacc.repo.label import label
from datacc.repo.remove import delete
from datacc.repo.states import States
from datacc.repo.status import status
from datacc.repo.working import read_working

FOLDER = ".datacc/index-1"
IDS = some.lists(some.integers(0, 2**128 - 1) | some.integers(0, 40), max_size=30)


@pytest.fixture
def edited(repository: Repository) -> Repository:
    """A history of labels, a deletion and a verification, and an edit in the journal."""
    ids = sorted(read_working(repository).states)
    for number, id in enumerate(ids[:8]):
        label(repository, id, None, "cat" if number % 3 else "dog")
        if number % 2:
            commit(repository)
    delete(repository, [ids[9]])
    commit(repository)
    label(repository, ids[10], None, "cat")
    return repository


def answers(repository: Repository) -> list[object]:
    """What a person is told: nothing of it may depend on the index."""
    ids = sorted(read_contents(repository).first_rows(to_texts(States(read_contents(repository)).table.ids)))
    told: list[object] = [asdict(blame(repository, id)) for id in ids[:12:3]]
    return [*told, asdict(status(repository)), asdict(changes(repository, "HEAD~3", "HEAD"))]


def test_states_are_the_fold_of_everything(edited: Repository) -> None:
    working = read_working(edited)
    whole = fold([*working.contents.operations(), *working.pending])
    assert dict(working.states.of(whole)) == whole
    assert {id: working.states[id] for id in working.states} == whole
    assert set(working.states.edited) < set(whole)
    table = working.states.table
    plain = [id for id, one in zip(to_texts(table.ids), table.is_plain, strict=True) if one]
    assert set(plain) | set(working.states.edited) == set(whole)
    [field] = table.values
    rows = {id: n for n, id in enumerate(to_texts(table.ids))}
    assert all(table.values[field][rows[id]] == whole[id].fields[field].value for id in plain)


@pytest.mark.parametrize("loss", ["all", "tables", "runs", "no access"])
def test_without_the_index_the_answers_are_the_same(
    edited: Repository, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, folder = answers(edited), edited.root / FOLDER
    assert folder.is_dir()
    if loss == "all":
        shutil.rmtree(folder)
    elif loss == "tables":
        (folder / "tables").write_bytes(b"nothing of SQLite" * 500)
    elif loss == "runs":
        shutil.rmtree(folder / "runs")
    else:
        shutil.rmtree(folder)
        folder.write_text("a file is in the way")
    assert answers(edited) == before


def test_tables_of_an_earlier_layout_are_made_anew(edited: Repository) -> None:
    before, tables = answers(edited), edited.root / FOLDER / "tables"
    with closing(sqlite3.connect(tables)) as database, database:
        database.execute("DROP TABLE operations")
        database.execute("CREATE TABLE operations (example TEXT, segment INTEGER, line INTEGER)")
        database.execute("UPDATE segments SET lines = ''")
        database.execute("PRAGMA user_version = 1")
    assert answers(edited) == before
    assert not list(index_damages(edited))


def test_a_branch_or_a_rewritten_history_does_not_mislead_blame(edited: Repository) -> None:
    git = edited.git
    id = blame(edited, sorted(read_working(edited).states)[1]).example
    first = blame(edited, id).fields[0].said[0].commit
    who = ("-c", "user.name=x", "-c", "user.email=x@y")
    git.run(*who, "commit", "--quiet", "--allow-empty", "-m", "top")
    git.run(*who, "rebase", "--quiet", "--force-rebase", "--root")
    again = blame(edited, id).fields[0].said[0].commit
    assert again is not None
    assert again != first
    assert git.ask("merge-base", "--is-ancestor", again, "HEAD") is None
    assert git.run("merge-base", again, "HEAD").decode().strip() == again


def rows_of(database: sqlite3.Connection) -> list[str]:
    """What the tables say; where a walk is lost, or its number is another, one more is made."""
    return [line for line in database.iterdump() if line.startswith("INSERT") and "walks" not in line]


def flips(repository: Repository, count: int) -> Iterator[str]:
    """Flip single bits in files of the index; each is found, or means nothing to SQLite either."""
    dice = random.Random(count)
    with closing(sqlite3.connect(repository.root / FOLDER / "tables")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = rows_of(database)
    files = [file for file in sorted((repository.root / FOLDER).rglob("*")) if file.is_file() and file.stat().st_size]
    for _ in range(count):
        file = dice.choice([one for one in files if one.exists()])
        good = file.read_bytes()
        bit = dice.randrange(len(good) * 8)
        file.write_bytes(good[: bit // 8] + bytes([good[bit // 8] ^ 1 << bit % 8]) + good[bit // 8 + 1 :])
        found = bool(list(index_damages(repository)))
        if not found:
            assert file.name == "tables", (file, bit)
            with closing(sqlite3.connect(file)) as database:
                assert rows_of(database) == whole, bit
        yield file.name
        file.write_bytes(good)
        for log in ("tables-wal", "tables-shm"):
            (repository.root / FOLDER / log).unlink(missing_ok=True)


def test_every_bit_that_flips_in_the_index_is_found(edited: Repository) -> None:
    answers(edited)
    assert not list(index_damages(edited))
    assert {"tables", "ids"} <= set(flips(edited, 150))


@pytest.mark.nightly
def test_every_one_of_4_000_bits_that_flip_in_the_index_is_found(edited: Repository) -> None:
    answers(edited)
    assert len(list(flips(edited, 4000))) == 4000


@given(IDS, IDS)
@settings(deadline=None)
def test_ids_are_found_as_texts_are(one: list[int], other: list[int]) -> None:
    texts, others = ([f"{number:032x}" for number in numbers] for numbers in (one, other))
    ids = to_ids(texts)
    ordered = ids[in_order(ids)]
    assert to_texts(ids) == texts
    assert to_texts(ordered) == sorted(texts)
    assert to_texts(distinct(ids)) == sorted(set(texts))
    assert to_texts(common(distinct(ids), to_ids(others))) == sorted({*texts} & {*others})
    wanted = sorted({*others, *texts[:3]})
    found = sorted(places(ordered, wanted))
    assert found == [(text, row) for row, text in enumerate(sorted(texts)) if text in wanted]
    for prefix in ("", "0", texts[0][:31] if texts else "ab", others[0] if others else "f"):
        assert to_texts(ordered[beginning(ordered, prefix)]) == [t for t in sorted(texts) if t.startswith(prefix)]


@pytest.mark.parametrize("text", ["g" * 32, "0" * 31, "0" * 33, "A" * 32, "é" * 32, ""])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 hex digits"):
        to_ids([text])


def test_the_index_is_not_committed(edited: Repository) -> None:
    assert not any(Path(path).parts[0] == ".datacc" for path in edited.git.tree("HEAD"))
    assert edited.git.run("status", "--porcelain") == b""
