"""Work that is killed, as by SIGKILL, at a chosen step."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc.repo.git import Git
from datacc.store import write_atomically

STRIDE = 9
START = [4, *(pytest.param(step, marks=pytest.mark.nightly) for step in range(STRIDE) if step != 4)]


def killed_at(step: int, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do the work in a process that is killed before it writes or removes a file, or calls git to commit, once more
    than `step` times. Whether it was."""
    child = os.fork()
    if child:
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert ended in (0, 9)
        return ended == 9
    left = iter(range(step))

    def dying(call: Callable[..., Any], *, is_done_first: bool = False) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            result = call(*given, **named) if is_done_first else None
            if next(left, None) is None:
                os._exit(9)
            return result if is_done_first else call(*given, **named)

        return counted

    for where, call in (
        ("datacc.repo.swap.write_atomically", write_atomically),
        ("pathlib.Path.unlink", Path.unlink),
    ):
        monkeypatch.setattr(where, dying(call))
    monkeypatch.setattr("datacc.repo.git.Git.commit", dying(dying(Git.commit), is_done_first=True))
    try:
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)
