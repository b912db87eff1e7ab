"""The net `wavenet` as a TFLite model: its block and its state as pictures one pixel wide."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from datacc.ir.graph import Graph

from ..wavenet import BLOCK, layers
from .litert import Writer


class WavenetWriter(Writer):
    """Writes x (1, T, 1, 1) and state (1, S, 1, C) → y, next."""

    def write(self) -> None:
        """All operators, in order."""
        for node in self.graph.inputs:
            time, channels = node.type.shape
            self.at[node.name] = self.tensor(node.name, (1, time, 1, channels))
        h = self._product("first", self.at["x"])
        tails, at = [], 0
        for layer in range(layers(self.graph)):
            span = 2**layer
            past = self._piece(f"past{layer}", self.at["state"], at, span)
            joined = self._joined(f"joined{layer}", [past, h], BLOCK + span)
            tails.append(self._piece(f"next{layer}", joined, BLOCK, span))
            product = self._product(f"layer{layer}", joined, span)
            squashed = self._value_like(f"tanh{layer}")
            self.do("tanh", [product], squashed)
            mixed = self._product(f"mix{layer}", squashed)
            total = self._value_like(f"sum{layer}")
            self.do("add", [mixed, h], total, schema.BuiltinOptions.AddOptions, schema.AddOptionsT())
            h, at = total, at + span
        self.at[dict(self.graph.outputs)["y"]] = self._product("last", h, channels=1)
        self.at[dict(self.graph.outputs)["next"]] = self._joined("next", tails, at)

    def _value_like(self, name: str) -> int:
        return self.tensor(name, (1, BLOCK, 1, self._channels))

    @property
    def _channels(self) -> int:
        return int(self.graph.by_name["first"].type.shape[-1])

    def _product(self, name: str, x: int, dilation: int = 1, channels: int = 0) -> int:
        weight, bias = self.graph.by_name[name].inputs[1:]
        inputs = [x, self.weight(weight, lambda w: w[:, :, None]), self.weight(bias, np.asarray)]
        options = schema.Conv2DOptionsT(padding=1, strideH=1, strideW=1, dilationHFactor=dilation, dilationWFactor=1)
        out = self.tensor(f"{name}.out", (1, BLOCK, 1, channels or self._channels))
        self.do("conv", inputs, out, schema.BuiltinOptions.Conv2DOptions, options)
        return out

    def _piece(self, name: str, x: int, first: int, count: int) -> int:
        begin = self._constant(f"{name}.first", [0, first, 0, 0])
        size = self._constant(f"{name}.size", [1, count, 1, self._channels])
        out = self.tensor(name, (1, count, 1, self._channels))
        self.do("slice", [x, begin, size], out, schema.BuiltinOptions.SliceOptions, schema.SliceOptionsT())
        return out

    def _joined(self, name: str, parts: list[int], length: int) -> int:
        out = self.tensor(name, (1, length, 1, self._channels))
        options = schema.ConcatenationOptionsT(axis=1)
        self.do("concat", parts, out, schema.BuiltinOptions.ConcatenationOptions, options)
        return out

    def _constant(self, name: str, values: list[int]) -> int:
        return self.tensor(name, (len(values),), np.array(values, np.int32))


def writer(graph: Graph) -> Any:
    """The writer of this Graph."""
    return WavenetWriter(graph)
