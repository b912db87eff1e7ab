"""Several processes label and commit in one working tree at once: nothing is lost, nothing overwritten."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datacc.errors import UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.journal import Journal
from datacc.repo.states import States
from datacc.repo.working import read_working

SOURCES = Path(__file__).parents[2] / "src"
WORKER = """
import json, sys
from pathlib import Path
from datacc.errors import UsageError
from datacc.repo.commit import commit
from datacc.repo.find import find
from datacc.repo.label import label
from datacc.repo.working import read_working

root, number, times, ids = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
repository, said = find(root), 0
for turn in range(times):
    id, name = ids[turn % len(ids)], "odd" if (turn + number) % 2 else "even"
    label(repository, id, None, name, f"Worker {number} <w{number}@example.org>")
    said += 1  # it is acknowledged
    try:
        commit(repository)
    except UsageError:  # another one has committed it
        pass
print(said)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = create(tmp_path / "numbers", "parities").repository
    rows = np.random.default_rng(0).normal(size=(64, 2)).tolist()
    lines = [f"{a:.6f},{b:.6f},{'odd' if n % 2 else 'even'}" for n, (a, b) in enumerate(rows)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,parity", *lines, ""]))
    import_examples(made, tmp_path / "rows.csv", ImportOptions(label="parity"))
    return made


def work_together(repository: Repository, processes: int, times: int) -> None:
    ids = sorted(read_working(repository).states)
    parts = [ids[k::processes] for k in range(processes)]
    command = [sys.executable, "-c", WORKER, str(repository.root)]
    running = [
        subprocess.Popen(
            [*command, str(k), str(times), json.dumps(part)],
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for k, part in enumerate(parts)
    ]
    ended = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * processes, [said[1][-2000:] for said in ended]
    acknowledged = sum(int(said[0]) for said in ended)
    assert acknowledged == processes * times
    if Journal(repository.root).count():
        commit(repository)
    with pytest.raises(UsageError, match="nothing to commit"):
        commit(repository)
    contents = read_contents(repository)
    said = list(contents.edits())
    assert len({operation.id for operation in said}) == len(said) == acknowledged
    states = States(contents)
    [column] = contents.schema.of("output")
    for k, part in enumerate(parts):
        for place, id in enumerate(part):
            turns = [turn for turn in range(times) if turn % len(part) == place]
            if turns:
                wanted = column.class_named("odd" if (turns[-1] + k) % 2 else "even")
                assert wanted is not None
                assert states[id].fields[column.id].values == (wanted.id,), (k, id)
    assert "error" not in repository.git.run("fsck", "--full").decode()
    assert repository.git.run("status", "--porcelain") == b""


def test_four_processes_lose_nothing(repository: Repository) -> None:
    work_together(repository, 4, 8)


@pytest.mark.nightly
def test_eight_processes_with_500_commits_each_lose_nothing(repository: Repository) -> None:
    work_together(repository, 8, 500)
