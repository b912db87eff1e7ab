"""Variations: small changes of an input that must not change an answer, one per file; a check names them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.types import Options

__all__ = ["Options", "Variation"]


class Variation(ABC):
    """One way to vary the values of an input type. Members are stateless; options come as the instance of `options`.

    `varies` is the name of that type.
    """

    varies: str
    options: type[Options]

    def refuse(self, options: Any, of: Any) -> None:  # noqa: B027 (most have nothing to refuse)
        """Raises `SpecError` where `options` do not fit an input with the options `of`."""

    @abstractmethod
    def vary(
        self,
        batch: NDArray[Any],
        random: Sequence[np.random.Generator],
        options: Any,
        of: Any,
        learn: NDArray[Any],
    ) -> NDArray[Any]:
        """Another batch (B, *shape) of the same type and meaning; `batch` itself stays as it is.

        `random` has a generator for each row, and a row may depend on its own alone: so it is varied the same in any
        company. `of` are the options of the input, `learn` its values (N, *shape) in the learn split.
        """


def uniform(random: Sequence[np.random.Generator], limit: float, count: int = 1) -> NDArray[np.float32]:
    """For each row `count` numbers from −`limit` to `limit`, (B, count)."""
    drawn = [one.uniform(-limit, limit, count) for one in random]
    return np.array(drawn, np.float32).reshape(len(random), count)
