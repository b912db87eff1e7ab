"""Choosing what works in strips: chains of steps that are joined until the arena's peak gets no lower."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from datacc.arrange.live import loads, share
from datacc.arrange.scratch import Known, with_scratch
from datacc.arrange.strips import at_ends, in_strips
from datacc.ir.plan import Place, Plan, Step

Chain = tuple[Step, ...]


def fuse(plan: Plan) -> Plan:
    """The plan with the chains joined that lower its peak, with all places and scratch.

    One join after the other is taken, each time the one that leaves the least where most memory is in use.
    """
    joiner = _Joiner(plan)
    chains: list[Chain] = [(step,) for step in plan.steps]
    done = joiner.joined(chains)
    assert done is not None  # single steps are what they were
    load = loads(done.steps, done.places)
    while True:
        found = [
            (sorted(loads(other.steps, other.places), reverse=True), -i, candidate, other)
            for i, candidate in enumerate(_candidates(plan, chains, load))
            if (other := joiner.joined(candidate)) is not None
        ]
        best = min(found, key=lambda entry: entry[:2], default=None)
        if best is None or best[0] >= sorted(load, reverse=True):
            return done
        _, _, chains, done = best
        load = loads(done.steps, done.places)


class _Joiner:
    """Plans of one plan's chains; what was found about a chain or a kernel is kept for the next plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.scratch = plan, Known()
        self.found: dict[Chain, tuple[Step, dict[str, Place]] | None] = {}

    def joined(self, chains: Sequence[Chain]) -> Plan | None:
        """The plan with each chain as one step; None when some chain cannot be one."""
        places, steps = dict(self.plan.places), []
        for chain in chains:
            if chain not in self.found:
                self.found[chain] = in_strips(self.plan, chain) if len(chain) > 1 else (chain[0], {})
            found = self.found[chain]
            if found is None:
                return None
            steps.append(found[0])
            places |= found[1]
        places = share(tuple(steps), places)
        steps = [at_ends(step, places) for step in steps]
        return with_scratch(replace(self.plan, steps=tuple(steps), places=places), self.scratch)


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
