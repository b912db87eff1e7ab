"""What the answers of an output mean: their values, in words where wanted, and which of them count as the same."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.registry import load
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.program import Field, Program
from datacc.types import OutputType, options_of


@frozen(eq=False)
class Likeness:
    """How the labels and the answers of one output are read, by the examples of one snapshot."""

    output: Field
    snapshot: Snapshot

    @cached_property
    def type(self) -> OutputType:
        """The type of the output."""
        kind: OutputType = load("types", self.output.type)
        return kind

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes, in permanent order."""
        return self.snapshot.classes[self.output.name]

    @cached_property
    def tolerance(self) -> float:
        """How far two values may be apart and count as the same."""
        learn = self.snapshot.labels[self.output.name][self.snapshot.rows(LEARN)]
        return self.type.tolerance(learn, options_of(self.output))

    def decoded(self, frozen: NDArray[Any]) -> list[Any]:
        """The values of N labels or answers."""
        return self.type.decode(frozen, self.classes)

    def encoded(self, values: Sequence[Any]) -> NDArray[Any]:
        """Frozen labels of values. Raises `DataError` for what is none."""
        return self.type.encode(values, self.classes)

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values count as the same."""
        return self.type.same(one, other, self.tolerance)

    def alike(self, one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of N labels or answers, frozen, count as the same as those of `other`, (N,)."""
        pairs = zip(self.decoded(one), self.decoded(other), strict=True)
        return np.array([self.same(*pair) for pair in pairs], bool)

    def quoted(self, value: Any) -> str:
        """A value in words, the name of a class in quotes."""
        return repr(value) if isinstance(value, str) else self.type.shown(value)


def likeness_of(program: Program, snapshot: Snapshot, field: str) -> Likeness:
    """That of the output called `field`."""
    return Likeness(output=next(one for one in program.outputs if one.name == field), snapshot=snapshot)
