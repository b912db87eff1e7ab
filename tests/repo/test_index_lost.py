"""The local index: whenever it is lost, the same is said as before."""

from collections.abc import Callable

import pytest

from datacc.repo.commit import commit
from datacc.repo.contents import Contents, read_contents
from datacc.repo.find import Repository
from datacc.repo.index import Index
from datacc.repo.label import label
from datacc.repo.working import read_working

QUESTIONS: dict[str, Callable[[Contents], object]] = {
    "segments": lambda contents: contents.said_in(contents.segment_paths),
    "examples": lambda contents: contents.spoken_of(contents.segment_paths),
    "operations": lambda contents: contents.said_of(contents.spoken_of(contents.segment_paths)),
}


def relabelled(repository: Repository) -> None:
    for id in sorted(read_working(repository).states)[:3]:
        label(repository, id, None, "cat")
        commit(repository)


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_lost_while_it_is_in_use_is_read_again(repository: Repository, question: str) -> None:
    relabelled(repository)
    contents, ask = read_contents(repository), QUESTIONS[question]
    expected = ask(contents)
    for _ in range(2):  # the second time it goes on in memory
        database = contents.index._database
        assert database
        database.close()
        assert ask(contents) == expected
    assert QUESTIONS["segments"](read_contents(repository)) == QUESTIONS["segments"](contents)


def test_a_loss_while_it_is_written_loses_no_segment(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    relabelled(repository)
    expected = read_contents(repository).segments
    keep = Index.keep_listings
    lost = []

    def lose_first(index: Index, *given: object) -> None:
        if not lost:
            lost.append(index)
            assert index._database
            index._database.close()
        keep(index, *given)  # type: ignore[arg-type]

    for name in ("tables", "tables-wal", "tables-shm"):
        (repository.root / ".datacc" / "index-1" / name).unlink(missing_ok=True)
    monkeypatch.setattr(Index, "keep_listings", lose_first)
    assert read_contents(repository).segments == expected
    assert lost
    assert read_contents(repository).segments == expected
