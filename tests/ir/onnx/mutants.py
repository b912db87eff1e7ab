"""Mutated ONNX files: each is refused with one clear error, or read, in bounded time; nothing else may happen."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, TensorProto, helper
from torch import nn

from datacc.errors import ModelError
from datacc.ir.onnx.convert import convert
from datacc.ir.onnx.read import parse
from tests.ir.onnx.models import exported, model

SLOWEST = 20.0  # seconds of one file, on a busy machine
EXTREMES = (0, -1, 1, 2, 3, 7, 255, 2**31 - 1, 2**31, 2**40, 2**62, -(2**63))


@cache
def seeds() -> tuple[bytes, ...]:
    """Small models that between them hold most ops, a function, opsets old and new."""
    torch.manual_seed(0)
    conv = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    lines = [
        exported(nn.Sequential(conv, nn.Linear(16, 3), nn.Softmax(-1)), (1, 2, 4, 4)),
        exported(nn.Sequential(nn.Conv1d(2, 4, 3, padding=2, dilation=2), nn.AvgPool1d(2), nn.GELU()), (1, 2, 8)),
        _shapes().SerializeToString(),
        _function().SerializeToString(),
    ]
    return tuple(lines)


def _shapes() -> Any:
    """Reshapes, slices and gathers by numbers that mutate into nonsense."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "one"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "minus"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["a"]),
        helper.make_node("Slice", ["a", "first", "last", "axes", "steps"], ["b"]),
        helper.make_node("Pad", ["b", "pads"], ["c"]),
        helper.make_node("Expand", ["c", "wide"], ["d"]),
        helper.make_node("ReduceSum", ["d", "axes"], ["e"], keepdims=1),
        helper.make_node("Tile", ["e", "pair"], ["f"]),
        helper.make_node("ConstantOfShape", ["pair"], ["g"]),
        helper.make_node("Add", ["f", "g"], ["y"]),
    ]
    numbers = {"one": [1], "minus": [-1], "first": [0], "last": [2], "axes": [1], "steps": [1]}
    numbers |= {"pads": [0, 1, 0, 1], "wide": [4, 1], "pair": [1, 3]}
    weights = {name: np.array(value, np.int64) for name, value in numbers.items()}
    return model(nodes, {"x": [1, 4, 3]}, ["y"], **weights)


def _function() -> Any:
    inner = helper.make_function(
        "own", "twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    proto = model([helper.make_node("twice", ["x"], ["y"], domain="own")], {"x": [1, 4]}, ["y"])
    proto.opset_import.append(helper.make_opsetid("own", 1))
    proto.functions.append(inner)
    return proto


def mutant(seed: int) -> bytes:
    """The mutant of this number: bytes flipped, cut, repeated, or fields of the parsed file set to extremes."""
    chance = random.Random(seed)
    data = chance.choice(seeds())
    if chance.random() < 0.4:
        return _bytes(chance, data)
    proto = ModelProto.FromString(data)
    for _ in range(chance.randint(1, 3)):
        with suppress(IndexError):  # nothing is left to choose from
            chance.choice(MUTATIONS)(chance, proto)
    return proto.SerializeToString()


def _bytes(chance: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found))
        kind = chance.randrange(4)
        if kind == 0:
            found[at] = chance.randrange(256)
        elif kind == 1:
            del found[at : at + chance.randint(1, 40)]
        elif kind == 2:
            found[at:at] = found[max(0, at - 30) : at]
        else:
            found = found[: max(1, at)]
        if not found:
            return b""
    return bytes(found)


def _dims(chance: random.Random, proto: Any) -> None:
    chance.choice(proto.graph.input).type.tensor_type.shape.dim.add().dim_value = chance.choice(EXTREMES)


def _size(chance: random.Random, proto: Any) -> None:
    dims = [d for value in proto.graph.input for d in value.type.tensor_type.shape.dim]
    if dims:
        chance.choice(dims).dim_value = chance.choice(EXTREMES)


