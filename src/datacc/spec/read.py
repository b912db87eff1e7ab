"""Reads `datacc.toml` into a `Program`; whatever is wrong in it has a line and a suggestion."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from datacc import registry
from datacc.errors import RepositoryError, SpecError
from datacc.spec import units
from datacc.spec.checks import measures, read_checks
from datacc.spec.cpus import judging_cpu
from datacc.spec.fields import read_fields
from datacc.spec.names import check_name
from datacc.spec.platforms import platform_named
from datacc.spec.program import FILE, Budget, Field, Goal, Origin, Program, Target, Teacher
from datacc.spec.table import Table, read_table
from datacc.spec.teacher import read_teacher

FORMAT: Final = 1
MOST_WIDTHS: Final = 16
ARITHMETICS: Final = ("float", "int8")
KEYS: Final = [
    "format",
    "name",
    "seed",
    "skeleton",
    "widths",
    "source",
    "input",
    "output",
    "goal",
    "check",
    "budget",
    "target",
    "fit",
    "teacher",
]

Number = TypeVar("Number", int, float)


def find_program(start: Path) -> Path:
    """The `datacc.toml` in the folder `start` or the nearest one above it. Raises `RepositoryError`."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise RepositoryError(
        f"there is no {FILE} here, nor in a folder above",
        where=str(start),
        tries=[
            "datacc import FILE_OR_FOLDER writes one, in a repository that datacc new NAME made",
            "datacc build data.csv --label COLUMN",
            "cd to where it is",
        ],
    )


def read_program(path: Path) -> Program:
    """The program that the `datacc.toml` at `path` asks for. Raises `SpecError` with its line."""
    table = read_table(path, missing="datacc new")
    _refuse_newer(table)
    table.known(KEYS)
    inputs, outputs = read_fields(table)
    _refuse_for_windows(table, inputs, outputs)
    fit = table.table("fit").known(["backend", "keep_answers"])
    return Program(
        name=_name(table),
        source=_source(table.table("source")),
        inputs=inputs,
        outputs=outputs,
        skeleton=_member(table, "skeleton", "skeletons"),
        goals=_goals(table, outputs),
        checks=read_checks(table.tables("check"), inputs, outputs),
        budget=_budget(table.table("budget")),
        target=_target(table.table("target")),
        backend=_member(fit, "backend", "fit"),
        keep_answers=fit.get("keep_answers", bool, default=False),
        teacher=_teacher(table.table("teacher"), outputs),
        seed=_seed(table),
        widths=_widths(table),
        path=path,
    )


def _teacher(table: Table, outputs: Sequence[Field]) -> Teacher | None:
    """The teacher, which must be able to give what the output is."""
    found = read_teacher(table)
    able = registry.load("teachers", found.kind).forms if found is not None else ()
    if found is not None and outputs[0].form not in able:
        what = f"this kind of teacher gives a {' or a '.join(able)}; {outputs[0].name} is of type {outputs[0].type}"
        raise table.error(what, found.kind, ['function = "module:function"', 'command = "python ask.py"'])
    return found


def _refuse_for_windows(table: Table, inputs: Sequence[Field], outputs: Sequence[Field]) -> None:
    """Raises `SpecError` for what a program has not whose long texts are asked in windows."""
    for field in inputs:
        if field.options.get("longer") != "windows":
            continue
        plain = all(output.form == "label" and not output.abstains for output in outputs)
        kinds = [kind for check in table.tables("check") for kind in check.values]
        lacks = {
            "a program with one input": len(inputs) > 1,
            "an output that is one label and does not abstain": not plain,
            "a program without widths": "widths" in table.values,
            "other checks than invariant": "invariant" in kinds,
        }
        wrong = next((what for what, is_wrong in lacks.items() if is_wrong), None)
        if wrong is not None:
            there = table.table("input").table(field.name)
            raise there.error(f"windows are joined of {wrong}", "longer", ['longer = "cut"'])


def _refuse_newer(table: Table) -> None:
    version = table.get("format", int, FORMAT)
    if version != FORMAT:
        newer = "it was written for a newer datacc" if version > FORMAT else "there never was such a format"
        raise table.error(f"format {version}: {newer}; this one reads format {FORMAT}", "format", ["update datacc"])


def _name(table: Table) -> str:
    name = table.need("name", str, example='name = "digits"')
    with table.blaming("name"):
        return check_name(name, module=True)


def _seed(table: Table) -> int:
    seed = table.get("seed", int, 0)
    if not 0 <= seed < 2**31:
        raise table.error("seed must be between 0 and 2,147,483,647", "seed")
    return seed


def _widths(table: Table) -> tuple[float, ...]:
    """Shares of the channels, ascending up to 1."""
    if "widths" not in table.values:
        return ()
    given = table.values["widths"]
    example = ["widths = [0.25, 0.5, 0.75, 1.0]"]
    numbers = isinstance(given, list) and all(type(one) in (int, float) and 0 < one <= 1 for one in given)
    if not numbers or not 2 <= len(given) <= MOST_WIDTHS:
        raise table.error(
            f"widths are 2 to {MOST_WIDTHS} shares of the channels, above 0 and at most 1", "widths", example
        )
    widths = tuple(float(one) for one in given)
    if widths != tuple(sorted(set(widths))) or widths[-1] != 1:
        raise table.error("widths ascend, and the last is 1", "widths", example)
    return widths


