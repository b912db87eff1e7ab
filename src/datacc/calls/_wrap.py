"""A built program in the place of the function that it was made from. Free for any use: 0BSD."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any

from ._said import FORMS, Value, plain
from ._spool import PIECES, SHORTEST, Redact, Spool

Input = tuple[str, tuple[str, ...]]  # its type, "text", "record" or "image", and the columns that it is read from


class Wrapped:
    """Answers like the function where the program knows the answer; where not, what `fallback` says.

    `value` makes of a class, a number or a tuple of labels what callers get (itself, if left out). A share `shadow` of
    the calls asks the fallback, too, and gets its answer. With `inbox`, a folder, the inputs that were not known are
    kept there, and those on which the two disagreed, as `redact` leaves them, if an example can be made of them:
    pictures as a memoryview of the pixels that the program saw. `counts` says how often what happened, `refusal` why
    the program could not take the last call that it left to the fallback unasked.
    """

    def __init__(
        self, predict: Callable[..., Any], inputs: Sequence[Input], form: str, classes: Sequence[str], *,
        fallback: Callable[..., Any] | None = None, value: Value | None = None, shadow: float = 0.0,
        inbox: Any = None, redact: Redact | None = None, most_bytes: int = 10_000_000, most_days: float = 30.0,
        pictures: Mapping[str, Any] = MappingProxyType({}),  # the ports of those inputs
    ) -> None:  # fmt: skip
        if shadow and fallback is None:
            raise TypeError("shadow asks the fallback, too: which is it?")
        if not 0 <= shadow <= 1:
            raise ValueError(f"shadow is a share of the calls, from 0 to 1, not {shadow}")
        self._predict, self._inputs, self._fallback = predict, tuple(inputs), fallback
        self._said = FORMS[form](classes, value)
        self._shadow, self._draw = shadow, Random().random  # a generator of its own: yours goes on undisturbed
        least = PIECES * max((2 * one.width for one in pictures.values()), default=SHORTEST)  # pictures are in base64
        if inbox and most_bytes < least:
            raise ValueError(f"most_bytes={most_bytes} of an inbox has no room for a call; {least} has")
        texts = {column for kind, columns in inputs if kind == "text" for column in columns}
        self._spool = None
        if inbox:
            self._spool = Spool(inbox, most_bytes=most_bytes, most_days=most_days, redact=redact, texts=texts)
        self._taught = tuple(dict.fromkeys(column.partition("[")[0] for _, columns in inputs for column in columns))
        self._parameters = (_parameters(fallback) if fallback else {}) or dict.fromkeys(self._taught)
        self._pictures, self._called = dict(pictures), {}
        if len(self._taught) == 1 and self._taught[0] not in self._parameters:
            self._called = dict.fromkeys(list(self._parameters)[:1], self._taught[0])  # whatever it calls its own
        self._is_one_text = len(self._inputs) == 1 and self._inputs[0][0] == "text" and len(self._inputs[0][1]) == 1
        self.counts = {"asked": 0, "unknown": 0, "refused": 0, "compared": 0, "disagreed": 0}
        self.refusal = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The answer to these arguments. Raises what the fallback raises, and what the program does without one."""
        counts = self.counts
        counts["asked"] += 1
        try:
            if self._is_one_text and len(args) == 1 and type(args[0]) is str and not kwargs:
                answer = self._predict(args[0])
            else:
                answer = self._predict(*self._asked(args, kwargs))
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            if self._fallback is None:
                raise
            counts["refused"] += 1
            self.refusal = str(error)
            return self._fallback(*args, **kwargs)
        known = getattr(answer, "known", True)
        if known and (not self._shadow or self._draw() >= self._shadow):
            return self._said.given(answer)
        return self._compared(answer, known, args, kwargs)

    def _compared(self, answer: Any, known: bool, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What the fallback says, with what is worth keeping kept."""
        more = self._said.said(answer)
        self.counts["unknown"] += not known
        given = None if self._spool is None else self._kept(args, kwargs)  # before the fallback can change them
        told = None
        if self._fallback is not None:
            told = self._fallback(*args, **kwargs)
            more["answer"] = self._said.kept(told)
            agreed = self._said.agree(answer, more["answer"])
            self.counts["compared"] += 1
            self.counts["disagreed"] += known and not agreed
        if given is not None and self._spool is not None and (not known or not agreed):
            self._spool.put(given, "disagreed" if known else "unknown", **more)
        return told

    def _given(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that the program was taught, by name. Raises `TypeError` where others are given."""
        if len(args) > len(self._parameters):
            raise TypeError(f"{len(args)} arguments where {len(self._parameters)} are expected")
        given = {**dict(zip(self._parameters, args, strict=False)), **kwargs}
        given = {self._called.get(name, name): value for name, value in given.items()}
        strange = [name for name in given if name not in self._taught and given[name] != self._parameters.get(name)]
        if strange:
            raise TypeError(f"the program was taught nothing about {', '.join(strange)}")
        return {name: plain(given.get(name, self._parameters.get(name))) for name in self._taught}

    def _kept(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The same as they may be kept: lists and pictures are copies."""
        given = self._given(args, kwargs)
        copies = {name: list(value) for name, value in given.items() if isinstance(value, list)}
        return {**given, **copies, **{name: port.copied(given[name]) for name, port in self._pictures.items()}}

    def _asked(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        """The arguments as the program takes them: a text, or a mapping from columns, for each input."""
        cells: dict[str, Any] = {}
        for name, value in self._given(args, kwargs).items():
            if isinstance(value, (list, tuple)) and name not in self._pictures:
                cells.update({f"{name}[{i}]": item for i, item in enumerate(value)})
            else:
                cells[name] = value
        return [_read(cells, kind, columns) for kind, columns in self._inputs]


def _read(cells: Mapping[str, Any], kind: str, columns: tuple[str, ...]) -> Any:
    if kind == "record":
        return {column: cells[column] for column in columns}
    return cells[columns[0]] if len(columns) == 1 else "\n".join(cells[column] for column in columns)


def _parameters(fallback: Callable[..., Any]) -> dict[str, Any]:
    """Parameter → its default, None where it has none or where a builtin does not say."""
    try:
        known = inspect.signature(fallback).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {one.name: None if one.default is one.empty else one.default for one in known}
