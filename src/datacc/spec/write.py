"""Writes a `Program` as the `datacc.toml` that a person would have written."""

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from datacc.spec import units
from datacc.spec.program import Budget, Check, Field, Origin, Program, Target


def program_toml(program: Program) -> str:
    """The text of a `datacc.toml` that `read_program` reads back as an equal program; defaults are left out."""
    document = tomlkit.document()
    document.add("name", tomlkit.item(program.name))
    if program.skeleton is not None:
        document.add("skeleton", tomlkit.item(program.skeleton))
    if program.seed:
        document.add("seed", tomlkit.item(program.seed))
    if program.widths:
        document.add("widths", tomlkit.item(list(program.widths)))
    if program.source != Origin():
        document.add("source", _table({"type": program.source.type, **program.source.options}))
    document.add("input", _fields(program.inputs))
    document.add("output", _fields(program.outputs))
    if program.goals:
        document.add("goal", _table({goal.metric: goal.limit for goal in program.goals}))
    if program.checks:
        document.add("check", AoT([_table(_check(check)) for check in program.checks]))
    if program.budget != Budget():
        document.add("budget", _table(_budget(program.budget)))
    if program.target != Target():
        document.add("target", _table(_target(program.target)))
    if fit := _fit(program):
        document.add("fit", _table(fit))
    if program.teacher is not None:
        document.add("teacher", _table(program.teacher.plain()))
    return tomlkit.dumps(document)


def _table(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(tomlkit.key(key), _inline(value) if isinstance(value, Mapping) else tomlkit.item(value))
    return table


def _inline(values: Mapping[str, Any]) -> Any:
    inline = tomlkit.inline_table()
    inline.update(values)
    return inline


def _fields(fields: tuple[Field, ...]) -> Table:
    side = tomlkit.table(is_super_table=True)
    for field in fields:
        side.add(field.name, _table({"type": field.type, **field.options}))
    return side


def _fit(program: Program) -> dict[str, Any]:
    backend = {} if program.backend is None else {"backend": program.backend}
    return {**backend, "keep_answers": True} if program.keep_answers else backend


def _check(check: Check) -> dict[str, Any]:
    named = {
        "metric": check.metric or None,
        **check.options,
        "class": check.of_class,
        "where": check.where or None,
        "at_least": check.at_least or None,
    }
    return {key: value for key, value in named.items() if value is not None}


def _budget(budget: Budget) -> dict[str, str]:
    shown = {
        "latency": None if budget.latency is None else units.show_seconds(budget.latency),
        "size": None if budget.size is None else units.show_bytes(budget.size),
        "memory": None if budget.memory is None else units.show_bytes(budget.memory),
        "work": None if budget.work is None else units.show_work(budget.work),
    }
    return {key: text for key, text in shown.items() if text is not None}


def _target(target: Target) -> dict[str, Any]:
    plain = Target()
    keys = ("cpu", "arithmetics", "make", "platforms")
    named = {key: getattr(target, key) for key in keys if getattr(target, key) != getattr(plain, key)}
    found = {key: list(value) if isinstance(value, tuple) else value for key, value in named.items()}
    several = found.pop("arithmetics", None)
    return found if several is None else {**found, "arithmetic": several if len(several) > 1 else several[0]}
