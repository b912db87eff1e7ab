"""Layers of one form share one function, which takes their weights as arguments: less to read, to compile, to cache."""

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from datacc.emit.piece import C_TYPES
from datacc.emit.text import comment
from datacc.emit.walk import wrapped
from datacc.frozen import frozen

_FUNCTION = re.compile(
    r"(?P<note>/\*.*?\*/\n)STEP void (?P<name>\w+)\((?P<declared>[^)]*)\)\n(?P<body>\{.*\})", re.DOTALL
)


@frozen
class Call:
    """How a step is called: by the name of which function, with which weights behind its other arguments."""

    name: str
    weights: tuple[str, ...] = ()
    remark: str = ""


def share(
    functions: Mapping[str, str], nodes: Mapping[str, str], weights: Mapping[str, NDArray[Any]]
) -> tuple[list[str], dict[str, Call]]:
    """The texts that are left of `functions` (name → text), and how each step is called from now on.

    Functions that differ in nothing but the weights that they name become one. `nodes` says what each one computes,
    for comments; functions that are no single one of the usual form stay as they are.
    """
    groups: dict[object, list[str]] = {}
    used = {name: _weights(text, weights) for name, text in functions.items()}
    for name, text in functions.items():
        groups.setdefault(_form(name, text, used[name], weights), []).append(name)
    calls = {name: Call(name=name) for name in functions}
    texts = dict(functions)
    for names in groups.values():
        first = names[0]
        if len(names) == 1 or not used[first]:
            continue
        texts[first] = _common(functions[first], used[first], [nodes[name] for name in names], weights)
        for name in names:
            remark = comment(nodes[name], 40) if name != first else ""
            calls[name] = Call(name=first, weights=tuple(used[name]), remark=remark)
            if name != first:
                del texts[name]
    return list(texts.values()), calls


def _weights(text: str, weights: Mapping[str, NDArray[Any]]) -> list[str]:
    """The weights that a function names, in the order in which it does."""
    return list(dict.fromkeys(word for word in re.findall(r"\w+", text) if word in weights))


def _form(name: str, text: str, used: list[str], weights: Mapping[str, NDArray[Any]]) -> object:
    """What functions that can be one have in common."""
    found = _FUNCTION.fullmatch(text)
    if found is None:
        return name
    numbers = {word: f"weight {i}" for i, word in enumerate(used)}
    body = re.sub(r"\w+", lambda word: numbers.get(word[0], word[0]), found["body"])
    return found["declared"], body, tuple(weights[word].dtype.name for word in used)


def _common(text: str, used: list[str], nodes: list[str], weights: Mapping[str, NDArray[Any]]) -> str:
    """The function of all layers of one form: that of the first, with weights for parameters."""
    found = _FUNCTION.fullmatch(text)
    assert found is not None  # whatever shares a form has one
    names = {word: _parameter(word.partition("_")[2], text) for word in used}
    declared = [*re.split(r",\s*", found["declared"]), *_declared(names, weights)]
    body = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), found["body"])
    others = comment(", ".join(nodes[1:]), 80)
    note = f"{found['note']}/* The same, by their own weights: {others}. */\n"
    return note + "\n".join(wrapped(f"STEP void {found['name']}", declared, ")")) + "\n" + body


def _parameter(name: str, text: str) -> str:
    """A name that the function does not use yet."""
    while re.search(rf"\b{name}\b", text):
        name = f"all_{name}"
    return name


def _declared(names: Mapping[str, str], weights: Mapping[str, NDArray[Any]]) -> list[str]:
    return [f"const {C_TYPES[weights[word].dtype.name]} *restrict {name}" for word, name in names.items()]
