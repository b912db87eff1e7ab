"""The agreement of the people who voted on one output, and the examples on which they differ most."""

from collections.abc import Mapping
from itertools import combinations
from typing import Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.agreement import Pair, Unit, alpha, compare, disagreement
from datacc.repo.events import class_name
from datacc.repo.find import Repository
from datacc.repo.gold import stale
from datacc.repo.values import class_ids
from datacc.repo.votes import ballots
from datacc.repo.working import one_output, read_working

_LISTED: Final = 20


@frozen
class Disputed:
    """An example on which people differ: person's key → class name, and the share of pairs that differ."""

    example: str
    votes: Mapping[str, str]
    disagreement: float


@frozen
class Agreement:
    """`people`: key → "Name <address>"; `alpha` over all examples with two votes or more, None when it says nothing.

    `alone`: class name → alpha of that class against all others. `stale`: examples whose gold rests on other votes.
    `disputed` is empty while the output is blind.
    """

    output: str
    people: Mapping[str, str]
    examples: int
    alpha: float | None
    alone: Mapping[str, float | None]
    pairs: tuple[Pair, ...]
    disputed: tuple[Disputed, ...]
    stale: tuple[str, ...]


def agreement(repository: Repository, output: str | None, between: tuple[str, str] | None = None) -> Agreement:
    """How far the votes at HEAD with the journal agree; `between` two people, by key or a part of name or address."""
    working = read_working(repository)
    column = one_output(working.contents.schema.of("output"), output)
    found = dict(ballots(working, column))
    people: dict[str, str] = {}
    for votes in found.values():
        people |= {key: one.who for key, one in votes.items()}
    chosen = sorted({_person(people, name) for name in between} if between else people)
    if between and len(chosen) < 2:
        raise DataError("agreement is between two people", where=" and ".join(between), tries=["datacc votes"])
    said = {id: {key: one.new for key, one in votes.items() if key in chosen} for id, votes in found.items()}
    names = {id: {key: str(class_name(column, value)) for key, value in of.items()} for id, of in said.items()}
    each = [{key: {class_name(column, one) for one in class_ids(v)} for key, v in of.items()} for of in said.values()]
    units: list[Unit] = list(names.values())
    classes = [one.name for one in column.classes]
    torn = sorted(((disagreement(list(v.values())), id) for id, v in names.items()), key=lambda p: (-p[0], p[1]))
    disputed = [Disputed(example=id, votes=names[id], disagreement=d) for d, id in torn[:_LISTED] if d]
    return Agreement(
        output=column.name,
        people={key: people[key] for key in chosen},
        examples=sum(len(unit) > 1 for unit in units),
        alpha=alpha(units),
        alone={name: alpha({k: name in of for k, of in unit.items()} for unit in each) for name in classes},
        pairs=tuple(compare(one, other, units) for one, other in combinations(chosen, 2)),
        disputed=() if column.blind else tuple(disputed),
        stale=tuple(id for id, c, _ in stale(working.states.edited, working.contents.schema) if c.id == column.id),
    )


def _person(people: Mapping[str, str], name: str) -> str:
    wanted = name.casefold()
    found = [key for key, who in people.items() if wanted and (key == wanted or wanted in who.casefold())]
    if len(found) != 1:
        what = "several people are" if found else "nobody who voted is"
        raise DataError(f"{what} called {name!r}", tries=[*people.values()] or ["datacc label ID CLASS --vote"])
    return found[0]
