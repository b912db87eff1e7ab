"""The Python module of a wheel: typed functions with the program's own names, and its class names as inert text."""

from math import prod
from typing import Final

from datacc.spec.cpus import cpu_named
from datacc.spec.interface import Interface, Port
from datacc.spec.names import check_name
from datacc.targets._answers import answered, firsts, times, tuple_of
from datacc.targets._cells import cells_of
from datacc.targets._parameters import arguments_of, known_of, label_of, output_of, shares, windowed

TAUGHT: Final = ("text", "record", "image")  # types of inputs that `wrap` knows what to do with
_MODULE: Final = '''\
"""{name}: a program built by datacc. Free for any use: 0BSD.

    import {name}
    answer = {name}.predict({arguments})
    {example}
{several}
{inputs}

    bound = {name}.bind()            # for speed: memory that stays
    bound.inputs, bound(), bound.answers

Values may be bytes, anything with a buffer (a NumPy array, an array.array, a memoryview) or nested lists of numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._call import Bound, Port, Program{imports}
from ._processor import demand_processor

if TYPE_CHECKING:{typed}
    from ._port import Rows, Values{wraps}

__all__ = [{exported}{widths}"Answer", "Bound", "bind", "predict", "predict_batch"{wrapped}]
{classes}
demand_processor("{name}", "{machine}", "{needs}")
{program}


class Answer(NamedTuple):
    {answer}


def predict({one}{width}) -> Answer:
    """The answer to one input. Raises TypeError or ValueError when it is not what the program takes."""
    return {one_answer}


def predict_batch({many}{width}) -> list[Answer]:
    """The answers to many inputs, in order: a list of them, or a buffer with rows along its first axis."""
    return {many_answers}


def bind({bound_width}) -> Bound:
    """One input and its answer in memory that stays: fill its `inputs`, call it, read its `answers`.

    Both map names to memoryviews ({names}). For one thread at a time.{stream}
    """
    return {chosen}.bind()

{wrap}
def _answer(row: tuple[Any, ...]) -> Answer:
    return Answer({taken})
'''

_PROGRAM: Final = """\
_PROGRAM = Program(
    "{name}",
    "{library}",
    inputs={input_ports},
    answers={answer_ports},{keeps}
)"""

_SEVERAL: Final = """
    {name}.predict({arguments}, width={narrowest})  # faster, a little less often right; WIDTHS has all
"""
_PROGRAMS: Final = """\
WIDTHS: tuple[float, ...] = {widths}

_INPUTS = {input_ports}
_ANSWERS = {answer_ports}
_PROGRAMS = {{
    width: Program("{name}", "{library}", _INPUTS, _ANSWERS, width=place) for place, width in enumerate(WIDTHS)
}}


def _at(width: float) -> Program:
    if width not in _PROGRAMS:
        raise ValueError(f"{name} has no width {{width!r}}; it has {shares}")
    return _PROGRAMS[width]"""

_WRAP: Final = """
def wrap(*, fallback: Callable[..., Any] | None = None, **options: Any) -> Wrapped:
    \"""A function of the same arguments that answers the {what}.

    Options: `value`, `shadow`, `inbox`, `redact`, `most_bytes`, `most_days`, as `Wrapped` says. Without them nothing is
    kept, nor asked twice.
    \"""
    from ._wrap import Wrapped  # here, so that who never asks for it does not wait for it

    return Wrapped(predict, {read}, "{form}", {classes}, fallback=fallback{pictures}, **options)

"""
_WRAPPED: Final = {"label": ("class", "CLASSES"), "labels": ("labels", "LABELS"), "number": ("number", "()")}
_WINDOWS: Final = """
def _whole(text: Values) -> Sequence[Any]:
    \"""The answer to one text, joined of those to its windows.\"""
    return joined(_PROGRAM.windows(text, windows), {label}, {confidence}, slice({first}, {end}))

"""
_WHOLE: Final = {
    "one_answer": "_answer(_whole({argument}))",
    "many_answers": """\
(
        [predict(text) for text in {argument}]
        if isinstance({argument}, (list, tuple))
        else [_answer(row) for row in _PROGRAM.many({argument})]
    )""",
}
_STREAM: Final = """
    Calls go on with one stream, each from where the one before ended; zeros in `state` begin another. `predict`
    begins a stream with every call, and `predict_batch` takes its inputs as one stream."""


def module(interface: Interface, library: str) -> str:
    """The text of `__init__.py` for the program whose shared library has this file name.

    A program that answers one label gives the class by name, one of several labels their names, one of a number the
    number and its interval; another one gives the arrays that it computes. Raises
    `SpecError` for a program whose name cannot be imported.
    """
    check_name(interface.name, module=True)
    cpu, names = cpu_named(interface.cpu), arguments_of(interface)
    return _MODULE.format(
        name=interface.name,
        arguments=", ".join(names),
        inputs="\n".join(map(_described, names, interface.inputs)),
        machine=cpu.machine,
        needs=" ".join(sorted(cpu.needs)),
        one=", ".join(f"{name}: Values" for name in names),
        many=", ".join(f"{name}: Rows" for name in names),
        names=", ".join(_shown(port.name) for port in (*interface.inputs, *interface.answers)),
        stream=_STREAM if interface.states else "",
        **(_each_width(interface, library, names) if interface.widths else _one_width(interface, library)),
        wrap=(_wrap(interface) if wraps(interface) else "") + _windows(interface),
        wrapped=', "wrap"' if wraps(interface) else "",
        typed=_typed(interface),
        wraps="\n    from ._wrap import Wrapped" if wraps(interface) else "",
        **answered(interface),
    )


