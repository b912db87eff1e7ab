"""Reads the `[[check]]` tables of `datacc.toml`: the key that a kind is called by tells it, and it reads the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

from datacc import registry
from datacc.spec.program import Check, Field
from datacc.spec.table import Table

SHARED: Final = ("class", "where", "at_least")


def read_checks(tables: Sequence[Table], inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> tuple[Check, ...]:
    """The checks in `tables`, of a program with these inputs and outputs.

    Raises `SpecError` for what its kind does not know or cannot look at, and for two that cannot both hold.
    """
    checks = tuple(_check(table, inputs, outputs) for table in tables)
    for (n, one), (_, other) in combinations(reversed(list(enumerate(checks))), 2):
        why = registry.load("checks", one.kind).contradicts(one, other) if one.kind == other.kind else ""
        if why:
            raise tables[n].error(
                f"no program can pass this check and that of line {other.line}: {why}", one.kind, ["take one out"]
            )
    return checks


def measures(output: Field) -> list[str]:
    """The metrics of all examples that measure this output, by name."""
    members = {name: registry.load("goals", name) for name in registry.names("goals")}
    return [
        name
        for name, one in members.items()
        if output.form in one.forms and not one.needs_class and output.abstains >= one.needs_known
    ]


def read_where(table: Table) -> Mapping[str, Any]:
    """The slice that a check is about: column → the value it must equal."""
    where = table.table("where")
    for column, value in where.values.items():
        if not isinstance(value, str | int | float | bool):
            raise table.error(f"where.{column} must be one value that the column should equal", "where")
    return where.values


def read_input(table: Table, inputs: tuple[Field, ...], kind: str, what: str, others: Sequence[str] = ()) -> Field:
    """The input of the value type `kind` that a check is about: the one called `input`, else the only one.

    `what` begins the message when there is none, `others` are what to try then. Raises `SpecError`.
    """
    by_name = {field.name: field for field in inputs}
    fitting = [field.name for field in inputs if field.type == kind]
    tries = [f'input = "{name}"' for name in fitting]
    name = table.find("input", str)
    if name is None and len(fitting) == 1:
        return by_name[fitting[0]]
    if name is None and fitting:
        raise table.error(f"{what} {_a(kind)}; which input?", tries=tries)
    if name is not None and name not in by_name:
        raise table.error(f"there is no input {name!r}", "input", tries or [", ".join(by_name)])
    wrong = by_name[name] if name is not None else inputs[0]
    if wrong.type != kind:
        key = None if name is None else "input"
        raise table.error(f"{what} {_a(kind)}, and {wrong.name!r} is {_a(wrong.type)}", key, tries or others)
    return wrong


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _check(table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
    kinds = registry.names("checks")
    named = [key for key in table.values if key in kinds]
    if not named:
        table.known([*kinds, *SHARED])
        raise table.error("a check says what it looks at", tries=['metric = "recall"', "or " + ", ".join(kinds)])
    if len(named) > 1:
        what = f"a check is of one kind; this one is {' and '.join(named)}"
        raise table.error(what, named[1], ["a [[check]] for each"])
    kind = registry.load("checks", named[0])
    check: Check = kind.read(table, inputs, outputs)
    return replace(check, kind=named[0], line=table.line())
