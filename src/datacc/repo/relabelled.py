"""Examples that one row brought and one edit relabelled since: what most edits are of, told without a fold."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from datacc.repo.contents import Contents
from datacc.repo.merged import current, value_now
from datacc.repo.operation import Operation
from datacc.repo.schema import Schema


@dataclass(frozen=True, kw_only=True)
class Relabelled:
    """`said` in the segment `where`: the field of it had the value `old`, and has `said.new` now."""

    old: Any
    said: Operation
    where: str


def relabelled(contents: Contents, segments: Collection[str], before: Schema) -> dict[str, Relabelled]:
    """Example → what became of it, where one of these segments alone speaks of it, and sets another value than a row's.

    `before` is the schema by which the row's value counts.
    """
    told = {path: list(current(contents.schema, said)) for path, said in contents.said_in(segments).items()}
    once = contents.spoken_once([one.example for said in told.values() for one in said])
    edits = {one.example: (path, one) for path, said in told.items() for one in said if one.example in once}
    found: dict[str, Relabelled] = {}
    brought: set[str] = set()
    for run in contents.runs:
        now = {field: value_now(before, field) for field in run.values}
        for example, row in run.places(edits):
            path, one = edits[example]
            if example in brought:  # by another row too
                found.pop(example, None)
            elif one.op == "set" and one.field in now and one.replaces == (run.operation_id(row),):
                value = run.values[one.field][row]
                if value is not None:
                    found[example] = Relabelled(old=now[one.field](value), said=one, where=path)
            brought.add(example)
    return found