def _member(table: Table, key: str, kind: str) -> str | None:
    """The name under `key`, which must be a member of the open set `kind`."""
    if key not in table.values:
        return None
    name = table.need(key, str, example="")
    with table.blaming(key):
        registry.require(kind, name)
    return name


def _source(table: Table) -> Origin:
    kind = _member(table, "type", "sources")
    options = {key: value for key, value in table.values.items() if key != "type"}
    if kind is None and options:
        raise table.error("source.type is missing", tries=['type = "table"'])
    return Origin(type=kind, options=options) if kind else Origin()


def _goals(whole: Table, outputs: Sequence[Field]) -> tuple[Goal, ...]:
    table, abstaining = whole.table("goal"), [field for field in outputs if field.abstains]
    goals, asked = [], False
    _refuse_widest(whole, outputs)
    for metric in table.values:
        with table.blaming(metric):
            member = registry.load("goals", metric)
        if member.needs_class:
            tries = [f'[[check]] with metric = "{metric}", class = "…"']
            raise table.error(f"{metric} is of one class, so it is a check, not a goal", metric, tries)
        if member.needs_known and not abstaining:
            tries = [f"abstain = true under [output.{outputs[0].name}]"]
            raise table.error(f"{metric} is of programs that say when they do not know", metric, tries)
        if outputs[0].form not in member.forms:
            what = f"{metric} does not measure {outputs[0].name}, which is of type {outputs[0].type}"
            raise table.error(what, metric, [f"one of {', '.join(measures(outputs[0]))}"])
        limit = _limit(table, metric, member)
        if member.at_most and not member.amount and limit == 1:
            raise table.error(f"{metric} ≤ 100 % asks for nothing", metric, [f"{metric} = 0.01"])
        goals.append(Goal(metric=metric, limit=limit))
        asked |= member.needs_known
    if abstaining and not asked and abstaining[0].widest is None:
        field = whole.table("output").table(abstaining[0].name)
        tries = ["error = 0.01 under [goal]: at most 1 % of what it answers is wrong", "coverage = 0.9 under [goal]"]
        if abstaining[0].form == "number":
            tries.append("widest = 10.0: what has a wider interval is not known")
        raise field.error("abstain: no goal says how sure is sure enough", "abstain", tries)
    return tuple(goals)


def _refuse_widest(whole: Table, outputs: Sequence[Field]) -> None:
    for field in outputs:
        if field.widest is not None and not field.abstains:
            table = whole.table("output").table(field.name)
            raise table.error("widest is of numbers that abstain", "widest", ["abstain = true"])


def _limit(table: Table, metric: str, member: Any) -> float:
    """A share; of an amount any number above 0."""
    if not member.amount:
        return table.share(metric, "0.01" if member.at_most else "0.9")
    limit = table.need(metric, float, example=f"{metric} = 0.5")
    if not 0 < limit < math.inf:
        raise table.error(f"{metric} is a number above 0; {limit:g} is not", metric, [f"{metric} = 0.5"])
    return limit


def _budget(table: Table) -> Budget:
    table.known(["latency", "size", "memory", "work"])
    return Budget(
        latency=_quantity(table, "latency", units.parse_seconds, units.SECONDS),
        size=_quantity(table, "size", units.parse_bytes, units.BYTES),
        memory=_quantity(table, "memory", units.parse_bytes, units.BYTES),
        work=_quantity(table, "work", units.parse_work, units.WORK),
    )


def _quantity(table: Table, key: str, parse: Callable[[str], Number], quantity: units.Quantity) -> Number | None:
    if key not in table.values:
        return None
    value = table.values[key]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if is_number else table.need(key, str, example=f'{key} = "{quantity.example}"')
    try:
        return parse(text)
    except SpecError as error:
        raise table.error(f"budget.{key}: {error.what}", key, [f"{key} = {one}" for one in error.tries]) from error


def _target(table: Table) -> Target:
    table.known(["cpu", "arithmetic", "make", "platforms"])
    plain = Target()
    cpu = table.get("cpu", str, plain.cpu)
    with table.blaming("cpu"):
        judging_cpu(cpu)
    make = table.texts("make", plain.make)
    with table.blaming("make"):
        for name in table.values.get("make", ()):
            registry.require("targets", name)
    return Target(cpu=cpu, arithmetics=_arithmetics(table), make=make, platforms=_platforms(table))


def _arithmetics(table: Table) -> tuple[str, ...]:
    """One by its name or several as a list, always in the same order."""
    listed = isinstance(table.values.get("arithmetic"), list)
    plain = Target().arithmetics
    found = table.texts("arithmetic", plain) if listed else (table.get("arithmetic", str, plain[0]),)
    for name in found:
        if name not in ARITHMETICS:
            tries = [f'arithmetic = "{known}"' for known in ARITHMETICS]
            raise table.error(f"there is no arithmetic {name!r}", "arithmetic", tries)
    if not found:
        raise table.error(
            "no arithmetic is named", "arithmetic", ['arithmetic = "float"', f"arithmetic = {json.dumps(ARITHMETICS)}"]
        )
    return tuple(name for name in ARITHMETICS if name in found)


def _platforms(table: Table) -> tuple[str, ...]:
    names = table.texts("platforms", ())
    with table.blaming("platforms"):
        for name in names:
            platform_named(name)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise table.error(f"{twice[0]} is named twice", "platforms")
    return names
