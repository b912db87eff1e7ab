"""The skeleton `mlp.v1`: dense layers with normalisation and thresholds, for records and small pictures."""

from collections.abc import Sequence
from typing import Final

from datacc.errors import SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join
from datacc.skeletons import Sizes, Skeleton, checked, normalised, summed, taken


class Mlp(Skeleton):
    """Sizes: `width` of the hidden layers, `depth` their number (0: a linear program)."""

    general = True

    def fits(self, features: Sequence[Type]) -> bool:
        """Any numbers: a dense layer reads every shape."""
        return all(feature.dtype == "float32" for feature in features)

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From a linear program to three layers of 128."""
        rungs = (
            (0, 0),
            (4, 1),
            (8, 1),
            (8, 2),
            (16, 1),
            (16, 2),
            (32, 1),
            (32, 2),
            (64, 2),
            (64, 3),
            (128, 2),
            (128, 3),
        )
        return tuple({"width": width, "depth": depth} for width, depth in rungs)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Every front through one dense layer, added up; then depth − 1 more layers; then the answer."""
        width, depth = checked(sizes, width=(0, 4096), depth=(0, 16))
        if depth and not width:
            raise SpecError("hidden layers have a width of at least 1", tries=["depth = 0, for a linear program"])
        inputs = taken(self, fronts, "mlp.v1 takes numbers, not text")
        b = Builder(inputs)
        goal = answer.inputs[0]
        tops = [name for _, name in inputs.outputs]
        source = ""
        for layer in range(1, depth + 1):
            name = f"hidden{layer}"
            tops = [normalised(b, name, summed(b, name, tops, width, (name, source)))]
            source = name
        top = summed(b, "top", tops, goal.type.shape[0], ("", source))
        return join(b.graph({goal.name: top}), answer)


ENTRY: Final = Mlp()