def _typed(interface: Interface) -> str:
    """What type checkers alone need to know."""
    wanted = [name for name, is_wanted in (("Callable", wraps), ("Sequence", windowed)) if is_wanted(interface)]
    return f"\n    from collections.abc import {', '.join(wanted)}\n" if wanted else ""


def wraps(interface: Interface) -> bool:
    """Whether the program can stand in the place of a function: texts, records, pictures in, labels or a number out."""
    plain, output = all(port.type in TAUGHT for port in interface.inputs), output_of(interface)
    return plain and output is not None and not interface.states


def _wrap(interface: Interface) -> str:
    """The function `wrap`."""
    output = output_of(interface)
    assert output is not None
    what, classes = _WRAPPED[output.form]
    if output.form == "label" or known_of(interface, output) is not None:
        what += ", and what `fallback` says where it is not known"
    whole = "_at(WIDTHS[-1])" if interface.widths else "_PROGRAM"
    places = [(port.name, n) for n, port in enumerate(interface.inputs) if port.type == "image"]
    ports = ", ".join(f"{name!a}: {whole}.inputs[{n}]" for name, n in places)
    pictures = f", pictures={{{ports}}}" if ports else ""
    return _WRAP.format(read=_read(interface), what=what, form=output.form, classes=classes, pictures=pictures)


def _read(interface: Interface) -> str:
    """What each input is read from: its type and its columns."""
    named = [", ".join(map(ascii, port.columns)) for port in interface.inputs]
    read = [f'("{port.type}", ({of},))' for port, of in zip(interface.inputs, named, strict=True)]
    return f"({', '.join(read)},)"


def _one_width(interface: Interface, library: str) -> dict[str, str]:
    """What differs in the module of a program with its whole width alone."""
    program = _PROGRAM.format(
        name=interface.name,
        library=library,
        input_ports=tuple_of([_port(port) for port in interface.inputs], indent=4),
        answer_ports=tuple_of([_port(port) for port in interface.answers], indent=4),
        keeps="\n    keeps=True," if interface.states else "",
    )
    several = {"several": "", "widths": "", "program": program, "width": "", "bound_width": "", "chosen": "_PROGRAM"}
    return {**several, **_asked("_PROGRAM", interface)}


def _each_width(interface: Interface, library: str, names: list[str]) -> dict[str, str]:
    """What differs in the module of one with several widths."""
    program = _PROGRAMS.format(
        name=interface.name,
        library=library,
        widths=repr(interface.widths),
        input_ports=tuple_of([_port(port) for port in interface.inputs]),
        answer_ports=tuple_of([_port(port) for port in interface.answers]),
        shares=", ".join(shares(interface)),
    )
    told = {"name": interface.name, "arguments": ", ".join(names), "narrowest": shares(interface)[0]}
    return {
        "several": _SEVERAL.format(**told),
        "widths": '"WIDTHS", ',
        "program": program,
        "width": ", *, width: float = 1.0",
        "bound_width": "*, width: float = 1.0",
        "chosen": "_at(width)",
        **_asked("_at(width)", interface),
    }


def _asked(program: str, interface: Interface) -> dict[str, str]:
    """The expressions of one answer and of many."""
    names = arguments_of(interface)
    if windowed(interface):
        return {key: text.format(argument=names[0]) for key, text in _WHOLE.items()}
    arguments = ", ".join(names)
    many = f"[_answer(row) for row in {program}.many({arguments})]"
    return {"one_answer": f"_answer({program}.one({arguments}))", "many_answers": many}


def _windows(interface: Interface) -> str:
    """The function that joins the answers to windows, "" for a program without them."""
    label = label_of(interface)
    if label is None or not windowed(interface):
        return ""
    first = firsts(interface)
    at = {part: first[f"{label.name}_{part}"] for part in ("confidence", "scores")}
    end = at["scores"] + len(label.classes)
    return _WINDOWS.format(label=first[label.name], confidence=at["confidence"], first=at["scores"], end=end)


def _shown(name: str) -> str:
    """Any name as it may stand in a documentation string."""
    return ascii(name)[1:-1].replace('"', r"\"")


_LONGER: Final = {
    "cut": "the beginning of longer ones",
    "refuse": "no longer ones",
    "windows": "longer ones in windows, whose scores are averaged",
}


def _described(name: str, port: Port) -> str:
    if port.type == "text":
        more = _LONGER[port.options.get("longer", "cut")]
        return f"{name}: a str, or bytes of UTF-8, up to {prod(port.shape)} bytes in the composed form (NFC); {more}"
    if cells_of(port):
        return f"{name}: a mapping from column names to cells (numbers, strings, dates, None), or such cells in order"
    line = f"{name}: {port.dtype}, {times(port)}"
    return f"{line}; also a mapping from column names to numbers" if _columns(port) else line


def _columns(port: Port) -> tuple[str, ...]:
    """The names of a record's numbers."""
    return tuple(port.options["columns"]) if port.type == "record" else ()


def _port(port: Port) -> str:
    parts = [ascii(port.name), ascii(port.dtype), repr(port.shape)]
    columns = _columns(port)
    if columns:
        parts.append(f"({', '.join(map(ascii, columns))},)")
    if port.type == "text":
        parts.append(f'longer="{port.options.get("longer", "cut")}"')
    if cells := cells_of(port):
        readers = [
            f'reader("{kind}", ({"".join(f"{one!a}, " for one in values)}), {gaps})' for kind, values, gaps in cells
        ]
        parts.append(f"readers={tuple_of(readers, indent=8)}")
    return f"Port({', '.join(parts)})"
