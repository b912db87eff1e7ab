"""Choosing what works in strips: chains of steps that are joined until the arena's peak gets no lower."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from datacc.arrange.live import loads, share
from datacc.arrange.scratch import with_scratch
from datacc.arrange.strips import at_ends, in_strips
from datacc.ir.plan import Plan, Step

Chain = tuple[Step, ...]


def fuse(plan: Plan) -> Plan:
    """The plan with the chains joined that lower its peak, with all places and scratch.

    One join after the other is taken, each time the one that leaves the least where most memory is in use.
    """
    chains: list[Chain] = [(step,) for step in plan.steps]
    done = _joined(plan, chains)
    assert done is not None  # single steps are what they were
    load = loads(done.steps, done.places)
    while True:
        found = [
            (sorted(loads(other.steps, other.places), reverse=True), -i, candidate, other)
            for i, candidate in enumerate(_candidates(plan, chains, load))
            if (other := _joined(plan, candidate)) is not None
        ]
        best = min(found, key=lambda entry: entry[:2], default=None)
        if best is None or best[0] >= sorted(load, reverse=True):
            return done
        _, _, chains, done = best
        load = loads(done.steps, done.places)


def _joined(plan: Plan, chains: Sequence[Chain]) -> Plan | None:
    """The plan with each chain as one step; None when some chain cannot be one."""
    places, steps = dict(plan.places), []
    for chain in chains:
        if len(chain) == 1:
            steps.append(chain[0])
            continue
        found = in_strips(plan, chain)
        if found is None:
            return None
        steps.append(found[0])
        places |= found[1]
    places = share(tuple(steps), places)
    return with_scratch(replace(plan, steps=tuple(at_ends(step, places) for step in steps), places=places))


def _candidates(plan: Plan, chains: Sequence[Chain], load: Sequence[int]) -> Iterator[list[Chain]]:
    """The chains with two of them joined across a step at which most memory is in use."""
    highest = [i for i, nbytes in enumerate(load) if nbytes == max(load)]
    writer = {chain[-1].out: i for i, chain in enumerate(chains)}
    readers: dict[str, list[int]] = {}
    for i, chain in enumerate(chains):
        for step in chain:
            for value in step.values:
                readers.setdefault(value, []).append(i)
    for i, chain in enumerate(chains):
        source = chain[0].reads[0]
        j = writer.get(source, i)
        is_own = readers[source] == [i] and plan.places[source].home == "arena"
        is_own = is_own and not any(_touches_state(plan, step) for step in (*chains[j], *chain))
        if j < i and is_own and any(j <= at <= i for at in highest):
            yield [*chains[:j], *chains[j + 1 : i], (*chains[j], *chain), *chains[i + 1 :]]


def _touches_state(plan: Plan, step: Step) -> bool:
    """Whether a step reads or writes a state, which must happen in the order in which the steps stand."""
    return any(plan.places[value].home == "state" for value in (*step.values, step.out))
