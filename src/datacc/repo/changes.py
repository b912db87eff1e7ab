"""What is said otherwise at one commit than at another: label by label, by whom and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from datacc.frozen import frozen
from datacc.repo.births import Birth, births_between
from datacc.repo.collection import without_collection
from datacc.repo.contents import Contents, contents_at
from datacc.repo.events import Event, class_name, event
from datacc.repo.find import Repository
from datacc.repo.fold import Register, State, state_of
from datacc.repo.ids import Ids, common, distinct, joined, places, to_texts
from datacc.repo.merged import current
from datacc.repo.operation import Operation
from datacc.repo.relabelled import relabelled
from datacc.repo.schema import Column, Schema

PRESENT, DELETED = "present", "deleted"  # what is said of an example as a whole


@dataclass(frozen=True, kw_only=True, init=False)
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

    def __init__(
        self, *, example: str, name: str | None, field: str, old: tuple[str, ...], new: tuple[str, ...],
        said: tuple[Event, ...],
    ) -> None:  # fmt: skip
        """As the class says; all at once, as for an `Event`."""
        self.__dict__.update(example=example, name=name, field=field, old=old, new=new, said=said)


@frozen
class Changes:
    """Between the commits `old` and `new`: changes by example id; examples that came and went, counted; classes."""

    old: str
    new: str
    changes: tuple[Change, ...]
    added: int
    removed: int
    classes_added: tuple[str, ...]
    classes_removed: tuple[str, ...]


def changes(repository: Repository, old: str, new: str, born: Mapping[str, Birth] | None = None) -> Changes:
    """How labels at the revision `new` differ from those at `old`. Raises `RepositoryError` for unknown revisions.

    `born`: what `births_between` gives of the two, where somebody knows it.
    """
    with repository.reading() as repository, without_collection():
        first, second = repository.git.commits_of(old, new)
        before, after = contents_at(repository, first, second, cells=True)
        return _Comparison(repository, before, after, born).changes()


class _Comparison:
    """Two commits, and what only one of them says."""

    def __init__(
        self, repository: Repository, before: Contents, after: Contents, born: Mapping[str, Birth] | None
    ) -> None:
        self.before, self.after = before, after
        new, old = _alone(after, before), _alone(before, after)
        added, removed = _rows_of(after, new), _rows_of(before, old)
        told = after.said_in(new & after.parts.keys())
        self.plain = {} if old or len(added) else relabelled(after, told, before.schema)
        forgotten = before.forgotten ^ after.forgotten
        spoken_of = {one.example for said in told.values() for one in said} | before.spoken_of(old) | forgotten
        touched = (spoken_of - self.plain.keys()) | _known(added, before) | _known(removed, after)
        self.added, self.removed = (len(ids) - _count(ids, touched) for ids in (added, removed))
        said = after.said_of(touched)
        self.now = _fold(said, after)
        said_before = before.said_of(touched) if old or forgotten else _without(said, new)
        self.then = _fold(said_before, before)
        between = before.commit, after.commit
        self.born = {} if not new else births_between(repository, *between) if born is None else born
        self.brought = _from(said, new, self.born)
        self.gone = _from(said_before, old, births_between(repository, *between, gone=True) if old else {})
        self.names = after.names([*touched, *self.plain])

    def changes(self) -> Changes:
        """All of them."""
        then, now = ({id for id, state in side.items() if state.exists} for side in (self.then, self.now))
        folded = (change for id in then & now for change in self._of(id))
        classes = [_classes(contents.schema) for contents in (self.before, self.after)]
        return Changes(
            old=self.before.commit,
            new=self.after.commit,
            changes=tuple(sorted((*self._plain(), *folded), key=lambda change: change.example)),
            added=self.added + sum(self.now[id].alive for id in now - then),
            removed=self.removed + sum(self.then[id].alive for id in then - now),
            classes_added=tuple(name for name in classes[1] if name not in classes[0]),
            classes_removed=tuple(name for name in classes[0] if name not in classes[1]),
        )

    def _plain(self) -> Iterator[Change]:
        """Those of examples that were relabelled once."""
        schema = self.after.schema
        for id, one in self.plain.items():
            column = schema.output(one.said.field)
            if column is None:
                continue
            said = event(one.where, one.said, self.born.get(one.where), schema)
            old, new = class_name(column, one.old) or "(none)", said.new or "(none)"
            if old != new:
                name = self.names.get(id)
                yield Change(example=id, name=name, field=column.name, old=(old,), new=(new,), said=(said,))

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


Said = Mapping[str, Sequence[tuple[str, Operation]]]


def _alone(one: Contents, other: Contents) -> set[str]:
    """The run folders and segments that only one side has."""
    segments = {path for path, part in one.parts.items() if other.parts.get(path) != part}
    if one.origins or other.origins:  # lines may stand elsewhere and be the same
        segments -= {path for path in segments & other.parts.keys() if one.said_in([path]) == other.said_in([path])}
    return segments | {f"runs/{run.id}" for run in one.runs} - {f"runs/{run.id}" for run in other.runs}


def _rows_of(contents: Contents, paths: set[str]) -> Ids:
    """The examples in those runs that are among `paths`, each once, sorted."""
    return distinct(joined([run.ids for run in contents.runs if f"runs/{run.id}" in paths]))


def _known(ids: Ids, other: Contents) -> set[str]:
    """Those of the examples that a run of the other side brings too."""
    return {text for run in other.runs for text in to_texts(common(ids, run.ids))} if len(ids) else set()


def _count(ids: Ids, examples: set[str]) -> int:
    return sum(1 for _ in places(ids, list(examples)))


def _fold(said: Said, contents: Contents) -> dict[str, State]:
    schema = contents.schema
    return {id: state_of(list(current(schema, [one for _, one in told]))) for id, told in said.items() if told}


def _without(said: Said, paths: set[str]) -> Said:
    """What is said, but for what those run folders and segments say."""
    return {id: [one for one in told if one[0] not in paths] for id, told in said.items()}


def _from(
    said: Said, paths: set[str], born: Mapping[str, Birth]
) -> dict[str, list[tuple[Operation, str, Birth | None]]]:
    """What those run folders and segments say, with the commits that brought them, or took them away."""
    found = {}
    for id, told in said.items() if paths else ():
        found[id] = [(operation, where, born.get(where)) for where, operation in told if where in paths]
    return found


def _presence(state: State) -> tuple[str, ...]:
    if state.disputed:
        return PRESENT, DELETED
    return (PRESENT,) if state.alive else (DELETED,)


def _values(register: Register, column: Column) -> tuple[str, ...]:
    values = register.values
    return () if values in ((), (None,)) else tuple(class_name(column, value) or "(none)" for value in values)


def _classes(schema: Schema) -> list[str]:
    return [one.name for column in schema.of("output") for one in column.classes]
