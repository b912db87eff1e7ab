"""Costs of commands: the time of children counts, a failure stops the bench and is shown."""

import sys
from pathlib import Path

import pytest

from bench.sides.process import cost

BURN = "import time\nwhile time.process_time() < 0.2: pass"


def test_the_time_of_children_counts(tmp_path: Path) -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"
    spent = cost([sys.executable, "-c", parent], tmp_path)
    assert spent.cpu >= 0.2  # the child stops only when it has used that much
    assert spent.wall >= 0.2


def test_a_failure_stops_the_bench(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"ended with 3: lost"):
        cost([sys.executable, "-c", "import sys; print('lost', file=sys.stderr); sys.exit(3)"], tmp_path)
    cost([sys.executable, "-c", "raise SystemExit(8)"], tmp_path, allowed=(0, 8))
