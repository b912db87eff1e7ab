"""Skeletons: functions from fronts and an answer to a Graph with holes, each with a ladder from small to large."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from datacc.ir.graph import Graph, Type

Sizes = Mapping[str, int]


class Skeleton(ABC):
    """One family of networks. Members are stateless."""

    @abstractmethod
    def fits(self, features: Sequence[Type]) -> bool:
        """Whether it can take these front outputs (float32 types without a batch axis)."""

    @abstractmethod
    def ladder(self, features: Sequence[Type], width: int) -> tuple[Sizes, ...]:
        """Sizes from small to large for these inputs and `width` answer features."""

    @abstractmethod
    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """The whole Graph, fronts and answer joined on, every learnt weight a hole. Raises `SpecError` for bad sizes."""
