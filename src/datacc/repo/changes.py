"""What is said otherwise at one commit than at another: label by label, by whom and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from datacc.repo.births import Birth, births_between
from datacc.repo.contents import Contents, read_contents
from datacc.repo.events import Event, class_names, event
from datacc.repo.find import Repository
from datacc.repo.fold import Register, State
from datacc.repo.operation import Operation
from datacc.repo.schema import Column, Schema
from datacc.repo.states import States

PRESENT, DELETED = "present", "deleted"  # what is said of an example as a whole


@dataclass(frozen=True, kw_only=True)
class Change:
    """One output of one example; `field` is empty for the example as a whole: present, deleted, or both.

    `old` and `new` are class names: none without a label, several in a conflict. `said` is what made the difference; an
    event whose `op` is "revert" took something back. `name` is what the user calls the example.
    """

    example: str
    name: str | None
    field: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    said: tuple[Event, ...]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Between the commits `old` and `new`: changes by example id; examples that came and went, counted; classes."""

    old: str
    new: str
    changes: tuple[Change, ...]
    added: int
    removed: int
    classes_added: tuple[str, ...]
    classes_removed: tuple[str, ...]


def changes(repository: Repository, old: str, new: str) -> Changes:
    """How labels at the revision `new` differ from those at `old`. Raises `RepositoryError` for unknown revisions."""
    before, after = read_contents(repository, old), read_contents(repository, new, cells=True)
    return _Comparison(repository, before, after).changes()


class _Comparison:
    """Two commits, and what only one of them says."""

    def __init__(self, repository: Repository, before: Contents, after: Contents) -> None:
        self.before, self.after = before, after
        brought, gone = _alone(after, before), _alone(before, after)
        touched = {o.example for o in chain(*brought.values(), *gone.values())}
        self.then, self.now = (States(contents).of(touched) for contents in (before, after))
        between = before.commit, after.commit
        self.brought = _by_example(brought, births_between(repository, *between) if brought else {})
        self.gone = _by_example(gone, births_between(repository, *between, gone=True) if gone else {})
        self.names = after.names(touched)

    def changes(self) -> Changes:
        """All of them."""
        then, now = ({id for id, state in side.items() if state.exists} for side in (self.then, self.now))
        classes = [_classes(contents.schema) for contents in (self.before, self.after)]
        return Changes(
            old=self.before.commit,
            new=self.after.commit,
            changes=tuple(change for id in sorted(then & now) for change in self._of(id)),
            added=sum(self.now[id].alive for id in now - then),
            removed=sum(self.then[id].alive for id in then - now),
            classes_added=tuple(name for name in classes[1] if name not in classes[0]),
            classes_removed=tuple(name for name in classes[0] if name not in classes[1]),
        )

    def _of(self, id: str) -> Iterator[Change]:
        then, now = self.then[id], self.now[id]
        if _presence(then) != _presence(now):
            ids = {one.id for one in now.drops} or {o.id for o, _, _ in self.brought.get(id, ()) if o.op == "add"}
            yield self._change(id, None, _presence(then), _presence(now), ids)
        if not (then.alive and now.alive):
            return
        for column in self.after.schema.of("output"):
            a, b = then.fields.get(column.id, Register()), now.fields.get(column.id, Register())
            old, new = _values(a, column), _values(b, column)
            if set(old) != set(new):
                yield self._change(id, column, old, new, {one.id for one in b.live} - {one.id for one in a.live})

    def _change(
        self, id: str, column: Column | None, old: tuple[str, ...], new: tuple[str, ...], ids: set[str]
    ) -> Change:
        """The change with what the operations `ids` say; where there are none, with what was taken away."""
        field, name = (column.id, column.name) if column else ("", "")
        held = [one for one in self.brought.get(id, ()) if one[0].id in ids and one[0].field == field]
        said = [event(where, o, birth, self.after.schema) for o, where, birth in held]
        for o, where, birth in self.gone.get(id, ()) if not said else ():
            if birth is not None and o.field == field:
                who, when, commit = birth.who, birth.when, birth.commit
                said.append(Event(id=o.id, op="revert", field=name, old=None, new=None, who=who, when=when,
                                  commit=commit, where=where))  # fmt: skip
        return Change(example=id, name=self.names.get(id), field=name, old=old, new=new, said=tuple(said))


def _alone(one: Contents, other: Contents) -> dict[str, tuple[Operation, ...]]:
    """Segments and runs that only one side has, with their operations."""
    known = {run.id for run in other.runs}
    runs = {f"runs/{run.id}": tuple(run.operations()) for run in one.runs if run.id not in known}
    return runs | one.said_in([path for path in one.segment_paths if path not in other.tree])


def _by_example(
    held: Mapping[str, tuple[Operation, ...]], brought: Mapping[str, Birth]
) -> dict[str, list[tuple[Operation, str, Birth | None]]]:
    found: dict[str, list[tuple[Operation, str, Birth | None]]] = {}
    for path, operations in held.items():
        for operation in operations:
            found.setdefault(operation.example, []).append((operation, path, brought.get(path)))
    return found


def _presence(state: State) -> tuple[str, ...]:
    if state.disputed:
        return PRESENT, DELETED
    return (PRESENT,) if state.alive else (DELETED,)


def _values(register: Register, column: Column) -> tuple[str, ...]:
    return class_names(column, register) if register.conflict or register.value is not None else ()


def _classes(schema: Schema) -> list[str]:
    return [one.name for column in schema.of("output") for one in column.classes]
