"""Whether all that the repository says at one commit fits together: what a host's required check asks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

import numpy as np

from datacc.errors import RepositoryError
from datacc.frozen import frozen
from datacc.repo.altered import altered
from datacc.repo.contents import Contents, read_contents
from datacc.repo.events import class_name
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.forget import still_held
from datacc.repo.gold import stale
from datacc.repo.ids import to_text
from datacc.repo.lost import is_lost, lost
from datacc.repo.media import media_addresses, places
from datacc.repo.states import States, Table
from datacc.repo.values import meant

_DRIFT: Final = timedelta(days=1)  # by which clocks may differ


@frozen
class Problem:
    """What is wrong, where (an example id, or a path and perhaps a line), and what to try."""

    where: str
    what: str
    tries: tuple[str, ...] = ()


@frozen
class Checked:
    """The commit, how many examples it has, how many edits are of examples that no import brings, what is wrong."""

    commit: str
    examples: int
    dangling: int
    problems: tuple[Problem, ...]


def check(repository: Repository, revision: str = "HEAD") -> Checked:
    """Every problem at a revision: conflicts, labels outside the schema, doubled names, damaged or missing files.

    Raises `RepositoryError` for what cannot even be read.
    """
    contents = read_contents(repository, revision, cells=True, whole=True)
    states = States(contents)
    problems = [
        *map(_of_error, chain(altered(repository.git, contents), lost(contents, states))),
        *_early(contents),
        *_forgotten(repository, contents),
        *_names(contents),
        *_plain(states.table, contents),
        *_merges(contents),
        *_gold(contents, states.edited),
        *(problem for id, state in sorted(states.edited.items()) for problem in _state(id, state, contents)),
        *_media(repository, contents),
    ]
    return Checked(
        commit=contents.commit,
        examples=int(states.table.is_plain.sum()) + sum(state.alive for state in states.edited.values()),
        dangling=sum(not state.exists for state in states.edited.values()),
        problems=tuple(problems),
    )


def _of_error(error: RepositoryError) -> Problem:
    return Problem(where=error.where, what=error.what, tries=tuple(error.tries))


def _early(contents: Contents) -> Iterator[Problem]:
    """Edits that were made in the future: a clock was wrong, and of one person's votes the latest counts."""
    limit = datetime.now(UTC) + _DRIFT
    for path, said in contents.segments.items():
        for number, one in enumerate(said, 1):
            if one.when and datetime.fromisoformat(one.when) > limit:
                what = f"was made at {one.when[:19]}, says the clock of {one.who}"
                tries = ("datacc revert COMMIT takes it back; set the clock and say it again",)
                yield Problem(where=f"{path}:{number}", what=what, tries=tries)
                break


def _forgotten(repository: Repository, contents: Contents) -> Iterator[Problem]:
    """Examples that are forgotten, and that a merge brought back: nobody is shown them, and the files hold them."""
    if not contents.forgotten:
        return
    for id, path in still_held(repository, contents):
        yield Problem(where=id, what=f"is forgotten, and {path} still holds it: datacc forget {id[:12]} --yes")


def _names(contents: Contents) -> Iterator[Problem]:
    columns = Counter((column.kind, column.name) for column in contents.schema.columns)
    for (kind, name), count in columns.items():
        if count > 1:
            yield Problem(where="schema", what=f"{count} columns of kind {kind} are called {name!r}")
    for column in contents.schema.of("output"):
        for name, count in Counter(one.name for one in column.classes).items():
            if count > 1:
                yield Problem(where=f"schema/{column.id}", what=f"{count} classes are called {name!r}")


def _plain(table: Table, contents: Contents) -> Iterator[Problem]:
    """What is wrong with examples that were imported and never spoken of again."""
    for column in contents.schema.of("output"):
        values = table.values.get(column.id)
        for code, value in enumerate(values.words if values else ()):
            if values is None or is_lost(column, value) or meant(column, value) is not None:
                continue
            for row in np.flatnonzero(table.is_plain & (values.codes == code)):
                what = f"{column.name} is {value!r}, which the schema does not have"
                yield Problem(where=to_text(table.ids[row]), what=what)


def _merges(contents: Contents) -> Iterator[Problem]:
    """What two branches may have said of one class without touching one file."""
    for column in contents.schema.of("output"):
        place, known = f"schema/{column.id}", {one.id for one in (*column.classes, *column.former)}
        into: dict[str, set[str]] = {}
        for old, new in column.merged:
            into.setdefault(old, set()).add(new)
            if not {old, new} <= known:
                yield Problem(where=place, what=f"class {old} is merged into {new}; one of them is missing")
        for old, targets in sorted(into.items()):
            name = column.name_of(old) or old
            if len(targets) > 1:
                names = " and ".join(sorted(column.name_of(one) or one for one in targets))
                yield Problem(where=place, what=f"class {name!r} is merged into {names} at once")
            elif targets <= known and column.current(old) == old:
                yield Problem(where=place, what=f"class {name!r} is merged in a circle")
            elif targets <= known and column.class_with(old) is None:
                yield Problem(where=place, what=f"class {name!r} is merged into one that is retired")
        active = {one.name.casefold() for one in column.classes}
        for one in column.former:
            if one.name.casefold() in active:
                yield Problem(where=place, what=f"{one.name!r} is a class, and one that was merged or retired")


def _gold(contents: Contents, states: Mapping[str, State]) -> Iterator[Problem]:
    """Gold that the votes of today contradict; gold that only rests on fewer of them is told by `agreement`."""
    for id, column, majority in stale(states, contents.schema):
        if states[id].fields[column.id].value != majority:
            yield Problem(where=id, what=f"gold of {column.name} is stale: later votes have another majority, or none")


def _state(id: str, state: State, contents: Contents) -> Iterator[Problem]:
    if not state.exists:
        return
    if state.disputed:
        yield Problem(where=id, what="is deleted and edited at once")
    for column in contents.schema.of("output"):
        register = state.fields.get(column.id)
        if register is None or not state.alive:
            continue
        known = [meant(column, value) for value in register.values]
        if register.conflict:
            names = (class_name(column, value) if one is not None else repr(value)
                     for one, value in zip(known, register.values, strict=True))  # fmt: skip
            yield Problem(where=id, what=f"{column.name} is {' and '.join(map(str, names))} at once")
        for one, value in zip(known, register.values, strict=True):
            if one is None and value is not None and not is_lost(column, value):
                yield Problem(
                    where=id,
                    what=f"{column.name} is {(column.name_of(str(value)) or value)!r}, which the schema does not have",
                )


def _media(repository: Repository, contents: Contents) -> Iterator[Problem]:
    with_media = [run for run in contents.runs if run.lines is not None and b'"media"' in run.lines.text.tobytes()]
    wanted = {address: row.id for run in with_media for row in run.rows for address in media_addresses(row).values()}
    known = places(repository.git, contents.tree) if wanted else {}
    for address, id in sorted(wanted.items()):
        if address not in known:
            yield Problem(where=id, what=f"its file {address} is missing")
