"""Hypothesis strategies of complete Graphs over the whole op table, and of inputs for them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.compose import sigmoid, softmax, tanh
from datacc.ir.graph import Graph, Type

LARGEST = 600  # elements of one value
SMALL = st.integers(1, 3)
LOOSE = 1e-4  # tolerance for random Graphs, some of which make a large error of a small one


class Sketch:
    """A Graph that grows by drawn ops; weights are small random numbers."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw, self.b, self.values = draw, Builder(), list[str]()
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def input(self) -> None:
        shape = tuple(self.draw(st.lists(st.integers(1, 7), min_size=1, max_size=3)))
        dtype = self.draw(st.sampled_from(["float32", "uint8", "int8", "int16"]))
        name = f"in{len(self.values)}"
        self.values.append(self.b.input(name, dtype, shape))
        if dtype != "float32":
            scale = self.weight((1,), 0.01)
            self.op("affine", self.op("cast", name), scale, self.weight((1,)))

    def weight(self, shape: tuple[int, ...], size: float = 1.0, *, least: float | None = None) -> str:
        value = self.random.uniform(-size if least is None else least, size, shape)
        return self.b.weight(f"w{len(self.b.nodes)}", shape, value=value, role="fixed")

    def halves(self, shape: tuple[int, ...]) -> str:
        value = self.random.integers(-8, 8, shape) * 16
        return self.b.weight(f"w{len(self.b.nodes)}", shape, value=value, role="fixed", dtype="int4")

    def op(self, op: str, *inputs: str, **attrs: Any) -> str:
        self.values.append(self.b.op(op, f"{op}{len(self.b.nodes)}", *inputs, **attrs))
        return self.values[-1]

    def grow(self) -> None:
        """One more op on a drawn value."""
        floats = [name for name in self.values if self.b.type(name).dtype == "float32"]
        x = self.draw(st.sampled_from(floats))
        shape = self.b.type(x).shape
        spatial = ["conv", "conv", "maxpool", "meanpool"] if len(shape) > 1 else []
        plain = ["affine", "dense", "normalise", "relu", "add", "composed", "concat", "slice", "reshape", "transpose"]
        op = self.draw(st.sampled_from([*plain, "clip", "pair", "spread", "function", "whole", *spatial]))
        getattr(self, op)(x, shape)

    def clip(self, x: str, shape: tuple[int, ...]) -> None:
        low = self.draw(st.floats(-4, 2, width=32))
        self.op("clip", x, low=low, high=low + self.draw(st.sampled_from([0.5, 6.0])))

    def pair(self, x: str, shape: tuple[int, ...]) -> None:
        others = [name for name in self.values if self.b.type(name) == self.b.type(x)]
        self._pair(x, self.draw(st.sampled_from(others)))

    def spread(self, x: str, shape: tuple[int, ...]) -> None:
        self._pair(x, self.op("maximum", x))

    def _pair(self, x: str, other: str) -> None:
        """Divisors stay away from zero, factors small."""
        op = self.draw(st.sampled_from(["add", "multiply", "divide"]))
        self.op(op, x, self.op("clip", other, low=0.5, high=4.0))

    def function(self, x: str, shape: tuple[int, ...]) -> None:
        """Where no small error of x becomes a large one."""
        op, low, high = self.draw(
            st.sampled_from([("exp", -4.0, 4.0), ("log", 0.1, 1e4), ("sqrt", 0.1, 1e4), ("sin", -8.0, 8.0)])
        )
        self.op(op, self.op("clip", x, low=low, high=high))

    def slice(self, x: str, shape: tuple[int, ...]) -> None:
        axis = self.draw(st.integers(0, len(shape) - 1))
        first, step = self.draw(st.integers(0, shape[axis] - 1)), self.draw(SMALL)
        last = first + step * self.draw(st.integers(0, (shape[axis] - 1 - first) // step))
        self.op("slice", x, axis=axis, first=first, last=last, step=step)

    def reshape(self, x: str, shape: tuple[int, ...]) -> None:
        count, wanted = int(np.prod(shape)), []
        for _ in range(self.draw(st.integers(0, 2))):
            wanted.append(self.draw(st.sampled_from([n for n in range(1, count + 1) if count % n == 0])))
            count //= wanted[-1]
        self.op("reshape", x, shape=(*wanted, count))

    def transpose(self, x: str, shape: tuple[int, ...]) -> None:
        self.op("transpose", x, axes=tuple(self.draw(st.permutations(range(len(shape))))))

    def whole(self, x: str, shape: tuple[int, ...]) -> None:
        """What may happen to integers, which ends in floats again."""
        whole = [name for name in self.values if self.b.type(name).dtype not in ("float32", "int32")]
        if not whole:
            return
        y = self.draw(st.sampled_from(whole))
        shape, dtype = self.b.type(y).shape, self.b.type(y).dtype
        kinds = ["cast", "slice", "reshape", "transpose", "maximum", "argmax", "concat"]
        kind = self.draw(st.sampled_from([*kinds, "gather" if len(shape) == 1 else "maxpool"]))
        if kind == "gather":
            shape = (self.draw(st.integers(1, 40)), self.draw(st.integers(1, 9)))
            if self.draw(st.booleans()):
                self.op("gather", y, self.weight(shape))
                return
            y = self.op("gather", y, self.halves(shape))
        elif kind == "cast":
            y = self.op("cast", y, to=self.draw(st.sampled_from(sorted({"uint8", "int8", "int16", "int32"} - {dtype}))))
        elif kind in ("maximum", "argmax"):
            y = self.op(kind, y)
        elif kind == "concat":
            y = self.op("concat", y, y, axis=self.draw(st.integers(0, len(shape) - 1)))
        else:
            getattr(self, kind)(y, shape)
            y = self.values[-1]
        scale = self.weight((1,), 1e-2)
        self.op("affine", self.op("cast", y), scale, self.weight((1,)))

    def affine(self, x: str, shape: tuple[int, ...]) -> None:
        axes = self.draw(st.integers(1, len(shape)))
        spread = tuple(n if self.draw(st.booleans()) else 1 for n in shape[-axes:])
        offset = self.weight((1,), 0.0) if self.draw(st.booleans()) else self.weight(spread)
        self.op("affine", x, self.weight(spread), offset)

    def dense(self, x: str, shape: tuple[int, ...]) -> None:
        width = self.draw(st.integers(1, 5))
        size = 2 / np.sqrt(np.prod(shape))
        self.op("dense", x, self.weight((width, *shape), size), self.weight((width,)))

    def conv(self, x: str, shape: tuple[int, ...]) -> None:
        rank, channels = len(shape) - 1, shape[-1]
        groups = self.draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
        kernel, dilation, stride, pad = [], [], [], []
        for n in shape[:-1]:
            d = self.draw(st.integers(1, 2))
            k = self.draw(st.integers(1, min(3, (n + d - 1) // d)))
            reach = d * (k - 1) + 1
            sides = st.integers(0, min(2, reach - 1))
            kernel.append(k)
            dilation.append(d)
            stride.append(self.draw(SMALL))
            pad.append((self.draw(sides), self.draw(sides)))
        out, per_group = groups * self.draw(SMALL), channels // groups
        size = 2 / np.sqrt(np.prod(kernel) * per_group)
        weight = self.weight((out, *kernel, per_group), size)
        assert len(kernel) == rank
        self.op(
            "conv", x, weight, self.weight((out,)),
            stride=tuple(stride), pad=tuple(pad), dilation=tuple(dilation), groups=groups,
        )  # fmt: skip

    def normalise(self, x: str, shape: tuple[int, ...]) -> None:
        vectors = [self.weight(shape[-1:]) for _ in range(3)]
        self.op("normalise", x, *vectors, self.weight(shape[-1:], 2.0, least=0.5))

    def relu(self, x: str, shape: tuple[int, ...]) -> None:
        self.op("relu", x)

    def composed(self, x: str, shape: tuple[int, ...]) -> None:
        compose = self.draw(st.sampled_from([softmax, sigmoid, tanh]))
        self.values.append(compose(self.b, f"composed{len(self.b.nodes)}", self.op("clip", x, low=-9.0, high=9.0)))

    def add(self, x: str, shape: tuple[int, ...]) -> None:
        others = [name for name in self.values if self.b.type(name) == self.b.type(x)]
        self.op("add", x, self.draw(st.sampled_from(others)))

    def concat(self, x: str, shape: tuple[int, ...]) -> None:
        axis = self.draw(st.integers(0, len(shape) - 1))
        others = [name for name in self.values if self._fits(self.b.type(name), shape, axis)]
        parts = self.draw(st.lists(st.sampled_from(others), min_size=1, max_size=3))
        if sum(self.b.type(part).count for part in parts) <= LARGEST:
            self.op("concat", *parts, axis=axis)

    def maxpool(self, x: str, shape: tuple[int, ...], op: str = "maxpool") -> None:
        size = tuple(self.draw(st.integers(1, min(3, n))) for n in shape[:-1])
        self.op(op, x, size=size, stride=tuple(self.draw(SMALL) for _ in size))

    def meanpool(self, x: str, shape: tuple[int, ...]) -> None:
        self.maxpool(x, shape, "meanpool")

    @staticmethod
    def _fits(type_: Type, shape: tuple[int, ...], axis: int) -> bool:
        if type_.dtype != "float32" or len(type_.shape) != len(shape):
            return False
        return all(a == b for k, (a, b) in enumerate(zip(type_.shape, shape, strict=True)) if k != axis)


@st.composite
def graphs(draw: Callable[..., Any], *, most: int = 6, states: bool = True) -> Graph:
    """A complete Graph of one or two inputs and up to `most` ops; the last value and some others are outputs."""
    sketch = Sketch(draw)
    for _ in range(draw(st.integers(1, 2))):
        sketch.input()
    if all(sketch.b.type(name).dtype != "float32" for name in sketch.values):
        sketch.input()
    for _ in range(draw(st.integers(1, most))):
        sketch.grow()
    ends = [name for name in sketch.values if sketch.b.nodes[name].op != "input" or name == sketch.values[-1]]
    chosen = dict.fromkeys([*draw(st.lists(st.sampled_from(ends), max_size=2)), ends[-1]])
    outputs = {f"out{k}": name for k, name in enumerate(chosen)}
    if sketch.b.type(ends[-1]).dtype == "float32":
        outputs["best"] = sketch.op("argmax", ends[-1])
        outputs["most"] = sketch.op("maximum", ends[-1])
    return check(sketch.b.graph(outputs, states=_states(draw, sketch) if states else (), loss=ends[-1]), holes=())


def _states(draw: Callable[..., Any], sketch: Sketch) -> tuple[tuple[str, str], ...]:
    pairs = [
        (given, left)
        for given in sketch.values
        for left in sketch.values
        if sketch.b.nodes[given].op == "input" and given != left and sketch.b.type(given) == sketch.b.type(left)
    ]
    return (draw(st.sampled_from(pairs)),) if pairs and draw(st.booleans()) else ()


def inputs_for(graph: Graph, rows: int = 3, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Random inputs (rows, *shape): all values of the integer types, normal floats."""
    random = np.random.default_rng(seed)
    found: dict[str, NDArray[Any]] = {}
    for node in graph.inputs:
        shape = (rows, *node.type.shape)
        if node.type.dtype == "float32":
            found[node.name] = random.normal(size=shape).astype(np.float32)
        else:
            limits = np.iinfo(node.type.dtype)
            found[node.name] = random.integers(limits.min, limits.max, shape, endpoint=True).astype(node.type.dtype)
    return found


def assert_alike(found: NDArray[Any], expected: NDArray[Any], tolerance: float = 1e-5) -> None:
    """Equal within `tolerance` of the largest finite value (or of 1, when all are smaller)."""
    assert found.dtype == expected.dtype
    size = max(1.0, float(np.abs(expected, where=np.isfinite(expected), out=np.zeros(expected.shape)).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * size)
