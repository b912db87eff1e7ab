"""LiteRT (XNNPACK): the Graph written as a TFLite model, called from Python, which costs about a microsecond a call."""

from importlib import import_module
from pathlib import Path
from typing import Any, Final

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from datacc.arrange.group import group
from datacc.ir.graph import Graph
from datacc.ir.plan import Step

from . import Net

CODES: Final = {
    "add": 0, "meanpool": 1, "concat": 2, "conv": 3, "depthwise": 4, "dense": 9, "maxpool": 17, "reshape": 22,
    "tanh": 28, "slice": 65,
}  # fmt: skip
SAME, VALID = 0, 1
RELU: Final = 1  # ActivationFunctionType


class _Litert:
    how = "Python"

    def __init__(self, net: Net, folder: Path) -> None:
        path = folder / "net.tflite"
        path.write_bytes(_writer(net).model())
        self.interpreter = Interpreter(str(path), num_threads=1)
        self.interpreter.allocate_tensors()
        for one in self.interpreter.get_input_details():
            array = net.inputs[one["name"]].reshape(one["shape"])
            self.interpreter.set_tensor(one["index"], array)

    def answer(self, count: int) -> None:
        for _ in range(count):
            self.interpreter.invoke()

    def outputs(self) -> list[NDArray[Any]]:
        found = [self.interpreter.get_tensor(one["index"])[0] for one in self.interpreter.get_output_details()]
        return [np.moveaxis(array, -1, 0) if array.ndim > 1 else array for array in found]


class Writer:
    """A TFLite model under construction: channels last throughout, as the Graph is."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors: list[Any] = []
        self.buffers = [schema.BufferT()]  # the first is empty, by definition
        self.operators: list[Any] = []
        self.codes: list[str] = []
        self.at: dict[str, int] = {}

    def write(self) -> None:
        """All operators, in order."""
        for node in self.graph.inputs:
            self._value(node.name)
        for step in group(self.graph):
            self._step(step)

    def model(self) -> bytes:
        """The bytes of the model."""
        self.write()
        sub = schema.SubGraphT(
            tensors=self.tensors,
            inputs=[self.at[node.name] for node in self.graph.inputs],
            outputs=[self.at[name] for _, name in self.graph.outputs],
            operators=self.operators,
            name="net",
        )
        codes = [
            schema.OperatorCodeT(deprecatedBuiltinCode=CODES[op], builtinCode=CODES[op], version=1) for op in self.codes
        ]
        model = schema.ModelT(version=3, operatorCodes=codes, subgraphs=[sub], buffers=self.buffers)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def tensor(self, name: str, shape: tuple[int, ...], data: NDArray[Any] | None = None) -> int:
        buffer = 0
        if data is not None:
            self.buffers.append(schema.BufferT(data=np.frombuffer(data.tobytes(), np.uint8)))
            buffer = len(self.buffers) - 1
        kind = 2 if data is not None and data.dtype == np.int32 else 0
        self.tensors.append(schema.TensorT(shape=list(shape), type=kind, buffer=buffer, name=name))
        return len(self.tensors) - 1

    def _value(self, name: str) -> int:
        self.at[name] = self.tensor(name, (1, *self.graph.by_name[name].type.shape))
        return self.at[name]

    def weight(self, name: str, order: Any) -> int:
        value = self.graph.by_name[name].value
        assert value is not None
        data = np.ascontiguousarray(order(value), np.float32)
        return self.tensor(name, data.shape, data)

    def do(self, op: str, inputs: list[int], out: int, kind: int = 0, options: Any = None) -> None:
        if op not in self.codes:
            self.codes.append(op)
        self.operators.append(
            schema.OperatorT(
                opcodeIndex=self.codes.index(op), inputs=inputs, outputs=[out], builtinOptionsType=kind,
                builtinOptions=options,
            )
        )  # fmt: skip

    def _step(self, step: Step) -> None:
        relu = RELU if step.relu and not step.residual else 0
        out = self.tensor(f"{step.out} product", (1, *self.graph.by_name[step.out].type.shape)) if step.residual else (
            self._value(step.out)
        )  # fmt: skip
        forms = {"conv": self._conv, "dense": self._dense, "maxpool": self._pool, "meanpool": self._pool}
        if step.op not in forms:
            raise NotImplementedError(f"no form of {step.op} is written here")
        forms[step.op](step, relu, out)
        if step.residual:
            options = schema.AddOptionsT(fusedActivationFunction=RELU if step.relu else 0)
            self.do("add", [out, self.at[step.residual]], self._value(step.out), 11, options)

    def _conv(self, step: Step, relu: int, out: int) -> None:
        node = self.graph.by_name[step.nodes[0]]
        down, across = node["stride"]
        shared = {
            "padding": SAME if any(any(pad) for pad in node["pad"]) else VALID,
            "strideH": down,
            "strideW": across,
            "fusedActivationFunction": relu,
        }
        if node["groups"] == 1:
            inputs = [self.at[step.reads[0]], self.weight(node.inputs[1], np.asarray)]
            self.do("conv", [*inputs, self.weight(node.inputs[2], np.asarray)], out, 1, schema.Conv2DOptionsT(**shared))
            return
        inputs = [
            self.at[step.reads[0]],
            self.weight(node.inputs[1], lambda w: np.moveaxis(w, 0, -1)[..., 0, :][None]),
        ]
        options = schema.DepthwiseConv2DOptionsT(depthMultiplier=1, **shared)
        self.do("depthwise", [*inputs, self.weight(node.inputs[2], np.asarray)], out, 2, options)

    def _dense(self, step: Step, relu: int, out: int) -> None:
        node = self.graph.by_name[step.nodes[0]]
        source = self.at[step.reads[0]]
        size = self.graph.by_name[step.reads[0]].type.count
        if len(self.graph.by_name[step.reads[0]].type.shape) > 1:
            shape = self.tensor(f"{step.out} shape", (2,), np.array([1, size], np.int32))
            row = self.tensor(f"{step.out} row", (1, size))
            self.do("reshape", [source, shape], row)
            source = row
        weights = [
            self.weight(node.inputs[1], lambda w: w.reshape(len(w), -1)),
            self.weight(node.inputs[2], np.asarray),
        ]
        self.do("dense", [source, *weights], out, 8, schema.FullyConnectedOptionsT(fusedActivationFunction=relu))

    def _pool(self, step: Step, relu: int, out: int) -> None:
        node = self.graph.by_name[step.nodes[0]]
        (height, width), (down, across) = node["size"], node["stride"]
        options = schema.Pool2DOptionsT(
            padding=VALID, strideH=down, strideW=across, filterHeight=height, filterWidth=width
        )
        self.do(step.op, [self.at[step.reads[0]]], out, 5, options)


def open_net(net: Net, folder: Path) -> _Litert:
    """The net with its default delegate, on one thread; only `invoke` is timed."""
    return _Litert(net, folder)


def _writer(net: Net) -> Writer:
    if net.name == "wavenet":
        found: Writer = import_module(".litert_wavenet", __package__).writer(net.graph)
        return found
    return Writer(net.graph)
