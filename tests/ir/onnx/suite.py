"""The official tests of onnx as models whose weights stand in them: what the compiled program is compared with."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

from datacc.ir.onnx.arrays import dtype_of
from datacc.ir.onnx.convert import Converted, convert
from datacc.ir.onnx.read import parse

Arrays = dict[str, NDArray[Any]]
DATA = {  # inputs of a node test that are data; all others are weights, shapes and settings, and are baked in
    **dict.fromkeys(["Add", "Sub", "Mul", "Div", "And", "Or", "Xor", "Equal", "Greater", "Less", "MatMul"], 2),
    **dict.fromkeys(["GreaterOrEqual", "LessOrEqual", "Min", "Max", "Sum", "Mean", "Concat", "BitwiseAnd"], 9),
    "Where": 3,
}


@dataclass(frozen=True)
class Case:
    """One official test: the model as it stands, what goes in by name, what must come out in order."""

    name: str
    model: Any
    inputs: Arrays
    outputs: list[NDArray[Any]]
    rtol: float
    atol: float

    def converted(self) -> Converted:
        """The Graph, everything but data baked in."""
        fixed = {name: array for name, array in self.inputs.items() if name not in self.data}
        return convert(parse(self.model.SerializeToString(), given=fixed))

    @property
    def data(self) -> list[str]:
        """The inputs that stay inputs."""
        [first, *_] = self.model.graph.node
        names = [value.name for value in self.model.graph.input if value.name in self.inputs]
        if len(self.model.graph.node) > 1:  # a function written out: its data is what has the tensor's own type
            return names[:1] if len(names) < 2 or self.name.startswith(TAKES_WEIGHTS) else names
        count = DATA.get(first.op_type, 1)
        skip = 1 if first.op_type == "Gather" else 0
        return names[skip : skip + count] if skip else names[:count]

    def rows(self, graph: Any) -> Arrays:
        """One row of inputs, as the program takes them."""
        wanted = {node.name: node.type for node in graph.inputs}
        return {name: self.inputs[name].reshape(1, *type_.shape).astype(type_.dtype) for name, type_ in wanted.items()}

    def check(self, answers: Arrays) -> None:
        """Each output has the bytes, or nearly, that the test asks for."""
        names = [value.name for value in self.model.graph.output]
        for name, wanted in zip(names, self.outputs, strict=True):
            found = answers[name].reshape(wanted.shape)
            np.testing.assert_allclose(
                found.astype(np.float64), wanted.astype(np.float64), rtol=self.rtol, atol=max(self.atol, 2e-7)
            )


TAKES_WEIGHTS = (
    "test_layer_norm",
    "test_rms_norm",
    "test_group_norm",
    "test_clip",
    "test_reduce",
    "test_center_crop",
    "test_range",
)


@cache
def node_cases() -> dict[str, Case]:
    """Every node test with tensors of numbers alone, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = load_model_tests(kind="node")
    return {case.name: case for test in tests for case in _node_case(test)}


def _node_case(test: Any) -> Iterator[Case]:
    [(inputs, outputs), *_] = test.data_sets
    if all(isinstance(array, np.ndarray) for array in (*inputs, *outputs)):
        names = [value.name for value in test.model.graph.input]
        given = dict(zip(names, inputs, strict=False))
        yield Case(test.name, test.model, given, list(outputs), test.rtol, test.atol)


@cache
def torch_cases() -> dict[str, Case]:
    """Every pytorch-converted and pytorch-operator test, by name."""
    cases = {}
    for kind in ("pytorch-converted", "pytorch-operator"):
        for test in load_model_tests(kind=kind):
            folder = Path(test.model_dir)
            model = onnx.load(folder / "model.onnx")
            arrays = [[_tensor(path) for path in sorted(folder.glob(f"test_data_set_0/{end}_*.pb"))] for end in ENDS]
            known = {tensor.name for tensor in model.graph.initializer}
            names = [value.name for value in model.graph.input if value.name not in known]
            inputs = dict(zip(names, arrays[0], strict=True))
            cases[test.name] = Case(test.name, model, inputs, arrays[1], test.rtol, test.atol)
    return cases


ENDS = ("input", "output")


def _tensor(path: Path) -> NDArray[Any]:
    tensor = onnx.TensorProto.FromString(path.read_bytes())
    dtype_of(tensor.data_type, path.name)
    return np.asarray(numpy_helper.to_array(tensor))
