"""The journal when SQLite cannot go on: the user's file system is told from a damaged file."""

from pathlib import Path

import pytest

from datacc.errors import RepositoryError, ResourceError
from datacc.repo.journal import Journal


def test_a_journal_that_cannot_be_opened_is_a_matter_of_the_file_system(tmp_path: Path) -> None:
    (tmp_path / ".datacc" / "journal").mkdir(parents=True)
    with pytest.raises(ResourceError, match="cannot be written"):
        Journal(tmp_path).append(["{}"])


def test_a_damaged_journal_says_what_is_safe(tmp_path: Path) -> None:
    (tmp_path / ".datacc").mkdir()
    (tmp_path / ".datacc" / "journal").write_bytes(b"no database" * 1000)
    with pytest.raises(RepositoryError, match="not a database") as caught:
        Journal(tmp_path).rows()
    assert "the commits are not touched" in caught.value.tries[0]
