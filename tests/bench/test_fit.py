"""The bench of fits: its sides fit the same net, and its rows have the names that readers rely on."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.sides.fit_nets import NETS
from bench.sides.fit_sides import AGREED, Ours, Torch

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(NETS))
def test_torch_takes_the_same_steps(name: str) -> None:
    data = NETS[name].batches(3, 16)
    np.testing.assert_allclose(Torch(NETS[name], *data, 1).steps(), Ours(NETS[name], *data, 1).steps(), atol=AGREED)


def test_a_net_that_begins_elsewhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = NETS["mlp_64"].batches(3, 16)
    ours = Ours(NETS["mlp_64"], *data, 1).steps()
    monkeypatch.setattr("bench.sides.fit_nets.SEED", 4)
    assert not np.allclose(Torch(NETS["mlp_64"], *data, 1).steps(), ours, atol=AGREED)


@pytest.mark.nightly
def test_rows() -> None:
    command = [sys.executable, "bench/fit.py", "--quick", "--json", "--net", "mlp_64"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)
    assert {"mlp_64/torch", "mlp_64/sklearn", "mlp_64/peak_share", "install_mb"} <= set(rows)
    assert rows["mlp_64/torch"]["ratio"] == pytest.approx(rows["mlp_64/torch"]["peer"] / rows["mlp_64/torch"]["ours"])
