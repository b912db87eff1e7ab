"""`datacc.lock`: what the search chose for a program, so that the next build repeats it instead of searching again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

import tomlkit

from datacc import store
from datacc.errors import SpecError
from datacc.frozen import frozen
from datacc.registry import load, names
from datacc.spec.program import Field, Program
from datacc.spec.table import Table, read_table

FILE: Final = "datacc.lock"
FORMAT: Final = 1
LEARN: Final = "learn"  # what a program learns: that split alone, or all that judge does not hold
ALL: Final = "learn and tune"
_HEAD: Final = "What `datacc build --search` chose. Written by datacc; commit it beside datacc.toml."
RENEW: Final = "datacc build --search"
_KEYS: Final = [
    "format", "program", "skeleton", "arithmetic", "learnt", "parent", "sizes", "recipe", "toolchain", "tutor"
]  # fmt: skip

Plain = str | int | float | bool


@frozen
class Tutor:
    """What teaches a program while it is fitted: a skeleton, its sizes, and how that is fitted before."""

    skeleton: str
    sizes: Mapping[str, int]
    recipe: Mapping[str, Plain]


@frozen
class Lock:
    """One choice: the skeleton and its sizes, the recipe of the fit, the versions that did it.

    `program` is the `shape_digest` of the program it was chosen for. `parent` is the digest of the fitted Graph that
    the fit started from, None for a fit from nothing. With a `tutor`, a fit from nothing learns half from that.
    `arithmetic` was chosen where the program allows several, and is None where it allows one. `learnt` says whether
    tune is learnt as well (`ALL`).
    """

    program: str
    skeleton: str
    sizes: Mapping[str, int]
    recipe: Mapping[str, Plain] = field(default_factory=dict)
    toolchain: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    tutor: Tutor | None = None
    arithmetic: str | None = None
    learnt: str = LEARN


def shape_digest(program: Program) -> str:
    """The digest of what a choice depends on: inputs, outputs, an asked skeleton, what arithmetics; never examples.

    Name, goal and budget are left out: the judge holds the built program to those, whichever choice it came from; so
    are the options of an output that are `judged`.
    """
    return _digest(program, [_without(field, load("types", field.type).judged) for field in program.outputs])


def _digest(program: Program, outputs: Sequence[Field]) -> str:
    allowed = program.target.arithmetics
    asked = {
        "inputs": [_plain(field) for field in program.inputs],
        "outputs": [_plain(field) for field in outputs],
        "skeleton": program.skeleton,
        "arithmetic": allowed[0] if len(allowed) == 1 else list(allowed),
    }
    return store.digest("shape", store.canonical(asked))


def read_lock(path: Path) -> Lock | None:
    """The lock at `path`, None when there is none. Raises `SpecError` when it is damaged or newer: `RENEW` helps."""
    if not path.exists():
        return None
    try:
        return _read(read_table(path, missing=RENEW))
    except SpecError as error:
        tries = dict.fromkeys((*error.tries, RENEW))
        raise SpecError(error.what, where=error.where, tries=list(tries)) from error


def _read(table: Table) -> Lock:
    version = table.need("format", int, example=RENEW)
    if version != FORMAT:
        raise table.error(f"format {version}: this datacc reads format {FORMAT}", "format", ["update datacc"])
    table.known(_KEYS)
    return Lock(
        program=table.need("program", str, example=RENEW),
        skeleton=table.need("skeleton", str, example=RENEW),
        sizes=_sizes(table),
        recipe=_recipe(table),
        toolchain={key: _of(table.table("toolchain"), key, str) for key in table.table("toolchain").values},
        parent=table.find("parent", str),
        tutor=_tutor(table.table("tutor")) if "tutor" in table.values else None,
        arithmetic=table.find("arithmetic", str),
        learnt=_learnt(table),
    )


def lock_toml(lock: Lock) -> str:
    """The text of `datacc.lock`: equal locks give equal text."""
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEAD))
    document.add("format", tomlkit.item(FORMAT))
    document.add("program", tomlkit.item(lock.program))
    document.add("skeleton", tomlkit.item(lock.skeleton))
    found = {
        "arithmetic": lock.arithmetic,
        "learnt": None if lock.learnt == LEARN else lock.learnt,
        "parent": lock.parent,
    }
    for key, value in found.items():
        if value is not None:
            document.add(key, tomlkit.item(value))
    for key in ("sizes", "recipe", "toolchain"):
        values: Mapping[str, Plain] = getattr(lock, key)
        document.add(key, tomlkit.item(dict(sorted(values.items()))))
    if lock.tutor is not None:
        document.add("tutor", tomlkit.item(_tutor_plain(lock.tutor)))
    return tomlkit.dumps(document)


def write_lock(path: Path, lock: Lock) -> None:
    """Write `lock` to `path`, all or nothing."""
    store.write_atomically(path, lock_toml(lock).encode())


def check_lock(lock: Lock, program: Program, where: str = FILE) -> None:
    """Raises `SpecError` when `lock` was chosen for another program than `program`."""
    if program.skeleton not in (None, lock.skeleton):
        what = f"it chose {lock.skeleton}, but datacc.toml asks for {program.skeleton}"
        raise SpecError(what, where=where, tries=[RENEW, f'skeleton = "{lock.skeleton}" in datacc.toml'])
    fitted = lock.toolchain.get("fit", "")
    back_end = fitted.split(" ")[0].rstrip(",")
    if back_end not in ("", *names("fit")):
        raise SpecError(f"it was fitted by {fitted}, which is not installed here", where=where, tries=[RENEW])
    if program.backend is not None and fitted and back_end != program.backend:
        what = f"it was fitted by {fitted}, but datacc.toml asks for {program.backend}"
        raise SpecError(what, where=where, tries=[RENEW])
    if lock.program not in (shape_digest(program), _digest(program, program.outputs)):  # the latter of older locks
        what = "it was chosen for other inputs, outputs or arithmetic than datacc.toml has now"
        raise SpecError(what, where=where, tries=[RENEW])
    if lock.learnt == ALL and not may_learn_all(program):
        what = f"it learns tune too, which {program.outputs[0].name} needs for itself"
        raise SpecError(what, where=where, tries=[RENEW])
    settled(program, lock, where)


def may_learn_all(program: Program) -> bool:
    """Whether tune may be learnt too: not where it calibrates several widths, or what is no label."""
    return not any(output.form != "label" or (output.abstains and program.widths) for output in program.outputs)


def settled(program: Program, lock: Lock, where: str = FILE) -> Program:
    """`program` in the one arithmetic that `lock` chose. Raises `SpecError` when it may not be, or says none."""
    allowed = program.target.arithmetics
    chosen = lock.arithmetic or (allowed[0] if len(allowed) == 1 else "")
    if chosen not in allowed:
        what = f"it chose {chosen}" if chosen else "it does not say which arithmetic it chose"
        raise SpecError(f"{what}; datacc.toml allows {' and '.join(allowed)}", where=where, tries=[RENEW])
    return program.computed_in(chosen)


def _without(field: Field, names: Collection[str]) -> Field:
    return replace(field, options={name: value for name, value in field.options.items() if name not in names})


def _learnt(table: Table) -> str:
    found = table.find("learnt", str) or LEARN
    if found not in (LEARN, ALL):
        raise table.error(f"learnt = {found!r} cannot be", "learnt", [f'learnt = "{ALL}"'])
    return found


def _plain(field: Field) -> dict[str, Any]:
    return {"name": field.name, "type": field.type, "options": dict(field.options)}


def _tutor(table: Table) -> Tutor:
    table.known(["skeleton", "sizes", "recipe"])
    return Tutor(skeleton=table.need("skeleton", str, example=RENEW), sizes=_sizes(table), recipe=_recipe(table))


def _tutor_plain(tutor: Tutor) -> dict[str, Any]:
    tables = {"recipe": tutor.recipe, "sizes": tutor.sizes}
    return {"skeleton": tutor.skeleton, **{key: dict(sorted(values.items())) for key, values in tables.items()}}


def _sizes(table: Table) -> dict[str, int]:
    return {key: _of(table.table("sizes"), key, int) for key in table.table("sizes").values}


def _recipe(table: Table) -> dict[str, Plain]:
    return {key: _scalar(table.table("recipe"), key) for key in table.table("recipe").values}


def _of(table: Table, key: str, kind: Any) -> Any:
    return table.need(key, kind, example=RENEW)


def _scalar(table: Table, key: str) -> Plain:
    value = table.values[key]
    if not isinstance(value, str | int | float | bool):
        raise table.error(f"{key} must be one value", key)
    return value
