"""Merged classes, resolved on read: what was said of an old class is said of the one that it was merged into."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from datacc.repo.operation import Operation
from datacc.repo.schema import Schema


def current(schema: Schema, operations: Iterable[Operation]) -> Iterator[Operation]:
    """The operations, ids and all, with the classes that their values stand for now. No file is rewritten for it."""
    into = {(c.id, old): c.current(old) for c in schema.of("output") for old, _ in c.merged}
    if not into:
        yield from operations
        return

    def now(field: str, value: Any) -> Any:
        return _each(lambda one: into.get((field, one), one), value)

    for one in operations:
        field = one.field.split("@")[0]
        new, old = now(field, one.new), now(field, one.old)
        yield one if (new, old) == (one.new, one.old) else one._replace(new=new, old=old)


def value_now(schema: Schema, field: str) -> Callable[[Any], Any]:
    """What a value of an output stands for now."""
    column = schema.output(field)
    into = {old: column.current(old) for old, _ in column.merged} if column is not None else {}
    return lambda value: _each(lambda one: into.get(one, one), value)


def _each(now: Callable[[str], str], value: Any) -> Any:
    """A class, or every class of a list, as it is now; a number stays."""
    if isinstance(value, list):
        return sorted({now(one) for one in value if isinstance(one, str)})
    return now(value) if isinstance(value, str) else value
