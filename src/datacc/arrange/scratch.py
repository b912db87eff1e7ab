"""Giving a step's kernel the memory it works in: an arena buffer that lives for this one step."""

from dataclasses import replace

import numpy as np

from datacc.emit.table import SCRATCH
from datacc.ir.plan import Place, Plan, Step, fresh


def with_scratch(plan: Plan) -> Plan:
    """The plan with a place for the scratch of every step whose kernel asks for some."""
    places, steps = dict(plan.places), []
    for step in plan.steps:
        wanted = [scratch_bytes(p.step, plan.within(p)) for p in step.parts] or [scratch_bytes(step, plan)]
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


def scratch_bytes(step: Step, plan: Plan) -> int:
    """What the kernel of a step works in, in bytes."""
    return SCRATCH[step.op](step, plan) if step.op in SCRATCH else 0


def _floats(name: str, nbytes: int) -> Place:
    count = -(-nbytes // np.dtype(np.float32).itemsize)
    return Place(home="arena", buffer=name, dtype="float32", height=1, width=1, channels=count, pixel=count)
