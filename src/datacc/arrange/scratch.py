"""Giving a step's kernel the memory it works in: an arena buffer that lives for this one step."""

from dataclasses import replace

import numpy as np

from datacc.emit.table import SCRATCH
from datacc.ir.plan import Place, Plan, Step, fresh

Known = dict[tuple[object, ...], int]  # bytes of scratch by step and places


def with_scratch(plan: Plan, known: Known) -> Plan:
    """The plan with a place for the scratch of every step whose kernel asks for some; `known` remembers how much."""
    places, steps = dict(plan.places), []
    for step in plan.steps:
        wanted = [_bytes(p.step, plan.within(p), known) for p in step.parts] or [_bytes(step, plan, known)]
        if any(wanted):
            name = fresh(f"{step.out} (scratch)", places)
            places[name] = _floats(name, max(wanted))
            parts = (
                replace(part, step=replace(part.step, scratch=name if nbytes else ""))
                for part, nbytes in zip(step.parts, wanted, strict=False)
            )
            step = replace(step, scratch=name, parts=tuple(parts))
        steps.append(step)
    return replace(plan, steps=tuple(steps), places=places)


def _bytes(step: Step, plan: Plan, known: Known) -> int:
    """What the kernel of a step works in, in bytes; it depends on the step and its places alone."""
    key = (replace(step, scratch=""), *(plan.places[value] for value in (*step.values, step.out)))
    if key not in known:
        known[key] = SCRATCH[step.op](step, plan) if step.op in SCRATCH else 0
    return known[key]


def _floats(name: str, nbytes: int) -> Place:
    count = -(-nbytes // np.dtype(np.float32).itemsize)
    return Place(home="arena", buffer=name, dtype="float32", height=1, width=1, channels=count, pixel=count)
