"""What packages call a program's inputs and answers: words that every language can carry, whatever the names are."""

from collections.abc import Iterable

from datacc.spec.interface import KNOWN, PARTS, Interface, Port
from datacc.spec.names import identifier


def parameters(names: Iterable[str], others: Iterable[str] = ()) -> list[str]:
    """A word of its own for every name: the name itself where it is one (models from elsewhere have any names).

    None of them is one of the `others`.
    """
    taken = [*others]
    first = len(taken)
    for name in names:
        base = word = identifier(name, fallback="value")
        serial = 2
        while word in taken:
            word, serial = f"{base}_{serial}", serial + 1
        taken.append(word)
    return taken[first:]


def arguments_of(interface: Interface) -> list[str]:
    """The parameters of the program's functions for its inputs; `width` is one more where it has several."""
    return parameters((port.name for port in interface.inputs), ["width"] if interface.widths else [])


def shares(interface: Interface) -> list[str]:
    """The program's widths in decimal digits, ascending."""
    return [repr(width).removesuffix(".0") for width in interface.widths]


def output_of(interface: Interface) -> Port | None:
    """The one output that the program answers, with its parts, if that is all."""
    outputs = [port for port in interface.answers if port.form in PARTS]
    if len(outputs) != 1:
        return None
    [output] = outputs
    parts = {output.name, *(f"{output.name}_{part}" for part in PARTS[output.form])}
    found = {port.name for port in interface.answers}
    return output if parts - {f"{output.name}_{KNOWN}"} <= found <= parts else None


def label_of(interface: Interface) -> Port | None:
    """The one label that the program answers, with confidence, scores and perhaps what is known, if that is all."""
    output = output_of(interface)
    return output if output is not None and output.form == "label" else None


def known_of(interface: Interface, output: Port) -> Port | None:
    """The answer that says whether `output` is known, None in a program that does not abstain."""
    return next((port for port in interface.answers if port.name == f"{output.name}_{KNOWN}"), None)


def windowed(interface: Interface) -> bool:
    """Whether texts that are longer than the program takes are asked in windows."""
    return any(port.options.get("longer") == "windows" for port in interface.inputs)
