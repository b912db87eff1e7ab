"""Arguments and answers in plain forms: what JSON can hold and a program can be taught."""

import json
import math
import sys
from collections.abc import Iterable, Sequence, Set
from enum import Enum
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any, Final, Literal

SEMICOLON: Final = ";"  # between labels in a cell of a table
LONGEST: Final = 10_000  # characters of an answer; a class has two hundred bytes
Form = Literal["text", "json", "number", "labels"]


class NotPlain(TypeError):
    """A value that has no plain form."""


def plain(value: Any) -> Any:
    """A text, number, truth, nothing, or a list of numbers; a member of an enumeration by its name.

    Raises `NotPlain` for anything else, and for numbers that are not finite.
    """
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > sys.float_info.max:
            raise NotPlain("an integer beyond all doubles is no finite number")
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        raise NotPlain(f"{value} is no finite number")
    if isinstance(value, list | tuple) and value and all(type(item) in (int, float) for item in value):
        return [plain(item) for item in value]
    raise NotPlain(f"{type(value).__name__} is neither text, number, truth nor a list of numbers")


def without_halves(value: Any) -> Any:
    """The same, with U+FFFD for each half of a surrogate pair in a text: no file holds one."""
    return (
        value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(value, str) else value
    )


def answered(value: Any) -> Any:
    """An answer in its plain form: what `plain` takes, or a collection of texts, each once: several labels.

    They keep the order of a list or tuple; a set has none, and is sorted. Raises `NotPlain` for anything else, and for
    texts that name no class: far too long, or with half a character, which no file can hold.
    """
    found = _collected(value) if isinstance(value, list | tuple | Set) else plain(value)
    size = len(found) if isinstance(found, str) else sum(map(len, found)) if is_several(found) else 0
    if size > LONGEST:
        raise NotPlain(f"a text of {size:,} characters names no class")
    for text in [found] if isinstance(found, str) else found if is_several(found) else []:
        if without_halves(text) != text:
            raise NotPlain(f"{text!r} has half a character, and names no class")
    return found


def _collected(value: Sequence[Any] | Set[Any]) -> Any:
    names = [plain(one) if isinstance(one, str | Enum) else None for one in value]
    if None in names:
        return plain(value)
    return sorted(set(names)) if isinstance(value, Set) else list(dict.fromkeys(names))


def is_several(answer: Any) -> bool:
    """Whether an answer (in its plain form) is a list of labels."""
    return isinstance(answer, list) and all(isinstance(one, str) for one in answer)


def alike(one: Any, other: Any) -> bool:
    """Whether two answers (in their plain forms) say the same: several labels do in any order."""
    if is_several(one) and is_several(other):
        return sorted(one) == sorted(other)
    return bool(one == other)


def order_of(answers: Sequence[Any]) -> tuple[str, ...]:
    """All labels in an order that every answer keeps; none where two answers contradict each other."""
    after: dict[str, set[str]] = {}
    for names in filter(is_several, answers):
        for before, name in pairwise(names):
            after.setdefault(name, set()).add(before)
    names = sorted(names_of(answers))
    try:
        return tuple(TopologicalSorter({name: sorted(after.get(name, ())) for name in names}).static_order())
    except CycleError:
        return ()


def in_a_cell(names: Sequence[str]) -> str:
    """Several labels in one cell of a table. None of them is no blank cell, which would mean that nobody said."""
    return SEMICOLON.join(names) or SEMICOLON


def form_of(answers: Sequence[Any]) -> Form:
    """How answers name classes: several labels, where one is a list of texts and the others are such lists, single
    texts or None; as they are, where all are texts that may be names; else as JSON."""
    several = any(one and is_several(one) for one in answers)
    if several and all(one is None or isinstance(one, str) or is_several(one) for one in answers):
        return "labels"
    return "text" if all(isinstance(one, str) and _is_name(one) for one in answers) else "json"


def names_of(answers: Iterable[Any]) -> set[str]:
    """The labels in answers of the form "labels"."""
    return {name for one in answers for name in ([one] if isinstance(one, str) else one or ())}


def _is_name(text: str) -> bool:
    return bool(text) and text == text.strip() and text.isprintable()


def is_number(answer: Any) -> bool:
    """Whether an answer is a number; a truth is none."""
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def label_of(answer: Any, form: Form) -> str | float | list[str]:
    """The name of the class that an answer (in its plain form) is; in the form "number" itself, of "labels" all names.

    Raises `NotPlain` for what is no number then, or names no labels.
    """
    if form == "labels":
        if not (answer is None or isinstance(answer, str) or is_several(answer)):
            raise NotPlain(f"{answer!r} is no list of labels")
        names = sorted(names_of([answer]))
        wrong = [name for name in names if not _is_name(name) or SEMICOLON in name]
        if wrong:
            raise NotPlain(f"{wrong[0]!r} can be no label, beside others in a cell")
        return names
    if form == "number":
        if not is_number(answer):
            raise NotPlain(f"{answer!r} is no number")
        return float(answer)
    return answer if form == "text" and isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
