"""Giving a step's kernel the memory it works in: an arena buffer that lives for this one step."""

from dataclasses import replace

import numpy as np

from datacc.emit.table import SCRATCH
from datacc.ir.plan import Part, Place, Plan, Step, fresh


def with_scratch(plan: Plan) -> Plan:
    """The plan with a place for the scratch of every step whose kernel asks for some."""
    places, steps = dict(plan.places), []
    for step in plan.steps:
        name = fresh(f"{step.out} (scratch)", places)
        nbytes, parts = scratch_bytes(step, plan), tuple(_with(part, plan, name) for part in step.parts)
        if nbytes:
            places[name] = _floats(name, nbytes)
        steps.append(replace(step, parts=parts, scratch=name if nbytes else ""))
    return replace(plan, steps=tuple(steps), places=places)


def scratch_bytes(step: Step, plan: Plan) -> int:
    """What the kernel of a step works in, or the parts of a step after each other, in bytes."""
    if step.parts:
        return max(scratch_bytes(part.step, _seen(part, plan)) for part in step.parts)
    return SCRATCH[step.op](step, plan) if step.op in SCRATCH else 0


def _with(part: Part, plan: Plan, name: str) -> Part:
    """The part with the scratch of its step, if it works in any."""
    has_any = scratch_bytes(part.step, _seen(part, plan)) > 0
    return replace(part, step=replace(part.step, scratch=name if has_any else ""))


def _seen(part: Part, plan: Plan) -> Plan:
    """The plan as a part sees it: some rows of what it reads and writes."""
    ends = {part.step.reads[0]: part.source, part.step.out: part.out}
    return replace(plan, places={**plan.places, **ends})


def _floats(name: str, nbytes: int) -> Place:
    count = -(-nbytes // np.dtype(np.float32).itemsize)
    return Place(home="arena", buffer=name, dtype="float32", height=1, width=1, channels=count, pixel=count)
