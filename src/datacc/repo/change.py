"""The edits that lead an example from what it is to what it should be: what delete, restore and undo have in common."""

from collections.abc import Iterator, Sequence
from typing import Any

from datacc.repo.fold import WRITES, Register, State, fold, living
from datacc.repo.operation import WHOLE, Operation

Edit = dict[str, Any]


def change(example: str, said: Sequence[Operation], wanted: State) -> list[Edit]:
    """What to say of an example, of which everything that was said is `said`, so that its state is as `wanted`.

    Values come back as new operations; that somebody had verified them does not.
    """
    now = fold(said)[example]
    edits = _presence(example, said, now, wanted)
    fields = sorted({*now.fields, *wanted.fields} - {WHOLE}) if wanted.alive else []
    for field in fields:
        edits += _register(example, field, now.fields.get(field, Register()), wanted.fields.get(field, Register()))
    return edits


def drop(example: str, said: Sequence[Operation]) -> Edit:
    """The edit that deletes an example: it overwrites everything that is live of it."""
    live = sorted({o.id for o in living(said) if o.op == "add" or o.op in WRITES})
    return {"op": "delete", "example": example, "replaces": live}


def _presence(example: str, said: Sequence[Operation], now: State, wanted: State) -> list[Edit]:
    if not wanted.alive:
        return [drop(example, said)] if now.alive else []
    if now.drops and not wanted.drops:
        return [{"op": "add", "example": example, "replaces": [one.id for one in now.drops]}]
    if wanted.drops and not now.drops:
        return [{"op": "delete", "example": example}]  # beside writes, as it was: a conflict
    return []


def _register(example: str, field: str, now: Register, wanted: Register) -> Iterator[Edit]:
    if _values(now) == _values(wanted) and wanted.verified >= now.verified:
        return
    replaced = [one.id for one in (*now.live, *now.verifies)]
    for value in wanted.values or (None,):
        edit = {"op": "unset" if value is None else "set", "new": value, "old": now.value, "replaces": replaced}
        yield {"example": example, "field": field, **edit}


def alike(one: State, other: State) -> bool:
    """Whether two states say the same of presence and values."""
    pairs = ((one.fields.get(f, Register()), other.fields.get(f, Register())) for f in {*one.fields, *other.fields})
    return one.alive == other.alive and all(_values(a) == _values(b) for a, b in pairs)


def _values(register: Register) -> list[str]:
    """What can be compared: without a value is without a value, whether somebody said so or not."""
    return sorted(repr(value) for value in register.values if value is not None or register.conflict)
