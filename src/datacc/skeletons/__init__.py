"""Skeletons: functions from fronts and an answer to a Graph with holes, each with a ladder from small to large."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from datacc.errors import SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Role, Type
from datacc.ir.join import join, side_by_side

Sizes = Mapping[str, int]


class Skeleton(ABC):
    """One family of networks. Members are stateless.

    `general`: it takes any input, and is chosen by itself only where no skeleton made for the inputs fits.
    `by_name`: it is built only where a program or a lock names it.
    `others`: settings of a recipe that may do better than what `suits`, the likeliest first: for folds to find out.
    """

    general: bool = False
    by_name: bool = False
    others: Sequence[Mapping[str, Any]] = ()

    @abstractmethod
    def fits(self, features: Sequence[Type]) -> bool:
        """Whether it can take these front outputs (float32 types without a batch axis)."""

    @abstractmethod
    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """Sizes for these inputs, no two of equal work: the first is the cheapest of all, the last the dearest."""

    def suits(self, rows: int) -> Mapping[str, Any]:
        """What of a recipe is to differ from the default where there are so many `rows` to learn from."""
        return {}

    @abstractmethod
    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """The whole Graph, fronts and answer joined on, learnt weights holes. Raises `SpecError` for bad sizes."""


def taken(
    skeleton: Skeleton, fronts: Sequence[Graph], takes: str, tries: Sequence[str] = ("leave skeleton out",)
) -> Graph:
    """The fronts side by side. Raises `SpecError`, which says what the skeleton `takes`, where it does not fit them."""
    inputs = side_by_side(tuple(fronts))
    if not skeleton.fits([inputs.by_name[name].type for _, name in inputs.outputs]):
        raise SpecError(takes, tries=tries)
    return inputs


def checked(sizes: Sizes, **limits: tuple[int, int]) -> tuple[int, ...]:
    """The sizes in the order of `limits`, each within its own. Raises `SpecError`, also for unknown names."""
    if set(sizes) != set(limits):
        raise SpecError(f"sizes {sorted(sizes)} given, {sorted(limits)} expected", tries=["datacc build --search"])
    for name, (low, high) in limits.items():
        if not low <= sizes[name] <= high:
            raise SpecError(f"size {name} = {sizes[name]} is outside {low} … {high}")
    return tuple(sizes[name] for name in limits)


def members(b: Builder, count: int) -> tuple[Builder, ...]:
    """What each of so many members is built with; a single one has no names of its own."""
    return (b,) if count == 1 else tuple(b.under(f"member{number}") for number in range(count))


def answered(b: Builder, tops: Sequence[str], answer: Graph) -> Graph:
    """The whole Graph of members that say `tops`, (K,) each: it answers by their mean, and each is fitted by itself."""
    goal = answer.inputs[0].name
    if len(tops) == 1:
        return join(b.graph({goal: tops[0]}), answer)
    rows = [b.op("reshape", f"{top}.row", top, shape=(1, *b.type(top).shape)) for top in tops]
    said = b.op("concat", "members", *rows, axis=0)
    mean = b.op("meanpool", "members.mean", said, size=(len(tops),), stride=(len(tops),))
    whole = join(b.graph({goal: b.op("reshape", "members.answer", mean, shape=b.type(tops[0]).shape)}), answer)
    return replace(whole, loss=said)


def normalised(b: Builder, name: str, x: str) -> str:
    """Normalisation over the last axis, then the threshold; its four vectors are holes."""
    (channels,) = b.type(x).shape[-1:]
    roles: tuple[tuple[str, Role], ...] = (
        ("gain", "learnt"),
        ("shift", "learnt"),
        ("mean", "mean"),
        ("variance", "variance"),
    )
    vectors = [b.weight(f"{name}.{part}", (channels,), role=role, dims=(name,)) for part, role in roles]
    return b.op("relu", f"{name}.relu", b.op("normalise", f"{name}.normalise", x, *vectors))


def summed(b: Builder, name: str, tops: Sequence[str], width: int, axes: tuple[str, str]) -> str:
    """One dense layer over several values: a product for each, added. `axes` names its outputs and its last input."""
    total = ""
    for k, top in enumerate(tops):
        part = f"{name}.{k}" if len(tops) > 1 else name
        shape = b.type(top).shape
        weight = b.weight(f"{part}.weight", (width, *shape), dims=(axes[0], *("",) * (len(shape) - 1), axes[1]))
        bias = b.weight(f"{part}.bias", (width,), dims=axes[:1])
        value = b.op("dense", f"{part}.dense", top, weight, bias)
        total = b.op("add", f"{part}.sum", total, value) if total else value
    return total
