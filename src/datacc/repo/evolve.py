"""Changes of the schema: each a few small files under permanent ids, committed at once; no row is rewritten.

Facts that two branches may state differently (merged, retired) are empty files of their own, so every git host merges
them and `git revert` takes them back; `datacc check` finds what then does not fit together.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.repo.change import Edit
from datacc.repo.edit import write
from datacc.repo.find import Repository
from datacc.repo.names import check_name, folded
from datacc.repo.rule import Condition, parted
from datacc.repo.schema import (
    Class,
    Column,
    Schema,
    blind_path,
    merged_path,
    retired_path,
    schema_files,
)
from datacc.repo.tidy import alone, changing
from datacc.repo.values import class_ids
from datacc.repo.words import counted
from datacc.repo.working import Working, one_class, one_example, one_output
from datacc.store import write_atomically


@frozen
class Plan:
    """What a change does: path → new text (None: the file goes), edits of examples, and the classes it is about.

    `becomes`: how many examples get which class by it.
    """

    message: str
    output: Column
    classes: tuple[Class, ...] = ()
    files: Mapping[str, bytes | None]
    edits: tuple[Edit, ...] = ()
    becomes: Mapping[str, int] = field(default_factory=dict)


def add_classes(schema: Schema, output: str, names: Sequence[str]) -> Plan:
    """New classes, after those that there are; a retired one of that name comes back."""
    column = one_output(schema.of("output"), output)
    _demand_type(column, "label", "labels")
    back, fresh = dict[str, None](), list[str]()
    for name in _listed(names):
        old = [one for one in column.former if one.name == name and column.class_named(name) is None]
        if old:
            back[retired_path(column.id, old[0].id)] = None
        else:
            _demand_new(column, name, fresh)
            fresh.append(name)
    return Plan(message=f"add {_said(names)} to {output}", output=column,
                files={**_news(schema, schema.with_classes(column, fresh)), **back})  # fmt: skip


def add_output(schema: Schema, name: str, classes: Sequence[str]) -> Plan:
    """A new output of labels with these classes."""
    check_name(name, "column")
    taken = [c.name for c in schema.columns if folded(c.name) == folded(name)]
    if taken:
        raise DataError(f"there is a column {taken[0]!r} already", tries=["choose another name"])
    changed = schema.with_column("output", name, "label")
    column = one_output(changed.of("output"), name)
    for number, one in enumerate(classes):
        _demand_new(column, one, classes[:number])
    return Plan(
        message=f"add the output {name}", output=column, files=_news(schema, changed.with_classes(column, classes))
    )


def rename_class(schema: Schema, output: str, old: str, new: str) -> Plan:
    """Another name for a class; its id, its place and its examples stay."""
    column = one_output(schema.of("output"), output)
    one = _exactly(column, old)
    _demand_new(replace(column, classes=tuple(c for c in column.classes if c.id != one.id)), new)
    changed = replace(column, classes=tuple(replace(c, name=new) if c.id == one.id else c for c in column.classes))
    return Plan(message=f"rename {old} of {output} to {new}", output=column, classes=(one,),
                files=_news(schema, _with(schema, changed)))  # fmt: skip


def rename_output(schema: Schema, old: str, new: str) -> Plan:
    """Another name for an output; programs that name it must follow."""
    column = one_output(schema.of("output"), old)
    check_name(new, "column")
    if any(folded(c.name) == folded(new) for c in schema.columns if c.id != column.id):
        raise DataError(f"there is a column {new!r} already", tries=["choose another name"])
    changed = _with(schema, replace(column, name=new))
    return Plan(message=f"rename the output {old} to {new}", output=column, classes=column.classes,
                files=_news(schema, changed))  # fmt: skip


def merge_classes(schema: Schema, output: str, names: Sequence[str], into: str) -> Plan:
    """Several classes are one from now on, `into`, which may be one of them or new. Old values are read as that."""
    column = one_output(schema.of("output"), output)
    sources = [_exactly(column, name) for name in _listed(names)]
    files: dict[str, bytes | None] = {}
    if all(one.name != into for one in column.classes):
        files |= add_classes(schema, output, [into]).files
        column = one_output(schema.with_classes(column, [into]).of("output"), output)
    target = _exactly(column, into)
    old = [one for one in sources if one.id != target.id]
    if not old:
        raise DataError(f"{into!r} cannot be merged into itself", tries=["name another class"])
    files |= {merged_path(column.id, one.id, target.id): b"" for one in old}
    message = f"merge {_said([one.name for one in old])} of {output} into {into}"
    return Plan(message=message, output=column, classes=tuple(old), files=files)


def retire(working: Working, output: str, name: str) -> Plan:
    """A class that no example has is no longer given; it keeps its id. Raises `DataError` while one has it."""
    column = one_output(working.contents.schema.of("output"), output)
    one = _exactly(column, name)
    used = having(working, column, [one])
    if used:
        tries = [f"datacc schema merge {output} {name} --into OTHER", f"datacc schema split {output} {name} --into …"]
        what = f"{counted(len(used), 'example is', 'examples are')} {name!r}, in a label or a vote"
        raise DataError(what, where=used[0], tries=tries)
    message = f"retire {name} of {output}"
    return Plan(message=message, output=column, classes=(one,), files={retired_path(column.id, one.id): b""})


def split_class(
    working: Working,
    output: str,
    name: str,
    into: Sequence[str],
    listed: Mapping[str, str],
    rule: Sequence[tuple[str, Condition]] = (),
    otherwise: str | None = None,
) -> Plan:
    """A class becomes several; what nothing is said of waits for a decision.

    `listed`: example (an id or its beginning) → class, before `rule` and `otherwise`, which are as for `parted`.
    """
    schema = working.contents.schema
    column = one_output(schema.of("output"), output)
    _demand_type(column, "label")
    old = _exactly(column, name)
    if len(_listed(into)) < 2 or name in into:
        raise UsageError("a class is split into two or more others", tries=[f"--into {name}-1 {name}-2"])
    wanted = parted(working, column, old, rule, otherwise) if rule or otherwise else {}
    wanted |= {one_example(working.states, prefix): new for prefix, new in listed.items()}
    strange = {*wanted.values(), *(new for new, _ in rule), *([otherwise] if otherwise else [])} - {*into}
    if strange:
        raise DataError(f"{min(strange)!r} is not among the new classes", tries=[", ".join(into)])
    fresh = [one for one in into if column.class_named(one) is None]
    files: dict[str, bytes | None] = dict(add_classes(schema, output, fresh).files) if fresh else {}
    after = one_output(schema.with_classes(column, fresh).of("output"), output)
    edits, states = [], working.states.of(wanted)
    for id, new in wanted.items():
        register = states[id].fields.get(column.id)
        if register is None or register.value != old.id:
            raise DataError(f"is no {name}", where=id, tries=[f"datacc show {id[:8]}"])
        live = [one.id for one in register.live]
        values = {"new": one_class(after, new).id, "old": old.id, "replaces": live, "reason": f"split of {name}"}
        edits.append({"op": "set", "example": id, "field": column.id, **values})
    files[retired_path(column.id, old.id)] = b""
    return Plan(message=f"split {name} of {output} into {_said(into)}", output=column, classes=(old,), files=files,
                edits=tuple(edits), becomes=Counter(wanted.values()))  # fmt: skip


def set_blind(schema: Schema, output: str, *, is_on: bool) -> Plan:
    """Whether annotators of an output vote without seeing what others say."""
    column = one_output(schema.of("output"), output)
    if column.blind == is_on:
        raise UsageError(f"{output} is {'blind' if is_on else 'open'} already")
    message = f"{'hide' if is_on else 'show'} the votes on {output}"
    return Plan(message=message, output=column, files={blind_path(column.id): b"" if is_on else None})


def apply(repository: Repository, working: Working, plan: Plan) -> str:
    """Commit the files of a plan and journal its edits. The hash of the commit; when git refuses, nothing changed."""
    with alone(repository.root):
        made = _commit(repository, plan)
    if plan.edits:
        write(repository, working.pending, plan.edits)
    return made


def _commit(repository: Repository, plan: Plan) -> str:
    edited = repository.git.changed(plan.files)
    if edited:
        tries = [f"git commit {edited[0]}", f"git checkout {edited[0]}"]
        raise DataError("it was edited by hand, and that is not committed", where=edited[0], tries=tries)
    with changing(repository.root, list(plan.files)):
        for path, text in plan.files.items():
            _put(repository, path, text)
        return repository.git.commit(plan.files, plan.message)


def having(working: Working, column: Column, classes: Sequence[Class]) -> list[str]:
    """The examples that have one of these classes among their values or votes."""
    ids = {one.id for one in classes}
    coded = working.states.table.values.get(column.id)
    words = [word for word in (coded.words if coded else ()) if ids.intersection(class_ids(word))]
    found = working.states.plain_with(column.id, words)
    for id, state in working.states.edited.items():
        values = (v for f, r in state.fields.items() if f.split("@")[0] == column.id for v in r.values)
        if state.alive and any(ids.intersection(class_ids(one)) for one in values):
            found.append(id)
    return sorted(found)


def _demand_type(column: Column, *types: str) -> None:
    if column.type in ("label", "labels", "number") and column.type not in types:
        raise DataError(f"{column.name} is of type {column.type}: this is about {' or '.join(types)}")


def _put(repository: Repository, path: str, text: bytes | None) -> None:
    file = repository.root / path
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text)


def _news(before: Schema, after: Schema) -> dict[str, bytes | None]:
    old = schema_files(before)
    return {path: text for path, text in schema_files(after).items() if old.get(path) != text}


def _with(schema: Schema, changed: Column) -> Schema:
    return Schema(columns=tuple(changed if c.id == changed.id else c for c in schema.columns))


def _exactly(column: Column, name: str) -> Class:
    """The class that is called so now, not one that was merged."""
    found = one_class(column, name)
    if found.name != name:
        raise DataError(f"{name!r} was merged into {found.name!r}", tries=[f"name {found.name}"])
    return found


def _demand_new(column: Column, name: str, beside: Sequence[str] = ()) -> None:
    check_name(name, "class")
    names = [*(one.name for one in (*column.classes, *column.former)), *beside]
    clash = [one for one in names if folded(one) == folded(name)]
    if clash:
        raise DataError(f"{column.name} has or had a class {clash[0]!r} already", tries=["choose another name"])


def _listed(names: Sequence[str]) -> Sequence[str]:
    if not names or len(set(names)) < len(names):
        raise UsageError("name one or more classes, each once", tries=["datacc schema"])
    return names


def _said(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
