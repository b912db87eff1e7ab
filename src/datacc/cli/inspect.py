"""List the operations of a built program, with their work and bytes.

It ends with the share of its steps (multiply-adds and comparisons) that is matrix product and threshold. With
`--backward` it lists those of a step of its fit: forwards, the loss, and the gradients of all that is learnt.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.cli.place import place_of
from datacc.compiler.backward import step_of
from datacc.compiler.figures import ops_of
from datacc.compiler.shown import amount, part
from datacc.ir.cost import NodeCost

EXAMPLE: Final = "datacc inspect build/digits"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact, and whether to show the program or the step that fits it."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")
    parser.add_argument("--backward", action="store_true", help="the step that fits its skeleton, gradients included")


def run(options: argparse.Namespace) -> Outcome:
    """The table of ops and the shares of their kinds."""
    if options.backward:
        return _backward(options.artifact)
    folder = options.artifact or place_of(None).artifact
    name, costs = ops_of(folder)
    total = sum(op.steps for op in costs)
    by_kind = Counter(product=0, threshold=0, other=0)
    for op in costs:
        by_kind[op.kind] += op.steps
    shares = {kind: steps / total if total else 0.0 for kind, steps in by_kind.items()}
    work = sum(op.work for op in costs)
    facts = {"name": name, "ops": [vars(op) for op in costs], "work": work, "shares": shares}
    head = ("op", "node", "kind", "multiply-adds", "comparisons", "share", "weights", "result")
    table = columns([head, *(_row(op, total) for op in costs)])
    told = ", ".join(f"{kind} {part(steps, total)}" for kind, steps in by_kind.items())
    kinds = Counter(op.kind for op in costs)
    counted = ", ".join(f"{kinds[kind]} {kind}" for kind in by_kind)
    text = f"{table}\n\n{len(costs)} ops: {counted}\n{amount(work)} multiply-adds per answer; of all steps: {told}"
    return Outcome(facts=facts, text=text)


def _backward(artifact: Path | None) -> Outcome:
    """The nodes of the step, and the share of the work of one row that each op has."""
    place = place_of(artifact)
    name, nodes = step_of(place.artifact, place.root, place.store)
    total = sum(node.steps for node in nodes)
    by_op = Counter[str]()
    for node in nodes:
        by_op[node.op] += node.steps
    shares = {op: steps / total for op, steps in by_op.most_common()}
    adjoints = dict(Counter(node.op for node in nodes if node.adjoint))
    facts = {"name": name, "nodes": [vars(node) for node in nodes], "shares": shares, "adjoints": adjoints}
    head = ("op", "node", "varies", "shape", "multiply-adds", "comparisons", "share")
    rows = [(n.op, n.name, n.varies, n.shape, f"{n.work:,}", f"{n.comparisons:,}", part(n.steps, total)) for n in nodes]
    told = ", ".join(f"{op} {part(steps, total)}" for op, steps in by_op.most_common() if steps)
    named = ", ".join(f"{count} {op}" for op, count in adjoints.items())
    whole = sum(node.varies == "whole" for node in nodes)
    counted = f"{len(nodes)} ops, {whole} of them on whole values; adjoints: {named}"
    return Outcome(facts=facts, text=f"{columns([head, *rows])}\n\n{counted}\nof all steps: {told}")


def _row(op: NodeCost, total: int) -> tuple[str, ...]:
    return (
        op.op,
        op.name,
        op.kind,
        f"{op.work:,}",
        f"{op.comparisons:,}",
        part(op.steps, total),
        f"{op.weights:,} B",
        f"{op.result:,} B",
    )
