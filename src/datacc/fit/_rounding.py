"""Rounding while fitting: values and weights as integers will see them, gradients as if nothing had been rounded.

Straight-through, after Bengio, Léonard and Courville (2013). Only methods of the tensors are used, whosever they are.
"""

from typing import Any

from datacc.fit import Rounding
from datacc.ir.graph import Node


class Rounded:
    """The two hooks of the interpreter under a `Rounding`."""

    def __init__(self, rounding: Rounding) -> None:
        self.rounding = rounding

    def given(self, node: Node, args: list[Any]) -> list[Any]:
        """Each output's weights of a product as whole steps of their own."""
        if node.name not in self.rounding.products:
            return args
        x, weight, bias = args
        fixed = weight.detach()
        size = fixed.abs().reshape(len(fixed), -1).amax(1).clamp_min(1e-12)
        step = (size / self.rounding.weights).reshape(-1, *(1,) * (fixed.ndim - 1))
        return [x, weight + ((fixed / step).round() * step - fixed), bias]

    def seen(self, node: Node, value: Any) -> Any:
        """A value as whole steps of its grid; what lies outside is cut off, and so is its gradient."""
        grid = self.rounding.values.get(node.name)
        if grid is None:
            return value
        step, low, high = grid
        within = value.clamp(low * step, high * step)
        fixed = within.detach()
        return within + ((fixed / step).round() * step - fixed)