def _type(chance: random.Random, proto: Any) -> None:
    chance.choice(proto.graph.input).type.tensor_type.elem_type = chance.randrange(26)


def _attribute(chance: random.Random, proto: Any) -> None:
    found = [a for node in proto.graph.node for a in node.attribute]
    if not found:
        return
    attribute = chance.choice(found)
    if attribute.ints and chance.random() < 0.8:
        attribute.ints[chance.randrange(len(attribute.ints))] = chance.choice(EXTREMES)
    elif chance.random() < 0.5:
        attribute.i = chance.choice(EXTREMES)
    else:
        attribute.type = chance.randrange(1, 14)


def _rewire(chance: random.Random, proto: Any) -> None:
    nodes = [node for node in proto.graph.node if node.input]
    names = [name for node in proto.graph.node for name in (*node.input, *node.output)] or [""]
    node = chance.choice(nodes)
    node.input[chance.randrange(len(node.input))] = chance.choice([*names, "", "nowhere"])


def _rename(chance: random.Random, proto: Any) -> None:
    nodes = [node for node in proto.graph.node if node.output]
    if nodes:
        names = ["", "x", "y", "a" * 5000, "\0", *(node.output[0] for node in nodes)]
        chance.choice(nodes).output[0] = chance.choice(names)


def _op(chance: random.Random, proto: Any) -> None:
    node = chance.choice(proto.graph.node)
    names = ["Conv", "Gemm", "MatMul", "Reshape", "Loop", "If", "Expand", "Tile", "Range", "Gather", "Split", "Softmax"]
    node.op_type = chance.choice([*names, "Resize", "Transpose", "Mul", "Div", "Pow", "Where", "twice", "", "Pad"])


def _tensor(chance: random.Random, proto: Any) -> None:
    if not proto.graph.initializer:
        return
    tensor = chance.choice(proto.graph.initializer)
    kind = chance.randrange(5)
    if kind == 0 and tensor.dims:
        tensor.dims[chance.randrange(len(tensor.dims))] = chance.choice(EXTREMES)
    elif kind == 1:
        tensor.data_type = chance.randrange(26)
    elif kind == 2:
        tensor.raw_data = bytes(chance.randrange(256) for _ in range(len(tensor.raw_data)))
    elif kind == 3:
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", chance.choice(["../x", "/etc/passwd", "x", "", "a/../../b", "C:\\x"])
    else:
        tensor.raw_data = np.array([chance.choice(EXTREMES)] * 3, np.int64).tobytes()[: len(tensor.raw_data)]


def _drop(chance: random.Random, proto: Any) -> None:
    fields = [proto.graph.node, proto.graph.input, proto.graph.output, proto.graph.initializer, proto.opset_import]
    field = chance.choice([f for f in fields if len(f)])
    del field[chance.randrange(len(field))]


def _double(chance: random.Random, proto: Any) -> None:
    fields = [proto.graph.node, proto.graph.input, proto.graph.output, proto.graph.initializer, proto.functions]
    field = chance.choice([f for f in fields if len(f)])
    field.add().CopyFrom(chance.choice(field))


def _version(chance: random.Random, proto: Any) -> None:
    proto.opset_import[0].version = chance.choice([*range(5, 30), *EXTREMES])


MUTATIONS: tuple[Callable[[random.Random, Any], None], ...] = (
    *(_dims, _size, _type, _attribute, _attribute, _attribute, _rewire, _rename, _op, _tensor, _tensor, _tensor),
    *(_drop, _double, _version),
)


def survives(seed: int) -> bool:
    """Whether the mutant is still a model that is taken; refusing it is right, anything else raises."""
    data = mutant(seed)
    began = time.monotonic()
    try:
        convert(parse(data))
        return True
    except ModelError:
        return False
    finally:
        assert time.monotonic() - began < SLOWEST, f"mutant {seed} took too long"
