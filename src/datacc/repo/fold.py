"""The fold: what a set of operations, in any order, says of each example. Conflicts are kept, never decided."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from datacc.frozen import frozen
from datacc.repo.operation import WHOLE, Operation

WRITES: Final = frozenset({"set", "unset", "resolve"})
_KEEPS: Final = WRITES | {"add"}
DROPS: Final = frozenset({"delete", "supersede"})


@frozen
class Register:
    """One field of one example: a register that can hold several values.

    `live` are the writes that nothing overwrote, in the order of their ids; `verifies` and `flags` what was said of
    the field and not overwritten. A vote (`column@annotator`) is its owner's alone: the latest counts.
    """

    live: tuple[Operation, ...] = ()
    verifies: tuple[Operation, ...] = ()
    flags: tuple[Operation, ...] = ()

    @property
    def values(self) -> tuple[Any, ...]:
        """The different live values; None stands for "no value" (unset)."""
        if len(self.live) == 1:  # as most have
            return (None if self.live[0].op == "unset" else self.live[0].new,)
        distinct: list[Any] = []
        for write in self._counted:
            value = None if write.op == "unset" else write.new
            if value not in distinct:
                distinct.append(value)
        return tuple(distinct)

    @property
    def value(self) -> Any:
        """The value, or None when there is none or a conflict."""
        return self.values[0] if len(self.values) == 1 else None

    @property
    def conflict(self) -> bool:
        """Whether two live values differ."""
        return len(self.values) > 1

    @property
    def verified(self) -> bool:
        """Whether somebody looked at the live values and found them right."""
        seen = {id for verify in self.verifies for id in verify.about}
        return bool(self.live) and all(write.id in seen for write in self.live)

    @property
    def _counted(self) -> tuple[Operation, ...]:
        if self.live and "@" in self.live[0].field:
            return (max(self.live, key=lambda write: (write.when, write.id)),)
        return self.live


@frozen
class State:
    """What is said of one example. `exists`: some operation added it (a dangling edit adds nothing).

    `drops` are live deletions (or supersessions); with live writes that they do not name they are a conflict.
    """

    exists: bool
    drops: tuple[Operation, ...]
    kept: bool
    fields: Mapping[str, Register]

    @property
    def alive(self) -> bool:
        """Whether it is an example of the repository: added and not dropped, or dropped in a conflict."""
        return self.exists and (not self.drops or self.kept)

    @property
    def disputed(self) -> bool:
        """Whether a deletion stands against a write."""
        return bool(self.drops and self.kept)

    @property
    def conflict(self) -> bool:
        """Whether a field has two values, or a deletion stands against a write."""
        return self.exists and (self.disputed or any(r.conflict for r in self.fields.values()))


def fold(operations: Iterable[Operation]) -> dict[str, State]:
    """The state of each example, by id. Neither the order of the operations nor repeats make a difference."""
    by_example: dict[str, list[Operation]] = {}
    for operation in operations:
        by_example.setdefault(operation.example, []).append(operation)
    return {example: state_of(said) for example, said in by_example.items()}


def state_of(operations: Sequence[Operation]) -> State:
    """What operations on one example say of it; as in `fold`, order and repeats make no difference."""
    if len({(one.id, one.op, one.field) for one in operations}) == len(operations):
        return _state(operations)
    return _state(list({(one.id, one.op, one.field): one for one in operations}.values()))


def living(operations: Iterable[Operation]) -> list[Operation]:
    """Those of one example's operations that no other one overwrites."""
    said = list(operations)
    overwritten: dict[str, set[str]] = {}
    for operation in said:
        if operation.replaces:
            overwritten.setdefault(operation.field, set()).update(operation.replaces)
    if not overwritten:
        return said
    nothing: set[str] = set()
    everywhere = overwritten.get(WHOLE, nothing)  # an operation on the whole example overwrites in every field
    return [o for o in said if o.id not in overwritten.get(o.field, nothing) and o.id not in everywhere]


def _state(operations: Sequence[Operation]) -> State:
    if len(operations) == 2:  # as most are: imported with a label
        brought, said = operations
        if brought.op == "add" and said.op == "set" and not (brought.replaces or said.replaces):
            fields = {brought.field: _NOTHING, said.field: Register(live=(said,))}
            return State(exists=True, drops=(), kept=True, fields=fields)
    live = sorted(living(operations))  # by id, then what they do
    by_field: dict[str, list[Operation]] = {}
    for operation in live:
        by_field.setdefault(operation.field, []).append(operation)
    return State(
        exists=any(o.op == "add" for o in operations),
        drops=tuple([o for o in by_field.get(WHOLE, ()) if o.op in DROPS]),
        kept=any(o.op in _KEEPS for o in live),
        fields={field: _register(said) for field, said in sorted(by_field.items())},
    )


def _register(said: Sequence[Operation]) -> Register:
    if len(said) == 1 and said[0].op in WRITES:  # as most are
        return Register(live=(said[0],))
    if len(said) == 1 and said[0].op == "add":
        return _NOTHING
    return Register(
        live=tuple(o for o in said if o.op in WRITES),
        verifies=tuple(o for o in said if o.op == "verify"),
        flags=tuple(o for o in said if o.op == "flag"),
    )


_NOTHING: Final = Register()
