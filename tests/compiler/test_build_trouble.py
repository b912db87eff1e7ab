"""What stays as it was when a build is interrupted, the disk is full, or its cache is damaged or lost."""

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datacc.compiler.build import build
from datacc.compiler.report import read_report
from datacc.spec.program import Budget
from datacc.spec.read import read_program
from tests.compiler.tables import files_of


def test_an_interrupted_build_leaves_the_last_good_artifact(built: Path) -> None:
    kept = files_of(built / "build")

    def interrupt(rung: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(replace(read_program(built / "datacc.toml"), seed=1), built, announce=interrupt)
    assert files_of(built / "build") == kept


@pytest.mark.parametrize("moment", range(5))  # the files that finish.py writes
def test_a_full_disk_leaves_the_last_good_artifact(built: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    kept = files_of(built / "build" / "flowers")
    program = replace(read_program(built / "datacc.toml"), budget=Budget(size=10**9))  # else nothing would be built
    count = iter(range(1000))

    def failing(write: Any) -> Any:
        def fail(self: Path, *args: Any, **more: Any) -> Any:
            if next(count) == moment:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
            return write(self, *args, **more)

        return fail

    monkeypatch.setattr(Path, "write_bytes", failing(Path.write_bytes))
    monkeypatch.setattr(Path, "write_text", failing(Path.write_text))
    with pytest.raises(OSError, match="No space left"):
        build(program, built)
    assert files_of(built / "build" / "flowers") == kept
    assert sorted(path.name for path in (built / "build").iterdir()) == ["flowers"]


def test_a_damaged_cache_costs_time_and_nothing_else(built: Path) -> None:
    first = read_report(built / "build" / "flowers" / "report.json")
    for entry in (built / ".datacc" / "cache").rglob("*"):
        if entry.is_file():
            data = bytearray(entry.read_bytes())
            data[len(data) // 2] ^= 1
            entry.write_bytes(data)
    assert build(read_program(built / "datacc.toml"), built).digests == first.digests


def test_a_lost_cache_gives_the_same_bytes(built: Path) -> None:
    first = read_report(built / "build" / "flowers" / "report.json")
    shutil.rmtree(built / ".datacc")
    assert build(read_program(built / "datacc.toml"), built).digests == first.digests
