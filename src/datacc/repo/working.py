"""What a person works on: the contents of HEAD together with the edits in the journal."""

from collections.abc import Collection, Iterable
from typing import Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.contents import Contents, read_contents
from datacc.repo.find import Repository
from datacc.repo.journal import Journal
from datacc.repo.merged import current
from datacc.repo.operation import Operation
from datacc.repo.schema import Class, Column
from datacc.repo.states import States

_SHORTEST_PREFIX: Final = 4


@frozen(eq=False)
class Working:
    """HEAD, the journal's operations, and the states that follow from both."""

    contents: Contents
    pending: tuple[Operation, ...]
    states: States

    def said_of(self, examples: Collection[str]) -> dict[str, list[Operation]]:
        """Every operation on each of these examples."""
        schema, found = self.contents.schema, self.contents.said_of(examples)
        said = {example: list(current(schema, (one for _, one in found[example]))) for example in examples}
        for operation in self.pending:
            if operation.example in said:
                said[operation.example].append(operation)
        return said


def read_working(repository: Repository, *, cells: bool = False, whole: bool = False) -> Working:
    """Everything that is committed or journalled; `cells` and `whole` as for `read_contents`."""
    # the journal first: what is committed meanwhile is then in both, never in neither
    waiting = Journal(repository.root).operations()
    contents = read_contents(repository, cells=cells, whole=whole)
    pending = tuple(current(contents.schema, waiting))
    return Working(contents=contents, pending=pending, states=States(contents, pending))


def one_example(states: States, prefix: str) -> str:
    """The id that begins with `prefix`. Raises `DataError` when none does, or several."""
    start = prefix.strip().lower()
    if start in states and states[start].exists:
        return start
    if len(start) < _SHORTEST_PREFIX:
        raise DataError(f"{prefix!r} is too short for an example id", tries=["give 4 or more of its digits"])
    found = states.beginning(start)
    if not found:
        raise DataError(f"no example has an id that begins with {prefix!r}", tries=["datacc status"])
    if len(found) > 1:
        raise DataError(f"{len(found):,} examples have ids that begin with {prefix!r}", tries=found[:5])
    return found[0]


def one_output(outputs: Iterable[Column], name: str | None) -> Column:
    """The output called `name`; the only one when no name is given. Raises `DataError` when that is none."""
    listed = list(outputs)
    if name is None and len(listed) == 1:
        return listed[0]
    for column in listed:
        if column.name == name:
            return column
    known = [column.name for column in listed]
    what = "the repository has no output yet" if not listed else "which output?" if name is None else None
    raise DataError(what or f"there is no output {name!r}", tries=known or ["datacc import labelled examples"])


def one_class(column: Column, name: str) -> Class:
    """The class of `column` called `name`. Raises `DataError` that lists the known ones, nearest first."""
    found = column.class_named(name)
    if found is not None:
        return found
    folded = [one.name for one in column.classes if one.name.casefold() == name.casefold()]
    known = folded or [one.name for one in column.classes]
    raise DataError(
        f"{name!r} is not a class of {column.name}",
        tries=[", ".join(known[:20]), f"datacc schema add-class {column.name} {name}"],
    )
