"""Arguments and answers in plain forms: what JSON can hold and a program can be taught."""

import json
import math
from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal

Form = Literal["text", "json", "number"]


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
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, list | tuple) and value and all(type(item) in (int, float) for item in value):
        return [plain(item) for item in value]
    raise NotPlain(f"{type(value).__name__} is neither text, number, truth nor a list of numbers")


def form_of(answers: Iterable[Any]) -> Form:
    """How answers name classes: as they are, where all are texts that may be names, else as JSON."""
    fine = all(isinstance(one, str) and one and one == one.strip() and one.isprintable() for one in answers)
    return "text" if fine else "json"


def is_number(answer: Any) -> bool:
    """Whether an answer is a number; a truth is none."""
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def label_of(answer: Any, form: Form) -> str | float:
    """The name of the class that an answer (in its plain form) is; in the form "number" itself.

    Raises `NotPlain` for what is no number then.
    """
    if form == "number":
        if not is_number(answer):
            raise NotPlain(f"{answer!r} is no number")
        return float(answer)
    return answer if form == "text" and isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
