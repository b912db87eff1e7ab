"""Nets in integers: ours quantised by us, those of peers by onnxruntime's static quantiser, floats in and floats out.

The same inputs calibrate both. Peers: weights of 8 bits for each channel, unsigned activations of 8 bits, as
onnxruntime recommends; OpenVINO compiles the same quantised model to integer kernels of its own.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from nets import NETS
from numpy.typing import NDArray

from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.ir.interpret import interpret
from datacc.spec.cpus import Cpu

from . import ours
from .clock import per_answer
from .machine import is_installed
from .peers import Net, Peer
from .rows import Row
from .static import net_of

QUICK: Final = ("resnet8",)
WHOLE: Final = ("resnet8", "digits", "dscnn", "vww", "board", "mlp")
PEERS: Final = ("onnxruntime", "openvino")
CALIBRATED: Final = 64  # inputs that ranges are taken from
CLOSE: Final = 0.2  # of the largest score: how far integers may lie from floats on random weights, for anybody


def rows(names: list[str], cpu: Cpu, *, quick: bool) -> Iterator[Row]:
    """`<net>-int8/<peer>`, and what integers gain over our own floats, of the nets named."""
    for name in [name for name in (QUICK if quick else WHOLE) if name in names]:
        yield from _net(name, cpu, rounds=11 if quick else 40)


def _net(name: str, cpu: Cpu, rounds: int) -> Iterator[Row]:
    floats = net_of(name, NETS[name]())
    inputs = np.random.default_rng(2).normal(0, 1, (CALIBRATED, *floats.x.shape)).astype(np.float32)
    net = _quantised(floats, inputs)
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as one, tempfile.TemporaryDirectory() as two:
        mine, plain = ours.linked(net, cpu, Path(one)), ours.linked(floats, cpu, Path(two))
    sides = dict(_sides(floats, inputs))
    answers = {"datacc": mine.answer, "floats": plain.answer, **{peer: side.answer for peer, side in sides.items()}}
    found = per_answer(answers, rounds=rounds)
    yield Row(name=f"{name}-int8/latency", ours=found["datacc"], note=f"C loop, {cpu.name}")
    yield Row(name=f"{name}-int8/floats", ours=found["datacc"], peer=found["floats"], note="our own in floats")
    for peer, side in sides.items():
        yield Row(name=f"{name}-int8/{peer}", ours=found["datacc"], peer=found[peer], note=f"{side.how} loop")
    yield Row(name=f"{name}-int8/arena", ours=mine.plan.arena, peer=plain.plan.arena, unit="B", note="beside floats")
    yield Row(name=f"{name}-int8/size", ours=mine.library.size, peer=plain.library.size, unit="B", note="beside floats")


def _quantised(net: Net, inputs: NDArray[Any]) -> Net:
    """The net in our integers. Raises `ValueError` when it is far from floats."""
    simple = simplify(net.graph)
    [source] = simple.inputs
    graph = quantise(simple, calibrate(simple, {source.name: inputs}))
    expected = {field: array[0] for field, array in interpret(graph, {source.name: net.x[None]}).items()}
    _demand_close("datacc", net.expected, list(expected.values()))
    return replace(net, graph=graph, expected=expected)


def _sides(net: Net, inputs: NDArray[Any]) -> Iterator[tuple[str, Peer]]:
    """Every peer that is installed, with the quantised model."""
    if not is_installed("onnxruntime"):
        print(
            f"{net.name}-int8: skipped: onnxruntime, which quantises for all peers, is not installed", file=sys.stderr
        )
        return
    folder = Path(tempfile.mkdtemp(prefix="datacc-bench-"))
    model = _statically(net, inputs, folder)
    for peer in PEERS:
        if not is_installed(peer):
            print(f"{net.name}-int8/{peer}: skipped: not installed", file=sys.stderr)
            continue
        side: Peer = import_module(f".peers.{peer}", __package__).open_net(replace(net, model=model), folder)
        side.answer(1)
        _demand_close(peer, net.expected, side.outputs())
        yield peer, side


def _statically(net: Net, inputs: NDArray[Any], folder: Path) -> bytes:
    """The model with quantised weights and activations, by onnxruntime's own tool."""
    tool = import_module("onnxruntime.quantization")
    prepare = import_module("onnxruntime.quantization.shape_inference").quant_pre_process
    plain, prepared, done = (folder / f"{name}.onnx" for name in ("plain", "prepared", "quantised"))
    plain.write_bytes(net.model)
    prepare(str(plain), str(prepared))
    [source] = net.graph.inputs
    first = np.moveaxis(inputs, -1, 1) if inputs.ndim > 2 else inputs
    feed = iter([{source.name: np.ascontiguousarray(row[None])} for row in first])

    class Reader(tool.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def get_next(self) -> Mapping[str, NDArray[Any]] | None:
            return next(feed, None)

    kinds = {"weight_type": tool.QuantType.QInt8, "activation_type": tool.QuantType.QUInt8}
    form = tool.QuantFormat.QDQ
    tool.quantize_static(str(prepared), str(done), Reader(), quant_format=form, per_channel=True, **kinds)
    return done.read_bytes()


def _demand_close(who: str, expected: Mapping[str, NDArray[Any]], found: list[NDArray[Any]]) -> None:
    for wanted, got in zip(expected.values(), found, strict=True):
        difference = float(np.abs(got.reshape(-1) - wanted.reshape(-1)).max() / np.abs(wanted).max())
        if not difference <= CLOSE:
            raise ValueError(f"{who}: integers differ by {difference:.2g} of the largest score")
