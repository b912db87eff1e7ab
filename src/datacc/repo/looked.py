"""Whose labels people looked at again after their import, and which of these they changed: a measure of label noise."""

from collections.abc import Mapping

from datacc.frozen import frozen
from datacc.repo.fold import Register
from datacc.repo.ids import places
from datacc.repo.schema import Column
from datacc.repo.states import States
from datacc.repo.values import meant

_NOTHING = Register()


@frozen
class Looked:
    """Of one output: the ids of `seen` examples, whose label a person verified or said anew, and of those `changed`."""

    seen: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


def looked_at(states: States, outputs: Mapping[str, Column]) -> dict[str, Looked]:
    """What people said by name of an output's labels that an import brought.

    Whoever labels what had no label looks at nothing again, and what a model says is no look. Conflicts do not count.
    """
    rows = dict(places(states.table.ids, list(states.edited)))
    found = {}
    for name, column in outputs.items():
        brought, seen, changed = states.table.values.get(column.id), set(), set()
        for id, row in rows.items() if brought is not None else ():
            assert brought is not None
            before = meant(column, brought[row])
            register = states.edited[id].fields.get(column.id, _NOTHING)
            now = meant(column, register.value)
            if before is None or now is None or not states.edited[id].alive:
                continue
            if now != before and any(one.model is None and one.old is not None for one in register.live):
                seen.add(id)
                changed.add(id)
            elif now == before and any(one.model is None for one in register.verifies):
                seen.add(id)
        found[name] = Looked(seen=frozenset(seen), changed=frozenset(changed))
    return found
