"""The program that is asked for in the place of a function, which answers labels that may abstain, or a number."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from datacc.calls.code import code_of
from datacc.calls.values import in_a_cell
from datacc.compiler.port.record import Recorded, text_columns
from datacc.compiler.port.wish import COVERAGE, GROUP, SOURCE, Wish
from datacc.intake.importing import ImportOptions
from datacc.intake.importing.columns import Column
from datacc.intake.importing.fields import infer_inputs
from datacc.intake.importing.read import read
from datacc.intake.inbox import ANSWER
from datacc.repo.identity import canonical_json
from datacc.spec.program import Field, Goal, Origin, Program, Target


def write_calls(table: Path, recorded: Recorded) -> ImportOptions:
    """Write what was recorded as JSON Lines; how that is to be read."""
    rows = zip(map(_flat, recorded.rows), recorded.groups, strict=True)
    lines = [canonical_json({**row, **({GROUP: group} if group is not None else {})}) for row, group in rows]
    table.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return ImportOptions(label=ANSWER, group=GROUP if any(recorded.groups) else None, classes=recorded.classes)


def _flat(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with several labels in one cell, as a table has them."""
    said = row[ANSWER]
    return {**row, ANSWER: in_a_cell(said)} if isinstance(said, list) else row


def program_of(wish: Wish, recorded: Recorded, table: Path, options: ImportOptions, root: Path) -> Program:
    """A program in the folder `root` that answers like the function where it knows the answer."""
    columns = _columns(recorded.rows[0])
    asked = [{name: value for name, value in row.items() if name != ANSWER} for row in recorded.rows]
    known = {name: Column(kind="text") for name in text_columns(asked)}
    output, goals = _answer(wish, recorded)
    found = read(table, replace(options, inputs=columns), known=known, output=ANSWER, output_type=output.type)
    return Program(
        name=wish.program,
        source=Origin(type=SOURCE, options=_source(wish, recorded, root)),
        inputs=tuple(map(_as_given, infer_inputs(found))),
        outputs=(output,),
        goals=goals,
        target=Target(make=(*Target().make, "wheel")),
    )


def _answer(wish: Wish, recorded: Recorded) -> tuple[Field, tuple[Goal, ...]]:
    """The output, and what is agreement: in what is answered; of all numbers the share of the variance explained."""
    kind = recorded.form if recorded.form in ("number", "labels") else "label"
    if kind == "number" and not wish.knows:
        return Field(name=ANSWER, type=kind), (Goal(metric="r2", limit=wish.agreement),)
    near = {} if wish.within is None else {"within": wish.within}
    error = Goal(metric="error", limit=round(1 - wish.agreement, 9))
    coverage = Goal(metric="coverage", limit=COVERAGE if wish.coverage is None else wish.coverage)
    return Field(name=ANSWER, type=kind, options={"abstain": True, **near}), (error, coverage)


def _source(wish: Wish, recorded: Recorded, root: Path) -> dict[str, Any]:
    code, here = code_of(wish.function, wish.here), wish.here.absolute()
    source = {"function": wish.function, "code": code.digest}
    if all(file.absolute().is_relative_to(here) for file in code.files):
        up = len(root.absolute().relative_to(here).parts) if root.absolute().is_relative_to(here) else 0
        source["folder"] = "/".join([".."] * up) or "."
    return source if recorded.form == "text" else {**source, "answers": recorded.form}


def _columns(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of the calls: one per parameter, or per element of a list."""
    columns = []
    for name, value in row.items():
        if name != ANSWER:
            columns += [f"{name}[{i}]" for i in range(len(value))] if isinstance(value, list) else [name]
    return tuple(columns)


def _as_given(field: Field) -> Field:
    """Texts are not varied: the function may answer a changed one differently."""
    return replace(field, options={**field.options, "augment": "none"}) if field.type == "text" else field
