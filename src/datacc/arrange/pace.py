"""About how many cycles a step takes, a few rows at a time or all at once: enough to see what strips would cost."""

from dataclasses import replace

from datacc.emit.abreast import abreast
from datacc.emit.blocks import Blocks, suits
from datacc.emit.form import Form
from datacc.emit.shape import Shape
from datacc.ir.plan import LANES, Plan, Step


def cycles(plan: Plan, step: Step, rows: int) -> float:
    """The cycles for `rows` rows of the step's result."""
    out = plan.places[step.out]
    if step.op != "conv":
        return moving(rows * out.row) * (4 if step.op in ("maxpool", "meanpool") else 1)
    if plan.places[step.reads[0]].dtype != "float32":
        return Shape.of(step, plan).cycles(rows)
    form = Form.of(step, replace(plan, places={**plan.places, step.out: replace(out, height=rows)}))
    return Blocks.of(form).cycles if suits(form) else abreast(form).cycles


def moving(floats: int) -> float:
    """The cycles for reading and writing so many floats."""
    return floats / LANES
