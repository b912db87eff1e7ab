"""The skeleton `mlp.v1`: dense layers with normalisation and thresholds, for records and small pictures."""

from collections.abc import Sequence
from typing import Final

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join, side_by_side
from datacc.skeletons import Sizes, Skeleton, checked, normalised


class Mlp(Skeleton):
    """Sizes: `width` of the hidden layers, `depth` their number (0: a linear program)."""

    general = True

    def fits(self, features: Sequence[Type]) -> bool:
        """Anything: a dense layer reads every shape."""
        return True

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From a linear program to two layers of 128."""
        rungs = ((0, 0), (8, 1), (16, 1), (16, 2), (32, 2), (64, 2), (128, 2))
        return tuple({"width": width, "depth": depth} for width, depth in rungs)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Every front through one dense layer, added up; then depth − 1 more layers; then the answer."""
        width, depth = checked(sizes, width=(0, 4096), depth=(0, 16))
        inputs = side_by_side(tuple(fronts))
        b = Builder(inputs)
        goal = answer.inputs[0]
        tops = [name for _, name in inputs.outputs]
        for layer in range(depth):
            tops = [normalised(b, f"hidden{layer + 1}", _sum(b, f"hidden{layer + 1}", tops, width))]
        top = _sum(b, "top", tops, goal.type.shape[0], dims=False)
        return join(b.graph({goal.name: top}), answer)


def _sum(b: Builder, name: str, tops: Sequence[str], width: int, *, dims: bool = True) -> str:
    """One dense layer over several values: a product for each, added."""
    total = ""
    for k, top in enumerate(tops):
        part = f"{name}.{k}" if len(tops) > 1 else name
        shape = b.type(top).shape
        weight = b.weight(f"{part}.weight", (width, *shape), dims=(name if dims else "", *("",) * len(shape)))
        bias = b.weight(f"{part}.bias", (width,), dims=(name if dims else "",))
        value = b.op("dense", f"{part}.dense", top, weight, bias)
        total = b.op("add", f"{part}.sum", total, value) if total else value
    return total


ENTRY: Final = Mlp()
