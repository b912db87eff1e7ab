"""ncnn: the Graph written as its parameter and weight files, called from Python (an extractor for each answer)."""

from pathlib import Path
from typing import Any

import ncnn
import numpy as np
from numpy.typing import NDArray

from datacc.arrange.group import group
from datacc.ir.graph import Graph
from datacc.ir.plan import Step

from . import Net


class _Ncnn:
    how = "Python"

    def __init__(self, net: Net, folder: Path) -> None:
        text, weights = _Writer(net.graph).files()
        (folder / "net.param").write_text(text)
        (folder / "net.bin").write_bytes(weights)
        self.net = ncnn.Net()
        self.net.opt.num_threads = 1
        self.net.opt.use_fp16_packed = self.net.opt.use_fp16_storage = self.net.opt.use_fp16_arithmetic = False
        self.net.opt.use_bf16_storage = False
        if self.net.load_param(str(folder / "net.param")) or self.net.load_model(str(folder / "net.bin")):
            raise RuntimeError("ncnn does not read the files")
        first = net.first[0]  # kept until it is copied: a Mat only points to it
        self.x = ncnn.Mat(first).clone()
        self.names = [name for _, name in net.graph.outputs]
        self.source = net.graph.inputs[0].name

    def answer(self, count: int) -> None:
        for _ in range(count):
            extractor = self.net.create_extractor()
            extractor.input(self.source, self.x)
            for name in self.names:
                extractor.extract(name)

    def outputs(self) -> list[NDArray[Any]]:
        extractor = self.net.create_extractor()
        extractor.input(self.source, self.x)
        return [np.array(extractor.extract(name)[1]) for name in self.names]


class _Writer:
    """Layers in ncnn's text form; a value that is read twice is split, since every blob has one reader."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.lines, self.weights, self.blobs = graph, [], b"", 0
        self.steps = group(graph)
        self.copies: dict[str, list[str]] = {}

    def files(self) -> tuple[str, bytes]:
        """The text of the layers and the weights behind each other."""
        [source] = self.graph.inputs
        *spatial, channels = source.type.shape
        size = f"0={spatial[1]} 1={spatial[0]} 2={channels}" if spatial else f"0={channels}"
        self._layer("Input", source.name, [], source.name, size)
        for step in self.steps:
            self._step(step)
        return "\n".join(["7767517", f"{len(self.lines)} {self.blobs}", *self.lines, ""]), self.weights

    def _layer(self, kind: str, name: str, reads: list[str], out: str, options: str = "") -> None:
        inputs = [self.copies[value].pop() for value in reads]
        self._line(kind, name, inputs, [out], options)
        readers = sum(step.values.count(out) for step in self.steps)
        self.copies[out] = [out]
        if readers > 1:
            self.copies[out] = [f"{out}_{i}" for i in range(readers)]
            self._line("Split", f"{out}_split", [out], self.copies[out], "")

    def _line(self, kind: str, name: str, inputs: list[str], outs: list[str], options: str) -> None:
        self.lines.append(f"{kind} {name} {len(inputs)} {len(outs)} {' '.join([*inputs, *outs])} {options}")
        self.blobs += len(outs)

    def _step(self, step: Step) -> None:
        forms = {"conv": self._conv, "dense": self._dense, "maxpool": self._pool, "meanpool": self._pool}
        if step.op not in forms:
            raise NotImplementedError(f"no form of {step.op} is written here")
        first = f"{step.out}_product" if step.residual else step.out
        forms[step.op](step, first, int(step.relu and not step.residual))
        if step.residual:
            summed = f"{step.out}_sum" if step.relu else step.out
            self.copies[first] = [first]
            self._layer("BinaryOp", f"{step.out}_add", [first, step.residual], summed, "0=0")
            if step.relu:
                self.copies[summed] = [summed]
                self._layer("ReLU", f"{step.out}_relu", [summed], step.out)

    def _value(self, name: str) -> NDArray[Any]:
        value = self.graph.by_name[name].value
        assert value is not None
        return value

    def _conv(self, step: Step, out: str, relu: int) -> None:
        node = self.graph.by_name[step.nodes[0]]
        weight = np.moveaxis(self._value(node.inputs[1]), -1, 1)
        (top, bottom), (left, right) = node["pad"]
        options = (
            f"0={len(weight)} 1={weight.shape[3]} 11={weight.shape[2]} 3={node['stride'][1]} 13={node['stride'][0]} "
            f"4={left} 14={top} 15={right} 16={bottom} 5=1 6={weight.size} 9={relu}"
        )
        kind = "Convolution" if node["groups"] == 1 else "ConvolutionDepthWise"
        options += "" if node["groups"] == 1 else f" 7={node['groups']}"
        self._product(weight, self._value(node.inputs[2]))
        self._layer(kind, out, list(step.reads), out, options)

    def _dense(self, step: Step, out: str, relu: int) -> None:
        node = self.graph.by_name[step.nodes[0]]
        weight = np.moveaxis(self._value(node.inputs[1]), -1, 1)
        self._product(weight, self._value(node.inputs[2]))
        self._layer("InnerProduct", out, list(step.reads), out, f"0={len(weight)} 1=1 2={weight.size} 9={relu}")

    def _pool(self, step: Step, out: str, relu: int) -> None:
        node = self.graph.by_name[step.nodes[0]]
        (height, width), (down, across) = node["size"], node["stride"]
        kind = 0 if step.op == "maxpool" else 1
        options = f"0={kind} 1={width} 11={height} 2={across} 12={down} 5=1"
        self._layer("Pooling", out, list(step.reads), out, options)

    def _product(self, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        plain = b"\0\0\0\0"  # float32 follows
        self.weights += plain + np.ascontiguousarray(weight, np.float32).tobytes() + bias.astype(np.float32).tobytes()


def open_net(net: Net, folder: Path) -> _Ncnn:
    """The net in full precision on one thread."""
    if len(net.fed) > 1:
        raise NotImplementedError("nets with a state are not written here")
    return _Ncnn(net, folder)
