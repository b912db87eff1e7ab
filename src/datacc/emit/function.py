"""The C function of one step: what it computes in a comment, its parameters, its constants and kernel calls."""

from collections.abc import Iterable, Sequence
from string import ascii_lowercase

from datacc.emit.copy import clearing
from datacc.emit.piece import C_TYPES, Piece
from datacc.emit.table import WRITES_LANES
from datacc.emit.text import comment, listing, word
from datacc.emit.walk import wrapped
from datacc.ir.cost import node_costs
from datacc.ir.plan import Plan, Step


def function(plan: Plan, number: str, step: Step, piece: Piece, *, rows: int = 0) -> str:
    """The whole function of step `number`; or of a part of one that computes so many `rows` at each call."""
    clear = () if rows else clearing(plan.places[step.out], writes_lanes=step.op in WRITES_LANES)
    body = (*piece.table, *clear, *piece.body)
    return headed(summary(plan, step, rows), title(number, step), parameters(plan, step), body)


def headed(comment: str, name: str, declared: Sequence[str], body: Iterable[str]) -> str:
    """The text of a function that returns nothing."""
    head = wrapped(f"STEP void {name}", declared, ")")
    return "\n".join([comment, *head, "{", *(f"    {line}" for line in body), "}"])


def title(number: str, step: Step) -> str:
    """The name of a step's function."""
    return f"step{number}_{word(step.nodes[0])}"


def parameters(plan: Plan, step: Step) -> list[str]:
    """The parameters of a step's function as C declarations: what it reads, what it writes, windows, scratch."""
    declared = [f"const {c_type(plan, value)} *{name}" for value, name in reads(step)]
    windows = [
        f"{c_type(plan, value)} *rows_{letter}" for value, letter in zip(step.windows, ascii_lowercase, strict=False)
    ]
    first = ["int first"] if plan.places[step.reads[0]].ring else []
    return [
        *declared,
        *first,
        f"{c_type(plan, step.out)} *out",
        *windows,
        *(["float *scratch"] if step.scratch else []),
    ]


def reads(step: Step) -> list[tuple[str, str]]:
    """(value, parameter) of everything a step reads."""
    names = ["in"] if len(step.reads) == 1 else [f"in{i}" for i in range(1, len(step.reads) + 1)]
    pairs = list(zip(step.reads, names, strict=True))
    return [*pairs, (step.residual, "residual")] if step.residual else pairs


def summary(plan: Plan, step: Step, rows: int = 0) -> str:
    """One comment: nodes, op, shapes, work; of a part that computes so many `rows` at each call, these."""
    nodes = " + ".join(step.nodes)
    shapes = ", ".join(listing(_shape(plan, value)) for value in step.values)
    costs = {cost.name: cost.work for cost in node_costs(plan.graph)}
    spent = sum(costs.get(node, 0) for node in step.nodes) if step.op != "copy" else 0
    tail = f"; {spent:,} multiply-adds" if spent else ""
    what = f"{len(step.parts)} layers in strips" if step.parts else _what(plan, step)
    what = f"{what}, {rows} row{'s' * (rows > 1)} at a time" if rows else what
    rest = f": {what}, {shapes} to {listing(_shape(plan, step.out))}{tail} */"
    return f"/* {comment(nodes, max(24, 116 - len(rest)))}{rest}"


def _what(plan: Plan, step: Step) -> str:
    """The ops of a step."""
    if step.op == "each":
        return comment(", ".join(plan.graph.by_name[node].op for node in step.nodes), 50)
    return "".join((step.op, " + add" if step.residual else "", _threshold(step)))


def _threshold(step: Step) -> str:
    return (" + clip" if step.most else " + relu") if step.relu else ""


def c_type(plan: Plan, value: str) -> str:
    """The C type of a value's elements."""
    return C_TYPES[plan.places[value].dtype]


def _shape(plan: Plan, value: str) -> tuple[int, ...]:
    if value in plan.graph.by_name:
        return plan.graph.by_name[value].type.shape
    place = plan.places[value]
    return place.height, place.width, place.channels
