"""Reading an ONNX file: one pass that refuses what is broken, hostile or too large, and gives a sound `Model`."""

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.message import DecodeError
from onnx import ModelProto, defs

from datacc.errors import ModelError, UsageError
from datacc.ir.onnx.arrays import LARGEST, MOST_AXES, array_of, dtype_of
from datacc.ir.onnx.calls import ONNX_DOMAINS, calls_of
from datacc.ir.onnx.inline import inlined
from datacc.ir.onnx.model import Array, Model, Value, shown, text_of

OLDEST: Final = 6
NEWEST: Final = int(defs.onnx_opset_version())
MOST_BYTES: Final = 1 << 30
MOST_CONSTANTS: Final = 1 << 30  # bytes of all of them


def read_model(path: Path, dims: Mapping[str, int], given: Mapping[str, Array] = MappingProxyType({})) -> Model:
    """The sound model in the file at `path`. Raises `UsageError` without one, `ModelError` for what cannot be taken."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise UsageError("this is not a file", where=str(path))
            if state.st_size > MOST_BYTES:
                raise ModelError(f"{state.st_size:,} bytes are more than datacc takes", where=path.name)
            data = file.read(MOST_BYTES)
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", where=str(path), tries=["check the name"]) from error
    return parse(data, dims, given, folder=path.parent)


def parse(
    data: bytes,
    dims: Mapping[str, int] = MappingProxyType({}),
    given: Mapping[str, Array] = MappingProxyType({}),
    *,
    folder: Path | None = None,
) -> Model:
    """The sound model in these bytes; external data lies in `folder`.

    `dims` sets symbolic dimensions by name, or by "input[axis]"; `given` makes constants of inputs. Raises
    `ModelError` that names the place.
    """
    try:
        proto = ModelProto.FromString(data)
    except DecodeError as error:
        raise ModelError("this is not an ONNX model, or it is cut off", tries=["export it again"]) from error
    opset = _opset(proto)
    calls = inlined(proto.functions, calls_of(proto.graph.node))
    if len(proto.graph.sparse_initializer):
        raise ModelError("sparse tensors are not taken", tries=["store them as plain initialisers"])
    constants = _constants(proto.graph.initializer, folder)
    inputs = _inputs(proto.graph.input, {*constants, *given}, dims)
    for name, array in given.items():
        constants[name] = array
    outputs = tuple(text_of(output.name) for output in proto.graph.output)
    model = Model(opset=opset, inputs=inputs, outputs=outputs, constants=constants, calls=calls)
    _check_names(model)
    return model


def _opset(proto: Any) -> int:
    versions = [entry.version for entry in proto.opset_import if entry.domain in ONNX_DOMAINS]
    if len(versions) != 1:
        raise ModelError("the file does not say which opset it is written in", tries=["export it again"])
    if not OLDEST <= versions[0] <= NEWEST:
        what = f"opset {versions[0]} is not among those that are read ({OLDEST} to {NEWEST})"
        raise ModelError(what, tries=["onnx.version_converter.convert_version(model, 17)"])
    return int(versions[0])


def _constants(tensors: Iterable[Any], folder: Path | None) -> dict[str, Array]:
    constants: dict[str, Array] = {}
    total = 0
    for tensor in tensors:
        if tensor.name in constants or not tensor.name:
            raise ModelError(f"two initialisers are called {shown(tensor.name)}, or one has no name")
        constants[tensor.name] = array_of(tensor, folder)
        total += constants[tensor.name].nbytes
        if total > MOST_CONSTANTS:
            raise ModelError(f"the initialisers hold more than {MOST_CONSTANTS:,} bytes")
    return constants


def _inputs(protos: Iterable[Any], constants: Iterable[str], dims: Mapping[str, int]) -> tuple[Value, ...]:
    """The inputs that are no constants, every dimension settled."""
    known = set(constants)
    values = [_value(proto) for proto in protos if proto.name not in known]
    batch = {axes[0] for _, _, axes in values if axes and isinstance(axes[0], str)}
    used = set()
    result = []
    for name, dtype, axes in values:
        shape = []
        for k, axis in enumerate(axes):
            used |= {key for key in (axis, f"{name}[{k}]") if key in dims}
            shape.append(_size(name, k, axis, dims, batch))
        if any(n < 1 for n in shape) or _product(shape) > LARGEST or len(shape) > MOST_AXES:
            raise ModelError(f"a shape of {str(tuple(shape))[:100]} is out of bounds", where=f"input {shown(name)}")
        result.append(Value(name=name, dtype=dtype, shape=tuple(shape)))
    unused = sorted(set(dims) - used)
    if unused:
        names = sorted({axis for _, _, axes in values for axis in axes if isinstance(axis, str) and axis})
        raise UsageError(f"no input has a dimension {unused[0]!r}", tries=[f"--dim {name}=…" for name in names[:3]])
    return tuple(result)


def _product(shape: Iterable[int]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


def _value(proto: Any) -> tuple[str, str, list[int | str]]:
    """Name, element type, and each dimension as a number or the name of one that is open."""
    where = f"input {shown(text_of(proto.name))}"
    if proto.type.WhichOneof("value") != "tensor_type":
        raise ModelError("it is no tensor", where=where, tries=["one tensor for each input"])
    tensor = proto.type.tensor_type
    if not tensor.HasField("shape"):
        raise ModelError("its shape is not said", where=where, tries=["export with fixed shapes"])
    axes: list[int | str] = []
    for dim in tensor.shape.dim:
        axes.append(int(dim.dim_value) if dim.HasField("dim_value") else text_of(dim.dim_param))
    return proto.name, dtype_of(tensor.elem_type, where), axes


def _size(name: str, axis: int, given: int | str, dims: Mapping[str, int], batch: set[str]) -> int:
    """The size of one axis: as the file says, as the caller says, and 1 for a batch that is left open."""
    asked = dims.get(f"{name}[{axis}]", dims.get(given) if isinstance(given, str) and given else None)
    if asked is not None:
        return asked
    if isinstance(given, int):
        return given
    if axis == 0 or (given and given in batch):
        return 1
    word = given or f"{name}[{axis}]"
    what = f"the size of axis {axis} is open ({shown(given)})"
    raise ModelError(what, where=f"input {shown(name)}", tries=[f"--dim '{word}=…'", "export with fixed shapes"])


def _check_names(model: Model) -> None:
    """Every name is given once, and before it is read: so there is no cycle."""
    seen = {value.name for value in model.inputs} | set(model.constants)
    if len({value.name for value in model.inputs}) != len(model.inputs) or not all(seen):
        raise ModelError("two inputs have one name, or one has none")
    for call in model.calls:
        for name in filter(None, call.inputs):
            call.demand(
                name in seen,
                f"it reads {shown(name)}, which nothing before it gives: a cycle, or an initialiser is missing",
            )
        for name in filter(None, call.outputs):
            call.demand(name not in seen, f"the name {shown(name)} is given twice")
            seen.add(name)
    if not model.outputs:
        raise ModelError("the model has no outputs")
    for name in model.outputs:
        if name not in seen:
            raise ModelError("nothing gives this output", where=f"output {shown(name)}")
    if len(set(model.outputs)) != len(model.outputs):
        raise ModelError("two outputs have one name")
