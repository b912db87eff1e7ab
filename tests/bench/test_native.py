"""The native bench: peers get the same function or do not count, and its rows have the names that readers rely on."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from bench.nets import NETS
from bench.sides import peers
from bench.sides.static import net_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(NETS))
def test_the_static_model_is_the_net(name: str) -> None:
    net = net_of(name, NETS[name]())
    session = onnxruntime.InferenceSession(net.model, providers=["CPUExecutionProvider"])
    assert {one.name: tuple(one.shape) for one in session.get_inputs()} == {n: x.shape for n, x in net.fed.items()}
    for array, expected in zip(session.run(None, net.fed), net.outputs.values(), strict=True):
        np.testing.assert_allclose(array[0], expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_a_peer_that_answers_otherwise_does_not_count(tmp_path: Path) -> None:
    net = net_of("mlp", NETS["mlp"]())
    peers.opened("onnxruntime", net, tmp_path).answer(70)
    [(field, expected)] = net.outputs.items()
    other = replace(net, outputs={field: expected * np.float32(1.01)})
    with pytest.raises(ValueError, match="differ"):
        peers.opened("onnxruntime", other, tmp_path)


def test_no_peer_goes_through_a_wrapper_that_installs_packages() -> None:
    """MNN.tools installs a logging package when it is imported, and sends what it finds to a server."""
    for path in (ROOT / "bench" / "sides" / "peers").glob("*.py"):
        code = path.read_text().split('"""', 2)[2]
        assert "MNN.tools" not in code, path.name


def test_its_rows() -> None:
    command = [sys.executable, "bench/native.py", "--quick", "--json", "--net", "mlp"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)
    assert {"mlp/onnxruntime", "mlp/best", "mlp/peak_share", "mlp/arena_over_bound", "mlp/size", "mlp/link"} <= set(
        rows
    )
    assert {"link/linux-x86-64", "link/macos-aarch64", "link/windows-x86-64", "link/wasm", "link/cortex-m4"} <= set(
        rows
    )
    assert rows["mlp/heap"] == {"ours": 0.0}
    assert rows["mlp/arena_over_bound"]["ours"] == 1
    assert set(rows["mlp/onnxruntime"]) == {"ours", "peer", "ratio"}
