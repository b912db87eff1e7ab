"""What a program said beside what a function said: a class, several labels, a number. Free for any use: 0BSD."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

Value = Callable[[Any], Any]


class Label:
    """A class; `value` makes of its name what callers get."""

    def __init__(self, classes: Sequence[str], value: Value | None) -> None:
        self._values = {name: value(name) if value else name for name in classes}

    def given(self, answer: Any) -> Any:
        """What callers get of an answer."""
        return self._values[answer.label]

    def said(self, answer: Any) -> dict[str, Any]:
        """What the program said, and how sure it was."""
        return {"said": answer.label, "confidence": round(answer.confidence, 6)}

    def kept(self, told: Any) -> Any:
        """What the function said, as JSON has it: the class, in words where the program has no such class."""
        for name, value in self._values.items():
            if type(value) is type(told) and value == told:
                return name
        return named(told)

    def agree(self, answer: Any, kept: Any) -> bool:
        """Whether both said the same."""
        return bool(kept == answer.label)


class Labels:
    """Any of several labels, in any order; `value` makes of the tuple of their names what callers get."""

    def __init__(self, classes: Sequence[str], value: Value | None) -> None:
        self._value = value

    def given(self, answer: Any) -> Any:
        """What callers get of an answer."""
        return answer.labels if self._value is None else self._value(answer.labels)

    def said(self, answer: Any) -> dict[str, Any]:
        """What the program said, and how sure it was of the least sure label."""
        least = min((abs(score - 0.5) for score in answer.scores.values()), default=0.5)
        return {"said": sorted(answer.labels), "confidence": round(0.5 + least, 6)}

    def kept(self, told: Any) -> Any:
        """The names of the labels that the function gave; None, and a text alone, are no and one label."""
        if told is None or isinstance(told, (str, Enum)) or not isinstance(told, Iterable):
            return [] if told is None else [named(told)]
        return sorted({named(one) for one in told})

    def agree(self, answer: Any, kept: Any) -> bool:
        """Whether both gave the same labels."""
        return bool(kept == sorted(answer.labels))


class Number:
    """A number with its interval; `value` makes of it what callers get."""

    def __init__(self, classes: Sequence[str], value: Value | None) -> None:
        self._value = value

    def given(self, answer: Any) -> Any:
        """What callers get of an answer."""
        return answer.value if self._value is None else self._value(answer.value)

    def said(self, answer: Any) -> dict[str, Any]:
        """What the program said."""
        return {"said": answer.value}

    def kept(self, told: Any) -> Any:
        """What the function said."""
        return told

    def agree(self, answer: Any, kept: Any) -> bool:
        """Whether the function's number is within the program's interval."""
        return isinstance(kept, (int, float)) and bool(answer.low <= kept <= answer.high)


FORMS: dict[str, type[Label] | type[Labels] | type[Number]] = {"label": Label, "labels": Labels, "number": Number}


def plain(value: Any) -> Any:
    """A member of an enumeration is its name."""
    return value.name if isinstance(value, Enum) else value


def named(told: Any) -> str:
    """A text or a member of an enumeration by its name, anything else as JSON."""
    told = plain(told)
    return told if isinstance(told, str) else json.dumps(told, default=str)
