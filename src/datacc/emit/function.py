"""The C function of one step: what it computes in a comment, its parameters, its constants and kernel calls."""

from datacc.emit.copy import clearing
from datacc.emit.piece import C_TYPES, Piece
from datacc.emit.table import WRITES_LANES
from datacc.emit.text import comment, listing, word
from datacc.ir.cost import node_costs
from datacc.ir.plan import Plan, Step


def function(plan: Plan, number: str, step: Step, piece: Piece) -> str:
    """The whole function of step `number`."""
    clear = clearing(plan.places[step.out], writes_lanes=step.op in WRITES_LANES)
    head = f"STEP void {title(number, step)}({', '.join(parameters(plan, step))})"
    body = (f"    {line}" for line in (*piece.table, *clear, *piece.body))
    return "\n".join([summary(plan, step), head, "{", *body, "}"])


def title(number: str, step: Step) -> str:
    """The name of a step's function."""
    return f"step{number}_{word(step.nodes[0])}"


def parameters(plan: Plan, step: Step) -> list[str]:
    """The parameters of a step's function as C declarations: what it reads, what it writes, its scratch."""
    declared = [f"const {_c_type(plan, value)} *{name}" for value, name in reads(step)]
    return [*declared, f"{_c_type(plan, step.out)} *out", *(["float *scratch"] if step.scratch else [])]


def reads(step: Step) -> list[tuple[str, str]]:
    """(value, parameter) of everything a step reads."""
    names = ["in"] if len(step.reads) == 1 else [f"in{i}" for i in range(1, len(step.reads) + 1)]
    pairs = list(zip(step.reads, names, strict=True))
    return [*pairs, (step.residual, "residual")] if step.residual else pairs


def summary(plan: Plan, step: Step) -> str:
    """One comment: nodes, op, shapes, work."""
    nodes = " + ".join(step.nodes)
    shapes = ", ".join(listing(_shape(plan, value)) for value in step.values)
    costs = {cost.name: cost.work for cost in node_costs(plan.graph)}
    spent = sum(costs.get(node, 0) for node in step.nodes) if step.op != "copy" else 0
    tail = f"; {spent:,} multiply-adds" if spent else ""
    fused = "".join((" + add" if step.residual else "", " + relu" if step.relu else ""))
    what = f"{step.op}{fused}"
    return f"/* {comment(nodes)}: {what}, {shapes} to {listing(_shape(plan, step.out))}{tail} */"


def _c_type(plan: Plan, value: str) -> str:
    return C_TYPES[plan.places[value].dtype]


def _shape(plan: Plan, value: str) -> tuple[int, ...]:
    if value in plan.graph.by_name:
        return plan.graph.by_name[value].type.shape
    place = plan.places[value]
    return place.height, place.width, place.channels
