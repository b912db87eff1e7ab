"""What packages call a program's inputs and answers: words that every language can carry, whatever the names are."""

from collections.abc import Iterable

from datacc.spec.interface import Interface, Port
from datacc.spec.names import identifier


def parameters(names: Iterable[str]) -> list[str]:
    """A word of its own for every name: the name itself where it is one (models from elsewhere have any names)."""
    taken: list[str] = []
    for name in names:
        base = word = identifier(name, fallback="value")
        serial = 2
        while word in taken:
            word, serial = f"{base}_{serial}", serial + 1
        taken.append(word)
    return taken


def label_of(interface: Interface) -> Port | None:
    """The one label that the program answers, with confidence and scores, if that is all it does."""
    labels = [port for port in interface.answers if port.classes]
    wanted = {labels[0].name + part for part in ("", "_confidence", "_scores")} if len(labels) == 1 else set()
    return labels[0] if wanted == {port.name for port in interface.answers} else None
