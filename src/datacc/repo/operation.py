"""One operation on one example: what a line of a segment says, and what a row of a run stands for."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from datacc.errors import RepositoryError
from datacc.repo.identity import canonical_json
from datacc.repo.words import repairs
from datacc.store import digest

OPERATIONS: Final = ("add", "set", "unset", "delete", "verify", "flag", "resolve", "supersede")
_KNOWN: Final = frozenset(OPERATIONS)
WHOLE: Final = ""  # the field of operations on the example as a whole: add, delete, supersede

_ID_DIGITS: Final = 16
_EXAMPLE: Final = re.compile("[0-9a-f]{32}")
_OF_WHOLE: Final = ("add", "delete", "supersede")
_OF_FIELD: Final = ("set", "unset", "resolve")
_REMEMBERED: Final = 1 << 14  # lines, which one command reads several times


class Operation(NamedTuple):
    """`op` on the `field` (a column id, or WHOLE) of an `example`.

    `replaces` are the ids of the operations that it overwrites, `about` of those that it speaks of (verify, flag).
    `new` and `old` are JSON values. `who` is "Name <address>", `when` UTC in ISO 8601; a machine's operation also
    says which `model` with what `confidence`. `reason` is free text, `by` the example that supersedes this one.
    """

    id: str
    op: str
    example: str
    field: str = WHOLE
    new: Any = None
    old: Any = None
    replaces: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    who: str = ""
    when: str = ""
    model: str | None = None
    confidence: float | None = None
    reason: str | None = None
    by: str | None = None


_KEYS: Final = Operation._fields[1:]
_VALUES: Final = ("new", "old")
_EMPTY: Final[tuple[Any, ...]] = (None, "", (), [])
_EMPTY_VALUE: Final[tuple[Any, ...]] = (None, "")
_read: Final = json.JSONDecoder().decode


def to_line(**values: Any) -> str:
    """The line, without its end, of an operation with these values; what is empty is left out, but an empty list that
    is a value."""
    return canonical_json(
        {k: values[k] for k in _KEYS if values.get(k) not in (_EMPTY_VALUE if k in _VALUES else _EMPTY)}
    )


def parse_line(line: str, where: str) -> Operation:
    """The operation that a line says; its id is the digest of the line. Raises `RepositoryError` that names `where`."""
    try:
        operation = _parsed(line)
    except json.JSONDecodeError as error:
        raise _nonsense(f"{error.msg} at column {error.colno}", where) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _nonsense(str(error), where) from error
    if operation.op not in OPERATIONS:
        raise RepositoryError(f"unknown operation {operation.op!r}", where=where, tries=["update datacc"])
    return operation


def _nonsense(what: str, where: str) -> RepositoryError:
    file = where.rpartition(":")[0]
    tries = repairs(file) if file.startswith("ops/") else ["move .datacc/journal away and say again what waits there"]
    return RepositoryError(f"this is no operation: {what}", where=where, tries=tries)


@lru_cache(_REMEMBERED)
def _parsed(line: str) -> Operation:
    said: dict[str, Any] = _read(line)
    get = said.get
    operation = Operation(
        digest(line)[:_ID_DIGITS],
        said["op"],
        said["example"],
        get("field", WHOLE),
        get("new"),
        get("old"),
        tuple(get("replaces", ())),
        tuple(get("about", ())),
        get("who", ""),
        get("when", ""),
        get("model"),
        get("confidence"),
        get("reason"),
        get("by"),
    )
    if not type(get("replaces", [])) is type(get("about", [])) is list:
        raise TypeError("replaces and about are lists of ids")
    _refuse_nonsense(operation)
    return operation


def _refuse_nonsense(said: Operation) -> None:
    """Raises `ValueError` where a value is of another kind than the format says."""
    texts = (said.op, said.example, said.field, said.who, said.when, *said.replaces, *said.about)
    perhaps = (said.model, said.reason, said.by)
    if {*map(type, texts)} != {str} or not {*map(type, perhaps)} <= {str, type(None)}:
        raise ValueError("all values are texts but new, old, confidence, replaces and about")
    if not _EXAMPLE.fullmatch(said.example):
        raise ValueError(f"{said.example[:40]!r} is no id of an example")
    if said.when and datetime.fromisoformat(said.when).tzinfo is None:
        raise ValueError(f"{said.when!r} has no time zone")
    if said.op in (_OF_WHOLE if said.field else _OF_FIELD):
        raise ValueError(f"{said.op} is of {'the example as a whole' if said.field else 'a field'}")
    if said.confidence is not None and not (type(said.confidence) in (int, float) and 0 <= said.confidence <= 1):
        raise ValueError(f"a confidence is a number from 0 to 1, not {said.confidence!r}")


def parse_lines(lines: Sequence[str], where: str) -> list[Operation]:
    """The operations of the lines of a segment."""
    with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):  # told below, with the line
        found = list(map(_parsed, filter(None, lines)))
        if {one.op for one in found} <= _KNOWN:
            return found
    return [parse_line(line, f"{where}:{number}") for number, line in enumerate(lines, 1) if line]
