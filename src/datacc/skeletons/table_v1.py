"""The skeleton `table.v1`: a sum over bins and values of records, and dense layers for what these do together.

Texts may stand beside the records.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from datacc.errors import SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join
from datacc.skeletons import Sizes, Skeleton, checked, normalised, summed, taken
from datacc.skeletons.text_v1 import mean_vector

RUNGS: Final = (
    *((0, 0, 4), (4, 1, 4), (8, 1, 4), (16, 1, 4), (16, 2, 4), (16, 1, 2), (32, 1, 4), (32, 2, 4), (32, 2, 2)),
    *((64, 2, 4), (64, 2, 2), (64, 3, 2), (128, 2, 2), (128, 3, 1)),
)
ENOUGH: Final = 10_000  # rows to learn from
FEW: Final = {"rate": 0.02, "smoothing": 0.0, "average": 0.998, "decay": 0.6, "balance": 0.0}
MANY: Final = {**FEW, "rate": 0.005, "decay": 0.3, "batch": 256}
TEXT: Final = {"bits": 10, "grams": 3, "width": 24}  # of the n-grams of a text beside the record


class Table(Skeleton):
    """Sizes: `width` of the hidden layers, `depth` their number (0: only the sum), `bins` of each number.

    `bins` divides those that the record has; 0 leaves them out.
    """

    others = ({"decay": 0.9}, {"decay": 0.3})  # labels that chance has a part in want much of it, smooth numbers little

    def fits(self, features: Sequence[Type]) -> bool:
        """Numbers, with bins or with one text beside them."""
        texts = [one for one in features if one.dtype == "uint8" and len(one.shape) == 1]
        numbers = [one for one in features if one.dtype == "float32" and len(one.shape) <= 2]
        binned = any(len(one.shape) == 2 for one in numbers)
        return (
            len(texts) + len(numbers) == len(features) and len(texts) <= 1 <= len(numbers) and (binned or bool(texts))
        )

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From a sum over few bins to three layers of 128."""
        bins = [one.shape[1] for one in features if one.dtype == "float32" and len(one.shape) == 2]
        rungs = [(width, depth, _cut(min(bins), share) if bins else 0) for width, depth, share in RUNGS]
        return tuple({"width": width, "depth": depth, "bins": count} for width, depth, count in dict.fromkeys(rungs))

    def suits(self, rows: int) -> Mapping[str, Any]:
        """The mean of the weights, and much decay; of many rows small steps of large batches; see bench/RESULTS.md.

        Chance has a part in what tables say: there weights of classes cost right answers, and shares that hold.
        """
        return MANY if rows >= ENOUGH else FEW

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Dense layers over all that the fronts give, and one more past them."""
        width, depth, bins = checked(sizes, width=(0, 4096), depth=(0, 16), bins=(0, 256))
        if depth and not width:
            raise SpecError("hidden layers have a width of at least 1", tries=["depth = 0, for a sum alone"])
        inputs = taken(self, fronts, "table.v1 takes records with bins, or a text beside a record")
        b, goal = Builder(inputs), answer.inputs[0]
        parts = [part for _, name in inputs.outputs if (part := _read(b, name, bins))]
        given = parts[0] if len(parts) == 1 else b.op("concat", "given", *parts, axis=0)
        hidden, source, classes = given, "", goal.type.shape[0]
        for layer in range(1, depth + 1):
            name = f"hidden{layer}"
            hidden, source = normalised(b, name, summed(b, name, [hidden], width, (name, source))), name
        top = summed(b, "top", [given], classes, ("", ""))
        if depth:
            top = b.op("add", "whole", top, summed(b, "together", [hidden], classes, ("", source)))
        return join(b.graph({goal.name: top}), answer)


def _read(b: Builder, name: str, bins: int) -> str:
    """What the layers read of an output of a front, on one axis; nothing of bins that are left out."""
    type_, found = b.type(name), name
    if type_.dtype == "uint8":
        found = mean_vector(b, name, **TEXT)
    elif len(type_.shape) == 2:
        count = type_.shape[1]
        if not bins:
            return ""
        if count % bins:
            raise SpecError(f"{bins} bins do not divide {count}", tries=["datacc build --search"])
        if bins < count:
            size = (count // bins,)
            turned = b.op("transpose", f"{name}.turned", name, axes=(1, 0))
            found = b.op("meanpool", f"{name}.coarse", turned, size=size, stride=size)
    return (
        found if len(b.type(found).shape) == 1 else b.op("reshape", f"{name}.flat", found, shape=(b.type(found).count,))
    )


def _cut(count: int, share: int) -> int:
    """A share of the bins, or the nearest more that divides them."""
    return next(bins for bins in range(max(1, count // share), count + 1) if count % bins == 0)


ENTRY: Final = Table()
