"""Gold from votes: what more than half of those who voted say. Everything else waits for a person."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from datacc.errors import UsageError
from datacc.frozen import frozen
from datacc.repo.change import Edit
from datacc.repo.edit import write
from datacc.repo.events import class_name
from datacc.repo.find import Repository
from datacc.repo.fold import Register, State
from datacc.repo.identity import canonical_json
from datacc.repo.operation import Operation
from datacc.repo.schema import Column, Schema
from datacc.repo.votes import ballots, votes_in
from datacc.repo.working import one_output, read_working

_RESTS_ON: Final = "majority of the votes "  # then their ids: what a later vote is compared with

Fate = Literal["write", "same", "adjudicated", "undecided", "few", "conflict"]


@frozen
class Counted:
    """The votes on one example: class name → how many; `gold` what it is now, `majority` what most say, if they do.

    `fate`: "write" (gold is to become the majority), "same" (it is), "adjudicated" (a person decided; that holds),
    "undecided" (no class has more than half), "few" (fewer votes than asked for), "conflict" (settle that first).
    """

    example: str
    votes: Mapping[str, int]
    gold: str | None
    majority: str | None
    fate: Fate


def gold(repository: Repository, output: str | None, at_least: int = 2, *, is_dry: bool) -> tuple[Counted, ...]:
    """Count the votes of every example that has some and, unless `is_dry`, journal the gold that follows from them.

    One edit per example, all taken back by one `undo`; its reason names the votes that it rests on.
    """
    if at_least < 1:
        raise UsageError(f"--at-least {at_least}: a majority needs a vote", tries=["--at-least 2"])
    working = read_working(repository)
    column = one_output(working.contents.schema.of("output"), output)
    done, edits = [], []
    for id, found in ballots(working, column):
        register = working.states[id].fields.get(column.id, Register())
        counted = _count(id, column, register, found, at_least)
        done.append(counted)
        if counted.fate == "write":
            edits.append(_edit(id, column, register, found))
    if edits and not is_dry:
        write(repository, working.pending, edits)
    return tuple(done)


def winner(votes: Mapping[str, Operation]) -> Any:
    """The value as it is stored (a class id, several, a number) that more than half of the votes are for, or None."""
    said = {canonical_json(one.new): one.new for one in votes.values()}
    [(value, most)] = Counter(canonical_json(one.new) for one in votes.values()).most_common(1) or [("", 0)]
    return said[value] if 2 * most > len(votes) else None


def is_adjudicated(register: Register) -> bool:
    """Whether a person decided the value."""
    return any(one.op == "resolve" for one in register.live)


def is_torn(state: State, column: Column) -> bool:
    """Whether people disagree without a majority, and nobody has decided."""
    found = votes_in(state, column)
    register = state.fields.get(column.id, Register())
    return state.alive and len(found) > 1 and winner(found) is None and not is_adjudicated(register)


def stale(states: Mapping[str, State], schema: Schema) -> Iterator[tuple[str, Column, Any]]:
    """(example, output, value of the majority now) where gold rests on other votes than those that count now."""
    for column in schema.of("output"):
        for id in sorted(states):
            state = states[id]
            register = state.fields.get(column.id)
            based = [set(reason.split()) for one in register.live if (reason := _rests_on(one))] if register else []
            if state.alive and based:
                now = votes_in(state, column)
                if any(ids != {one.id for one in now.values()} for ids in based):
                    yield id, column, winner(now)


def _rests_on(write: Operation) -> str:
    reason = write.reason or ""
    return reason.removeprefix(_RESTS_ON) if reason.startswith(_RESTS_ON) else ""


def _count(id: str, column: Column, register: Register, found: Mapping[str, Operation], at_least: int) -> Counted:
    most = winner(found)
    votes = Counter(str(class_name(column, one.new)) for one in found.values())
    now, majority = class_name(column, register.value), class_name(column, most)
    fate = _fate(register, found, most, at_least)
    return Counted(example=id, votes=dict(votes), gold=now, majority=majority, fate=fate)


def _fate(register: Register, found: Mapping[str, Operation], most: Any, at_least: int) -> Fate:
    if register.conflict:
        return "conflict"
    if is_adjudicated(register):
        return "adjudicated"
    if len(found) < at_least:
        return "few"
    if most is None:
        return "undecided"
    ids = {one.id for one in found.values()}
    rests = any(set(_rests_on(one).split()) == ids for one in register.live)
    return "same" if register.value == most and rests else "write"


def _edit(id: str, column: Column, register: Register, found: Mapping[str, Operation]) -> Edit:
    return {
        "op": "set",
        "example": id,
        "field": column.id,
        "new": winner(found),
        "old": register.value,
        "replaces": [one.id for one in register.live],
        "reason": _RESTS_ON + " ".join(sorted(one.id for one in found.values())),
    }
