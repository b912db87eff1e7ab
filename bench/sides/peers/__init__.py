"""Inference runtimes and generators of C that stand beside ours: a file each, imported when it is installed."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from datacc.ir.graph import Graph

from ..machine import is_installed

# What must be importable, by peer.
PEERS: Final = {
    "onnxruntime": "onnxruntime",
    "openvino": "openvino",
    "litert": "ai_edge_litert",
    "mnn": "MNN",
    "ncnn": "ncnn",
    "emx": "emx_onnx_cgen",
}
CLOSE: Final = 3e-4  # of the largest score: how far a peer's answer may lie from ours


@dataclass(frozen=True, kw_only=True, eq=False)
class Net:
    """A net that everybody runs: the Graph, the same as a static ONNX model with channels first, and one input each.

    `inputs` are (*shape), channels last, and `fed` the same as the model takes them: a batch of one, channels first.
    The first changes from answer to answer, a state behind it lies where it is. `expected` holds the outputs of the
    reference interpreter by name, without a batch, and `outputs` as the model gives them.
    """

    name: str
    graph: Graph
    model: bytes
    inputs: dict[str, NDArray[Any]]
    fed: dict[str, NDArray[Any]]
    expected: dict[str, NDArray[Any]]
    outputs: dict[str, NDArray[Any]]
    close: float = CLOSE

    @property
    def x(self) -> NDArray[Any]:
        """The first input, channels last."""
        return next(iter(self.inputs.values()))

    @property
    def first(self) -> NDArray[Any]:
        """The first input as the model takes it."""
        return next(iter(self.fed.values()))


class Peer(Protocol):
    """A net that a peer has loaded, on one thread; `how` says whether the loop over inputs is in C or in Python."""

    how: str

    def answer(self, count: int) -> None:
        """Answer the net's input that many times, one by one."""

    def outputs(self) -> list[NDArray[Any]]:
        """The last answers, in the order of the Graph's outputs, in the model's layout but for axes of length 1."""


def opened(name: str, net: Net, folder: Path) -> Peer:
    """The net as `name` runs it; files go into `folder`. Raises whatever the peer does when it cannot.

    Raises `ValueError` when its answers are not ours: its time would mean nothing.
    """
    peer: Peer = import_module(f".{name}", __package__).open_net(net, folder)
    peer.answer(1)
    for ours, theirs in zip(net.outputs.values(), peer.outputs(), strict=True):
        difference = float(np.abs(theirs.reshape(-1) - ours.reshape(-1)).max() / np.abs(ours).max())
        if not difference <= net.close:
            raise ValueError(f"its scores differ by {difference:.2g} of the largest")
    return peer


def all_opened(net: Net, *, quick: bool = False) -> Iterator[tuple[str, Peer | str]]:
    """Every peer that can run the net, or why it does not. When quick, none has its C compiled for a conv net."""
    for name, module in PEERS.items():
        if not is_installed(module):
            yield name, "not installed"
            continue
        if quick and name == "emx" and net.name != "mlp" and not import_module(".emx", __package__).is_kept(net):
            yield name, "its C is compiled by a full run, and then kept"
            continue
        try:
            yield name, opened(name, net, Path(tempfile.mkdtemp(prefix="datacc-bench-")))
        except Exception as error:  # a peer's failure is a finding, whatever it raises
            yield name, f"{type(error).__name__}: {error}"
