"""Which module prints which op, and all kernels in C, each after those it uses."""

from collections.abc import Callable, Mapping
from typing import Final

from datacc.emit import (
    argmax,
    concat,
    conv,
    copy,
    dense,
    dense_rows,
    each,
    gather,
    largest,
    pool,
    product,
    reorder,
    rescale,
    total,
    transforms,
)
from datacc.emit.piece import Piece
from datacc.emit.pixelwise import pixelwise
from datacc.ir.plan import Plan, Step
from datacc.ir.total import is_total

Kernel = Callable[[Step, Plan, str], Piece]


def _total_or(floats: Kernel) -> Kernel:
    """The kernel of sums in order where a product only adds up."""

    def kernel(step: Step, plan: Plan, name: str) -> Piece:
        is_sum = is_total(plan.graph, plan.graph.by_name[step.nodes[0]])
        return total.total(step, plan, name) if is_sum else floats(step, plan, name)

    return kernel


def _by_type(floats: Kernel, integers: Kernel) -> Kernel:
    """One kernel for floats and one for integers, by what the step reads."""

    def kernel(step: Step, plan: Plan, name: str) -> Piece:
        chosen = floats if plan.places[step.reads[0]].dtype == "float32" else integers
        return chosen(step, plan, name)

    return kernel


KERNELS: Final[Mapping[str, Kernel]] = {
    "each": each.each,
    "dense": _by_type(_total_or(dense.dense), product.product),
    "conv": _by_type(_total_or(conv.conv), product.product),
    "rescale": rescale.rescale,
    "add": rescale.add,
    "maxpool": _by_type(pool.pool, pool.of_bytes),
    "meanpool": pool.pool,
    "argmax": pixelwise,
    "maximum": pixelwise,
    "concat": concat.concat,
    "slice": reorder.slice_,
    "reshape": reorder.reshape,
    "transpose": reorder.transpose,
    "cast": reorder.cast,
    "gather": gather.gather,
    "copy": copy.copy,
}

# The bytes of scratch that a step's kernel works in, for ops that want any; the steps are placed already.
SCRATCH: Final[Mapping[str, Callable[[Step, Plan], int]]] = {"conv": conv.scratch}

# These write whole vectors, so padded channels come out as zeros by themselves.
WRITES_LANES: Final = frozenset({"dense", "conv", "each", "add", "maxpool", "meanpool", "rescale"})

FRAGMENTS: Final[Mapping[str, str]] = {
    **copy.FRAGMENTS,
    **conv.FRAGMENTS,
    **transforms.FRAGMENTS,
    **dense.FRAGMENTS,
    **dense_rows.FRAGMENTS,
    **pool.FRAGMENTS,
    **largest.FRAGMENTS,
    **argmax.FRAGMENTS,
    **product.FRAGMENTS,
    **rescale.FRAGMENTS,
    **total.FRAGMENTS,
    **gather.FRAGMENTS,
}


def reads_rings(step: Step, plan: Plan) -> bool:
    """Whether the step's kernel can read rows that lie in a ring, as convolutions of floats to a single row do."""
    is_float = plan.places[step.reads[0]].dtype == "float32"
    return (
        step.op == "conv"
        and is_float
        and not is_total(plan.graph, plan.graph.by_name[step.nodes[0]])
        and conv.reads_rings(step, plan)
    )


def has_kernel(step: Step, plan: Plan) -> bool:
    """Whether the op is emitted for these element types: means take floats alone, the others any."""
    read = {plan.places[value].dtype for value in step.values}
    return step.op in KERNELS and (read == {"float32"} or step.op != "meanpool")
