"""The Python module of a wheel: typed functions with the program's own names, and its class names as inert text."""

from itertools import accumulate
from math import prod
from typing import Final

from datacc.errors import SpecError
from datacc.spec.cpus import cpu_named
from datacc.spec.interface import Interface, Port
from datacc.spec.names import check_name

_MODULE: Final = '''\
"""{name}: a program built by datacc from labelled examples. Free for any use: 0BSD.

    import {name}
    answer = {name}.predict({arguments})
    answer.label, answer.confidence, answer.scores

{inputs}

    bound = {name}.bind()            # for speed: memory that stays
    bound.inputs, bound(), bound.answers

Values may be bytes, anything with a buffer (a NumPy array, an array.array, a memoryview) or nested lists of numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._call import Bound, Port, Program, demand_processor

if TYPE_CHECKING:
    from ._port import Rows, Values

__all__ = ["CLASSES", "Answer", "Bound", "bind", "predict", "predict_batch"]

CLASSES: tuple[str, ...] = {classes}

demand_processor("{name}", "{machine}", "{needs}")
_PROGRAM = Program(
    "{name}",
    "{library}",
    inputs={input_ports},
    answers={answer_ports},{keeps}
)


class Answer(NamedTuple):
    """The class, its score, and the scores of all classes, which sum to 1."""

    label: str
    confidence: float
    scores: dict[str, float]


def predict({one}) -> Answer:
    """The answer to one input. Raises TypeError or ValueError when it is not what the program takes."""
    return _answer(_PROGRAM.one({arguments}))


def predict_batch({many}) -> list[Answer]:
    """The answers to many inputs, in order: a list of them, or a buffer with rows along its first axis."""
    return [_answer(row) for row in _PROGRAM.many({arguments})]


def bind() -> Bound:
    """One input and its answer in memory that stays: fill its `inputs`, call it, read its `answers`.

    Both map names to memoryviews ({names}). For one thread at a time.{stream}
    """
    return _PROGRAM.bind()


def _answer(row: tuple[Any, ...]) -> Answer:
    return Answer(CLASSES[row[{label}]], row[{confidence}], dict(zip(CLASSES, row[{scores}])))
'''

_STREAM: Final = """
    Calls go on with one stream, each from where the one before ended; zeros in `state` begin another. `predict`
    begins a stream with every call, and `predict_batch` takes its inputs as one stream."""


def module(interface: Interface, library: str) -> str:
    """The text of `__init__.py` for the program whose shared library has this file name.

    Raises `SpecError` unless the program answers one label and all names can stand in Python.
    """
    for name in (interface.name, *(port.name for port in interface.inputs)):
        check_name(name, module=name == interface.name)
    label = _label(interface)
    firsts = accumulate((prod(port.shape) for port in interface.answers), initial=0)
    positions = {port.name: first for port, first in zip(interface.answers, firsts, strict=False)}
    scores = positions[f"{label.name}_scores"]
    cpu = cpu_named(interface.cpu)
    names = [port.name for port in interface.inputs]
    return _MODULE.format(
        name=interface.name,
        arguments=", ".join(names),
        inputs="\n".join(_described(port) for port in interface.inputs),
        classes=_tuple([ascii(text) for text in label.classes]),
        machine=cpu.machine,
        needs=" ".join(sorted(cpu.needs)),
        library=library,
        input_ports=_tuple([_port(port) for port in interface.inputs], indent=4),
        answer_ports=_tuple([_port(port) for port in interface.answers], indent=4),
        keeps="\n    keeps=True," if interface.states else "",
        one=", ".join(f"{name}: Values" for name in names),
        many=", ".join(f"{name}: Rows" for name in names),
        label=positions[label.name],
        confidence=positions[f"{label.name}_confidence"],
        scores=f"{scores}:{scores + len(label.classes)}",
        names=", ".join([*names, *positions]),
        stream=_STREAM if interface.states else "",
    )


def _label(interface: Interface) -> Port:
    labels = [port for port in interface.answers if port.classes]
    names = {port.name for port in interface.answers}
    if len(labels) != 1 or names != {labels[0].name + part for part in ("", "_confidence", "_scores")}:
        raise SpecError("a wheel is made of programs that answer one label", tries=['make = ["c", "library"]'])
    return labels[0]


def _described(port: Port) -> str:
    line = f"{port.name}: {port.dtype}, {' × '.join(map(str, port.shape))}"
    return f"{line}; also a mapping from column names to numbers" if _columns(port) else line


def _columns(port: Port) -> tuple[str, ...]:
    """The names of a record's numbers."""
    return tuple(port.options["columns"]) if port.type == "record" else ()


def _port(port: Port) -> str:
    parts = [ascii(port.name), ascii(port.dtype), repr(port.shape)]
    columns = _columns(port)
    if columns:
        parts.append(f"({', '.join(map(ascii, columns))},)")
    return f"Port({', '.join(parts)})"


def _tuple(items: list[str], indent: int = 0) -> str:
    """A tuple of these expressions, one a line."""
    inner, outer = " " * (indent + 4), " " * indent
    return "\n".join(["(", *(f"{inner}{item}," for item in items), f"{outer})"])
