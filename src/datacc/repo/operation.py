"""One operation on one example: what a line of a segment says, and what a row of a run stands for."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from datacc.errors import RepositoryError
from datacc.repo.identity import canonical_json
from datacc.store import digest

OPERATIONS: Final = ("add", "set", "unset", "delete", "verify", "flag", "resolve", "supersede")
WHOLE: Final = ""  # the field of operations on the example as a whole: add, delete, supersede

_ID_DIGITS: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
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


_KEYS: Final = ("op", "example", "field", "new", "old", "replaces", "about", "who", "when", "model", "confidence",
                "reason", "by")  # fmt: skip


def to_line(**values: Any) -> str:
    """The line, without its end, of an operation with these values; what is empty is left out."""
    return canonical_json({k: values[k] for k in _KEYS if values.get(k) not in (None, "", (), [])})


def parse_line(line: str, where: str) -> Operation:
    """The operation that a line says; its id is the digest of the line. Raises `RepositoryError` that names `where`."""
    try:
        values: Mapping[str, Any] = json.loads(line)
        operation = Operation(id=digest(line)[:_ID_DIGITS], **_typed(values))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RepositoryError(f"this is no operation: {error}", where=where, tries=["git log -- ops"]) from error
    if operation.op not in OPERATIONS:
        raise RepositoryError(f"unknown operation {operation.op!r}", where=where, tries=["update datacc"])
    return operation


def parse_lines(lines: Iterable[str], where: str) -> list[Operation]:
    """The operations of the lines of a segment."""
    return [parse_line(line, f"{where}:{number}") for number, line in enumerate(lines, 1) if line]


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    lists = {key: tuple(str(item) for item in values.get(key, ())) for key in ("replaces", "about")}
    for key in ("op", "example", "field", "who", "when"):
        if not isinstance(values.get(key, "" if key not in ("op", "example") else None), str):
            raise TypeError(f"{key} is not text")
    return {**{key: values[key] for key in _KEYS if key in values}, **lists}
