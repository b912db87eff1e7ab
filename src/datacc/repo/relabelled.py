"""Examples that one row brought and one edit relabelled since: what most edits are of, told without a fold."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from datacc.repo.coded import NONE
from datacc.repo.contents import Contents
from datacc.repo.merged import current, value_now
from datacc.repo.operation import Operation
from datacc.repo.schema import Schema


class Relabelled(NamedTuple):
    """`said` in the segment `where`: the field of it had the value `old`, and has `said.new` now."""

    old: Any
    said: Operation
    where: str


def relabelled(contents: Contents, told: Mapping[str, Sequence[Operation]], before: Schema) -> dict[str, Relabelled]:
    """Example → what became of it, where one of these segments alone speaks of it, and sets another value than a row's.

    `told`: segment → what it says; `before` is the schema by which the row's value counts.
    """
    once = contents.spoken_once([one.example for said in told.values() for one in said])
    edits = {
        one.example: (path, one) for path, said in told.items() for one in current(contents.schema, said)
        if one.example in once
    }  # fmt: skip
    found: dict[str, Relabelled] = {}
    brought: set[str] = set()
    for run in contents.runs:
        now = {field: value_now(before, field) for field in run.values}
        values = {field: [now[field](word) for word in column.words] for field, column in run.values.items()}
        rows = list(run.places(edits))
        numbers = [row for _, row in rows]
        codes = {field: column.codes[numbers].tolist() for field, column in run.values.items()}
        for at, ((example, _), id) in enumerate(zip(rows, run.operation_ids(numbers), strict=True)):
            path, one = edits[example]
            if example in brought:  # by another row too
                found.pop(example, None)
            elif one.op == "set" and one.field in codes and one.replaces == (id,):
                code = codes[one.field][at]
                if code != NONE:
                    found[example] = Relabelled(values[one.field][code], one, path)
            brought.add(example)
    return found
