"""A Graph of integers under construction: which of its nodes holds each value of the old one, as floats or as bytes."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.grid import Grid, Ranges, Scaling, grid_of, weight_of
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Node


class Lowering:
    """`floats` and `bytes` say by old names which new nodes hold a value, bytes with their grid."""

    def __init__(self, graph: Graph, ranges: Ranges) -> None:
        self.graph, self.ranges, self.b = graph, ranges, Builder()
        self.floats: dict[str, str] = {}
        self.bytes: dict[str, tuple[str, Grid]] = {}
        self.outputs = {name for _, name in (*graph.outputs, *graph.states)}

    def as_floats(self, name: str) -> str:
        """The node that holds a value in its own type."""
        if name not in self.floats:
            source, grid = self.bytes[name]
            cast = self.b.op("cast", self.fresh(f"{name} (cast)"), source, to="float32")
            self.floats[name] = self.affine(self.fresh(f"{name} (float)"), cast, np.array([grid.scale]), np.zeros(1))
        return self.floats[name]

    def as_bytes(self, name: str) -> tuple[str, Grid]:
        """The node that holds a value as bytes, and their grid; floats are scaled and rounded to the nearest."""
        if name not in self.bytes:
            grid = grid_of(self.ranges[name])
            node = self.graph.by_name[name]
            scale, offset, source = np.array([1 / grid.scale]), np.zeros(1), name
            if node.op == "affine" and name not in self.outputs:  # one affine instead of two
                factor, term = (weight_of(self.graph, weight) for weight in node.inputs[1:])
                scale, offset, source = factor / grid.scale, term / grid.scale, node.inputs[0]
            steps = self.affine(self.fresh(f"{name} (steps)"), self.as_floats(source), scale, offset)
            self.bytes[name] = self.b.op("cast", self.fresh(f"{name} (bytes)"), steps, to=grid.dtype), grid
        return self.bytes[name]

    def affine(self, name: str, x: str, scale: NDArray[Any], offset: NDArray[Any]) -> str:
        """x · scale + offset in floats."""
        return self.b.op("affine", name, x, self.weight(f"{name}.scale", scale), self.weight(f"{name}.offset", offset))

    def weight(self, name: str, value: NDArray[Any], dtype: str = "float32") -> str:
        """A weight that nothing will fit any more."""
        return self.b.weight(self.fresh(name), value.shape, value=value, dtype=dtype, role="fixed")

    def rescale(self, name: str, x: str, scaling: Scaling, to: str) -> str:
        """x rescaled to another integer type."""
        multiplier = self.weight(f"{name}.multiplier", scaling.multiplier, "int32")
        return self.b.op("rescale", self.fresh(name), x, multiplier, shift=scaling.shift, to=to)

    def fresh(self, name: str) -> str:
        """A name that no node has yet."""
        while name in self.b.nodes:
            name += "'"
        return name

    def same(self, node: Node) -> None:
        """The same op on floats (or on what integers it takes)."""
        kept = []
        for name in node.inputs:
            if self.graph.by_name[name].op == "weight":
                weight = self.graph.by_name[name]
                fixed = weight if weight.role == "calibrated" else replace(weight, role="fixed")
                self.b.nodes.setdefault(name, fixed)
                kept.append(name)
            else:
                kept.append(self.as_floats(name))
        self.floats[node.name] = self.b.op(node.op, self.fresh(node.name), *kept, **dict(node.attrs))
