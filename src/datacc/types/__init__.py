"""Value types: what an input or an output is made of, outside (files, JSON), frozen (arrays) and in the Graph."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, dataclass_transform

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.graph import Graph, Type
from datacc.registry import load
from datacc.spec.plain import kinds, read
from datacc.spec.program import Field


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Options:
    """Base of a type's options: the keys allowed in its table of `datacc.toml`; an unknown key is an error.

    Every subclass is a frozen dataclass of plain values (`spec/plain.py`), which are checked when one is made: raises
    `Wrong` where one is not what its annotation says, or `demand` where they do not go together.
    """

    def __init_subclass__(cls) -> None:
        frozen(cls)

    def __post_init__(self) -> None:
        for name, kind in kinds(type(self)).items():
            object.__setattr__(self, name, read(kind, getattr(self, name), (name,)))
        self.demand()

    def demand(self) -> None:
        """Raises `ValueError` where options do not go together."""


class InputType(ABC):
    """A type that can be an input. Members are stateless; options come as the instance of `options`."""

    options: type[Options]

    @abstractmethod
    def array(self, options: Any) -> Type:
        """The dtype and shape of one frozen value, without a batch axis."""

    @abstractmethod
    def encode(self, values: Sequence[Any], options: Any) -> NDArray[Any]:
        """Frozen values, shape (N, *array shape), of raw ones (bytes of a file, a list of numbers …).

        Raises `DataError` that names the position of the value that is wrong.
        """

    def further(self, values: Sequence[Any], options: Any) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """What of long values the rows of `encode` do not hold: M more rows, and whose each is (M,), ascending.

        A program that gets them answers each, and the answers are joined (`runtime/windows.py`).
        """
        return np.zeros(0, np.intp), np.zeros((0, *self.array(options).shape), self.array(options).dtype)

    @abstractmethod
    def front(self, name: str, options: Any) -> Graph:
        """A Graph from the input `name` to `<name>.features`; `data` holes are left open.

        Numbers may also come as how far they lie through each bin of their range: `<name>.bins`, (numbers, bins).
        It is float32, which general skeletons take, or of integers, for skeletons that are made for them.
        Its nodes begin with the name, so that several fronts can stand side by side.
        """

    @abstractmethod
    def data(self, name: str, learn: NDArray[Any], options: Any) -> Mapping[str, NDArray[np.float32]]:
        """The values of the front's `data` holes, by weight name, from the learn rows (N, *array shape)."""

    @abstractmethod
    def infer(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """Options that describe `values` (the first import, zero configuration)."""

    def augment(self, batch: NDArray[Any], random: np.random.Generator, options: Any) -> NDArray[Any]:
        """Another batch (B, *array shape) of the same type and meaning; the same batch where nothing is safe."""
        return batch


class OutputType(ABC):
    """A type that can be an output; `classes` are the names in their permanent order, options as above.

    `form` says which metrics can measure it: those of one "label", of several "labels" at once, or of a "number".
    `blank` stands for a label that is not there, or sealed. A value is JSON: the name of a class, a number, names.
    `judged` are the options that no search depends on: what is calibrated after a fit, or held against its answers.
    """

    form: str = "label"
    judged: tuple[str, ...] = ()
    blank: float = -1
    options: type[Options]

    @abstractmethod
    def read(self, text: str) -> Any:
        """The value that a cell of a table says, which is not empty. Raises `DataError` for what is none."""

    @abstractmethod
    def classes(self, values: Sequence[Any]) -> tuple[str, ...]:
        """The names that occur in values, in no order; none for a type without classes."""

    @abstractmethod
    def encode(self, values: Sequence[Any], classes: Sequence[str]) -> NDArray[Any]:
        """Frozen labels (N,) or (N, K) of values, `blank` for None. Raises `DataError` for an unknown class."""

    @abstractmethod
    def decode(self, frozen: NDArray[Any], classes: Sequence[str]) -> list[Any]:
        """The values of frozen labels, or of what a program answers under the output's own name; None for `blank`."""

    def distance(self, one: Any, other: Any) -> float:
        """How far two values are apart: 0 of equal ones, 1 of others; infinite of what is no value."""
        return float(one != other)

    def same(self, one: Any, other: Any, tolerance: float) -> bool:
        """Whether two values count as equal: at most `tolerance` apart."""
        return self.distance(one, other) <= tolerance

    def tolerance(self, learn: NDArray[Any], options: Any) -> float:
        """What `same` allows, from the frozen learn labels (N,)."""
        return 0.0

    def shown(self, value: Any) -> str:
        """A value in words."""
        return str(value)

    @abstractmethod
    def answer(self, name: str, classes: Sequence[str], options: Any) -> Graph:
        """A Graph from one float32 input, `<name>.features` of shape (K,), to the outputs, its loss node named.

        The skeleton reads K from the input's type. The first output carries the name itself. Weights of role
        `calibrated` have a neutral value here, and get theirs from tune after the fit.
        """

    def levels(self, options: Any) -> tuple[float, ...]:
        """The quantiles that a number is answered with beside itself; none of anything else."""
        return ()

    def data(self, name: str, learn: NDArray[Any]) -> Mapping[str, NDArray[np.float32]]:
        """The values of the answer's `data` holes, by weight name, from the frozen learn labels."""
        return {}

    def targets(self, frozen: NDArray[Any], learn: NDArray[Any]) -> NDArray[Any]:
        """What a fit compares features with: class indices (N,) int32, or float32 (N, K)."""
        return frozen


def options_of(field: Field) -> Any:
    """The options of an input or output, as the instance that its type takes."""
    return load("types", field.type).options(**field.options)
