"""A folder with a module of somebody's own, the current one."""

from pathlib import Path

import pytest

from tests.cli.port.theirs import MODULE, write_csv


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module `theirs`, the current one."""
    (tmp_path / "theirs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def counted(here: Path) -> Path:
    write_csv(here / "numbers.csv", ["n"], [[n] for n in range(60)])
    return here
