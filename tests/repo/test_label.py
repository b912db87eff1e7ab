"""Label, journal and commit: durable edits, one segment per commit, replayable after a crash."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from datacc.errors import DataError, RepositoryError, UsageError
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.find import Repository, find
from datacc.repo.fold import fold
from datacc.repo.git import Git
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.status import status
from datacc.repo.undo import undo
from tests.repo.killed import killed_at


def ids(repository: Repository) -> list[str]:
    return sorted(fold(read_contents(repository).operations()))


def class_of(repository: Repository, id: str, revision: str = "HEAD") -> str | None:
    contents = read_contents(repository, revision)
    (output,) = contents.schema.of("output")
    value = fold(contents.operations())[id].fields[output.id].value
    found = output.class_with(value) if value else None
    return found.name if found else None


def other(name: str | None) -> str:
    return "dog" if name == "cat" else "cat"


def test_a_label_waits_in_the_journal_until_it_is_committed(repository: Repository) -> None:
    id = ids(repository)[3]
    old = class_of(repository, id)
    done = label(repository, id[:10], None, other(old), "Ann <ann@example.org>")
    assert (done.example, done.field, done.op, done.old, done.new) == (id, "animal", "set", (old,), other(old))
    assert class_of(repository, id) == old
    made = commit(repository)
    assert class_of(repository, id) == other(old)
    assert class_of(repository, id, f"{made.commit}^") == old
    assert made.message == "label 1 example"
    assert made.segment.endswith(".jsonl")
    assert "-ann-" in made.segment
    assert Journal(repository.root).count() == 0
    assert repository.git.run("status", "--porcelain") == b""


def test_saying_the_same_again_is_a_verification(repository: Repository) -> None:
    id = ids(repository)[0]
    assert label(repository, id, "animal", class_of(repository, id) or "").op == "verify"
    commit(repository)
    assert status(repository).verified == 1


def test_a_second_label_replaces_the_first_before_any_commit(repository: Repository) -> None:
    id = ids(repository)[0]
    old = class_of(repository, id)
    label(repository, id, None, other(old))
    label(repository, id, None, old or "")
    commit(repository)
    assert class_of(repository, id) == old
    assert status(repository).conflicted == 0


def test_times_never_go_back(repository: Repository) -> None:
    for id in ids(repository)[:5]:
        label(repository, id, None, "cat")
    times = [operation.when for operation in Journal(repository.root).operations()]
    assert times == sorted(set(times))


@pytest.mark.parametrize(("prefix", "why"), [("12", "too short"), ("zzzz", "no example"), ("", "too short")])
def test_an_unknown_example_is_refused(repository: Repository, prefix: str, why: str) -> None:
    with pytest.raises(DataError, match=why):
        label(repository, prefix, None, "cat")


def test_an_ambiguous_prefix_lists_what_it_could_be(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datacc.repo.working._SHORTEST_PREFIX", 0)
    with pytest.raises(DataError, match="40 examples") as caught:
        label(repository, "", None, "cat")
    assert caught.value.tries == tuple(ids(repository)[:5])


def test_a_class_outside_the_schema_is_refused_and_the_known_ones_are_named(repository: Repository) -> None:
    with pytest.raises(DataError, match="'horse' is not a class of animal") as caught:
        label(repository, ids(repository)[0], None, "horse")
    assert caught.value.tries[0] == "cat, dog"
    with pytest.raises(DataError) as caught:
        label(repository, ids(repository)[0], None, "CAT")
    assert caught.value.tries[0] == "cat"
    with pytest.raises(DataError, match="no output 'kind'"):
        label(repository, ids(repository)[0], "kind", "cat")
    assert Journal(repository.root).count() == 0


def test_nothing_to_commit_is_said(repository: Repository) -> None:
    with pytest.raises(UsageError, match="nothing to commit"):
        commit(repository)


def test_an_acknowledged_label_survives_a_killed_process(repository: Repository) -> None:
    id = ids(repository)[0]
    code = (
        "import os, sys; from pathlib import Path; from datacc.repo.find import find; "
        "from datacc.repo.label import label; "
        f"label(find(Path({str(repository.root)!r})), {id!r}, None, 'cat'); os.kill(os.getpid(), 9)"
    )
    source = str(Path(__file__).parents[2] / "src")
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source, "PATH": "/usr/bin:/bin"}, check=False)
    assert Journal(repository.root).count() == 1


def test_a_hook_that_refuses_leaves_the_edits_in_the_journal(repository: Repository) -> None:
    label(repository, ids(repository)[0], None, "cat")
    hook = repository.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RepositoryError):
        commit(repository)
    assert Journal(repository.root).count() == 1
    assert repository.git.run("status", "--porcelain") == b""
    hook.unlink()
    assert commit(repository).edits == 1


def test_a_crash_before_the_commit_loses_and_repeats_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ids(repository)[:2]
    label(repository, first, None, "cat")
    lines = list(Journal(repository.root).rows().values())
    assert killed_at(0, lambda: commit(repository), monkeypatch)
    [left] = (repository.root / "ops").rglob("*.jsonl")
    label(repository, second, None, "cat")
    made = commit(repository)
    assert made.edits == 2
    assert not left.exists()
    assert lines[0] in (repository.root / made.segment).read_text().splitlines()


def test_a_crash_after_the_commit_repeats_nothing(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ids(repository)[:2]
    label(repository, first, None, "cat")
    assert killed_at(1, lambda: commit(repository), monkeypatch)
    assert Journal(repository.root).count() == 1
    with pytest.raises(UsageError):
        commit(repository)
    assert Journal(repository.root).count() == 0
    [segment] = read_contents(repository).segments
    label(repository, second, None, "dog")
    assert commit(repository).edits == 1
    assert len(read_contents(repository).segments) == 2
    assert segment in read_contents(repository).segments


def test_an_edit_that_comes_during_an_undo_stays(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ids(repository)[:2]
    label(repository, first, None, "cat", "Ann <ann@example.org>")
    drop = Journal.drop

    def late(journal: Journal, numbers: Iterable[int]) -> None:
        label(repository, second, None, "cat", "Bob <bob@example.org>")
        drop(journal, numbers)

    monkeypatch.setattr(Journal, "drop", late)
    [undone] = undo(repository).edits
    [left] = Journal(repository.root).operations()
    assert (undone.example, left.example) == (first, second)


def test_an_interrupt_during_the_commit_leaves_everything_as_it_was(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(repository, ids(repository)[0], None, "cat")
    before = repository.git.commit_of("HEAD")
    whole = Git.run

    def interrupted(self: Git, *arguments: str, input: bytes = b"") -> bytes:
        if "commit" in arguments:
            raise KeyboardInterrupt
        return whole(self, *arguments, input=input)

    monkeypatch.setattr(Git, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commit(repository)
    monkeypatch.undo()
    assert repository.git.commit_of("HEAD") == before
    assert repository.git.run("status", "--porcelain") == b""
    assert commit(repository).edits == 1


def test_two_writers_at_once_lose_nothing(repository: Repository) -> None:
    code = (
        "import sys; from pathlib import Path; from datacc.repo.journal import Journal\n"
        f"for n in range(20): Journal(Path({str(repository.root)!r})).append([sys.argv[1] + str(n)])"
    )
    env = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": "/usr/bin:/bin"}
    running = [subprocess.Popen([sys.executable, "-c", code, name], env=env) for name in "ab"]
    assert [process.wait() for process in running] == [0, 0]
    lines = list(Journal(repository.root).rows().values())
    assert sorted(lines) == sorted(f"{name}{n}" for name in "ab" for n in range(20))


def test_a_damaged_journal_is_an_error_with_its_place(repository: Repository) -> None:
    (repository.root / ".datacc").mkdir(exist_ok=True)
    (repository.root / ".datacc/journal").write_bytes(b"this is no database at all" * 50)
    with pytest.raises(RepositoryError, match="journal failed"):
        status(find(repository.root))


def test_a_commit_takes_along_what_builds_leave(repository: Repository) -> None:
    (repository.root / "datacc.lock").write_text("format = 1\n")
    (repository.root / "judged").mkdir()
    (repository.root / "judged" / "0f.jsonl").write_text("{}\n")
    (repository.root / "notes.txt").write_text("not ours\n")
    label(repository, ids(repository)[0], None, "dog", "Ann <ann@example.org>")
    first = commit(repository, "one")
    tree = repository.git.tree(first.commit)
    assert {"datacc.lock", "judged/0f.jsonl", first.segment} <= set(tree)
    assert "notes.txt" not in tree

    (repository.root / "judged" / "0f.jsonl").write_text("{}\n{}\n")
    second = commit(repository)
    assert (second.edits, second.segment) == (0, "")
    assert second.message == "keep judged"
    with pytest.raises(UsageError, match="nothing to commit"):
        commit(repository)


def test_status_names_what_builds_left(repository: Repository) -> None:
    assert status(repository).beside == ()
    (repository.root / "datacc.lock").write_text("format = 1\n")
    assert status(repository).beside == ("datacc.lock",)
