"""What differs in a wheel's module by what is answered: a label, several, a number, or arrays."""

from itertools import accumulate
from math import prod
from typing import Final

from datacc.spec.interface import Interface, Port
from datacc.targets._cells import reads_cells
from datacc.targets._parameters import known_of, output_of, parameters, windowed

_LABEL: Final = '''\
"""The class, its score, and the scores of all classes, which sum to 1."""

    label: str
    confidence: float
    scores: dict[str, float]'''
_NUMBER: Final = '''\
"""The number, and the interval around it."""

    value: float
    low: float
    high: float'''
_LABELS: Final = '''\
"""The labels that are given, and the probability of each."""

    labels: tuple[str, ...]
    scores: dict[str, float]'''
_KNOWN: Final = """
    known: bool  # False: too unsure to be relied on"""
_SAID: Final = ", bool(row[{known}])"


def answered(interface: Interface) -> dict[str, str]:
    """What differs in the module by what is answered."""
    output = output_of(interface)
    if output is None:
        return _arrays(interface)
    return {"label": _labelled, "labels": _several, "number": _number}[output.form](interface, output)


def _number(interface: Interface, number: Port) -> dict[str, str]:
    first = firsts(interface)
    taken = (f"row[{first[f'{number.name}{part}']}]" for part in ("", "_low", "_high"))
    return {
        "example": "answer.value, answer.low, answer.high" + _known(interface, number, ", answer.known"),
        "imports": _imports(interface),
        "exported": "",
        "classes": "",
        "answer": _NUMBER + _known(interface, number, _KNOWN),
        "taken": ", ".join(taken) + _known(interface, number, _SAID),
    }


def _several(interface: Interface, labels: Port) -> dict[str, str]:
    first, count = firsts(interface), len(labels.classes)
    given, scores = first[labels.name], first[f"{labels.name}_scores"]
    named = f"tuple(name for name, one in zip(LABELS, row[{given}:{given + count}]) if one)"
    return {
        "example": "answer.labels, answer.scores" + _known(interface, labels, ", answer.known"),
        "imports": _imports(interface),
        "exported": '"LABELS", ',
        "classes": f"\nLABELS: tuple[str, ...] = {tuple_of([ascii(text) for text in labels.classes])}\n",
        "answer": _LABELS + _known(interface, labels, _KNOWN),
        "taken": f"{named}, dict(zip(LABELS, row[{scores}:{scores + count}]))" + _known(interface, labels, _SAID),
    }


def _labelled(interface: Interface, label: Port) -> dict[str, str]:
    """What differs in the module of a program that answers one label."""
    first = firsts(interface)
    scores = first[f"{label.name}_scores"]
    taken = f"CLASSES[row[{first[label.name]}]]", f"row[{first[f'{label.name}_confidence']}]"
    said = _known(interface, label, _SAID)
    return {
        "example": "answer.label, answer.confidence, answer.scores" + _known(interface, label, ", answer.known"),
        "imports": _imports(interface),
        "exported": '"CLASSES", ',
        "classes": f"\nCLASSES: tuple[str, ...] = {tuple_of([ascii(text) for text in label.classes])}\n",
        "answer": _LABEL + _known(interface, label, _KNOWN),
        "taken": f"{', '.join(taken)}, dict(zip(CLASSES, row[{scores}:{scores + len(label.classes)}])){said}",
    }


def _known(interface: Interface, output: Port, text: str) -> str:
    """The text, with its place among the numbers, where the program says whether `output` is known; else nothing."""
    known = known_of(interface, output)
    return text.format(known=firsts(interface)[known.name]) if known else ""


def _arrays(interface: Interface) -> dict[str, str]:
    """What differs in the module of any other program."""
    first = firsts(interface)
    names = parameters(port.name for port in interface.answers)
    taken = (
        f'shaped("{port.dtype}", {port.shape!r}, row[{first[port.name]}:{first[port.name] + prod(port.shape)}])'
        for port in interface.answers
    )
    fields = "\n".join(
        f"    {name}: memoryview  # {port.dtype}, {times(port)}"
        for name, port in zip(names, interface.answers, strict=True)
    )
    return {
        "example": ", ".join(f"answer.{name}" for name in names),
        "imports": _imports(interface) + "\nfrom ._port import shaped",
        "exported": "",
        "classes": "",
        "answer": f'"""What the program computes: arrays as memoryviews, which NumPy takes as they are."""\n\n{fields}',
        "taken": ", ".join(taken),
    }


def _imports(interface: Interface) -> str:
    cells = "\nfrom ._cells import reader" if reads_cells(interface) else ""
    return cells + ("\nfrom ._windows import joined, windows" if windowed(interface) else "")


def firsts(interface: Interface) -> dict[str, int]:
    """Where the numbers of each answer begin among all."""
    firsts = accumulate((prod(port.shape) for port in interface.answers), initial=0)
    return {port.name: first for port, first in zip(interface.answers, firsts, strict=False)}


def times(port: Port) -> str:
    """The shape in words: 28 × 28 × 1."""
    return " × ".join(map(str, port.shape))


def tuple_of(items: list[str], indent: int = 0) -> str:
    """A tuple of these expressions, one a line."""
    inner, outer = " " * (indent + 4), " " * indent
    return "\n".join(["(", *(f"{inner}{item}," for item in items), f"{outer})"])
