"""One operation on one example: what a line of a segment says, and what a row of a run stands for."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from datacc.errors import RepositoryError
from datacc.repo.identity import canonical_json
from datacc.store import digest

OPERATIONS: Final = ("add", "set", "unset", "delete", "verify", "flag", "resolve", "supersede")
WHOLE: Final = ""  # the field of operations on the example as a whole: add, delete, supersede

_ID_DIGITS: Final = 16
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
_read: Final = json.JSONDecoder().decode


def to_line(**values: Any) -> str:
    """The line, without its end, of an operation with these values; what is empty is left out."""
    return canonical_json({k: values[k] for k in _KEYS if values.get(k) not in (None, "", (), [])})


def parse_line(line: str, where: str) -> Operation:
    """The operation that a line says; its id is the digest of the line. Raises `RepositoryError` that names `where`."""
    try:
        operation = _parsed(line)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RepositoryError(f"this is no operation: {error}", where=where, tries=["git log -- ops"]) from error
    if operation.op not in OPERATIONS:
        raise RepositoryError(f"unknown operation {operation.op!r}", where=where, tries=["update datacc"])
    return operation


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
        tuple(map(str, get("replaces", ()))),
        tuple(map(str, get("about", ()))),
        get("who", ""),
        get("when", ""),
        get("model"),
        get("confidence"),
        get("reason"),
        get("by"),
    )
    _, op, example, field, *_, who, when, _, _, _, _ = operation
    if not (type(op) is type(example) is type(field) is type(who) is type(when) is str):
        raise TypeError("op, example, field, who and when are texts")
    return operation


def parse_lines(lines: Iterable[str], where: str) -> list[Operation]:
    """The operations of the lines of a segment."""
    return [parse_line(line, f"{where}:{number}") for number, line in enumerate(lines, 1) if line]
