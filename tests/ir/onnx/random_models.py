"""Random models: shapes, strides, pads, dilations, groups, odd channel counts, and what stands between windows."""

import random
from typing import Any

import numpy as np
from onnx import helper

from tests.ir.onnx.models import model

MOST_ELEMENTS = 4000  # of one value


class Draft:
    """A chain of calls that grows, with some branches; `values` are names with their shapes (1, C, *spatial)."""

    def __init__(self, seed: int) -> None:
        self.chance, self.random = random.Random(seed), np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}
        rank = self.chance.choice([1, 2, 2, 2])
        shape = (
            1,
            self.chance.choice([1, 2, 3, 4, 7, 8, 9, 16, 17]),
            *(self.chance.randint(3, 14) for _ in range(rank)),
        )
        self.input = shape
        self.values = {"x": shape}
        self.last = "x"

    def weight(self, *shape: int, low: float = -1.0) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = self.random.uniform(low, 1.0, shape).astype(np.float32)
        return name

    def numbers(self, *numbers: int) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = np.array(numbers, np.int64)
        return name

    def add(self, op: str, inputs: list[str], shape: tuple[int, ...], **attrs: Any) -> None:
        self.last = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [self.last], **attrs))
        self.values[self.last] = shape

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values[self.last]

    def window(self, *, pads_below: bool = False) -> tuple[dict[str, Any], tuple[int, ...]]:
        """A window that fits the spatial axes, and what is left of them."""
        size, stride, dilation, before, after, left = [], [], [], [], [], []
        for n in self.shape[2:]:
            d = self.chance.choice([1, 1, 1, 2, 3])
            k = self.chance.randint(1, max(1, min(5, (n - 1) // d + 1)))
            reach = d * (k - 1) + 1
            most = k - 1 if pads_below else min(3, reach - 1) if self.chance.random() < 0.9 else reach + 1
            a, b = self.chance.randint(0, most), self.chance.randint(0, most)
            t = self.chance.randint(1, 3)
            for found, value in zip((size, stride, dilation, before, after), (k, t, d, a, b), strict=True):
                found.append(value)
            left.append((n + a + b - reach) // t + 1)
        window = {"kernel_shape": size, "strides": stride, "dilations": dilation, "pads": [*before, *after]}
        return window, tuple(left)

    def conv(self) -> None:
        channels = self.shape[1]
        groups = self.chance.choice([g for g in range(1, channels + 1) if channels % g == 0])
        groups = groups if self.chance.random() < 0.5 else 1
        outputs = (
            groups * self.chance.choice([1, 1, 2, 3]) if groups > 1 else self.chance.choice([1, 3, 5, 8, 11, 16, 19])
        )
        window, left = self.window()
        kernel = self.weight(outputs, channels // groups, *window["kernel_shape"])
        bias = [self.weight(outputs)] if self.chance.random() < 0.7 else []
        self.add("Conv", [self.last, kernel, *bias], (1, outputs, *left), group=groups, **window)

    def max_pool(self) -> None:
        window, left = self.window(pads_below=True)
        self.add("MaxPool", [self.last], (1, self.shape[1], *left), **window)

    def average_pool(self) -> None:
        window, left = self.window(pads_below=True)
        del window["dilations"]
        reach = window["kernel_shape"]
        pads = [min(p, k - 1) for p, k in zip(window["pads"], [*reach, *reach], strict=True)]
        rank = len(reach)
        ends = zip(self.shape[2:], reach, pads[:rank], pads[rank:], window["strides"], strict=True)
        left = tuple((n + a + b - k) // t + 1 for n, k, a, b, t in ends)
        counted = self.chance.randint(0, 1)
        self.add(
            "AveragePool", [self.last], (1, self.shape[1], *left), **{**window, "pads": pads}, count_include_pad=counted
        )

    def each(self) -> None:
        names = ["Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu", "Softplus", "Abs", "Neg", "Erf"]
        self.add(self.chance.choice(names), [self.last], self.shape)

    def norm(self) -> None:
        channels = self.shape[1]
        vectors = [self.weight(channels), self.weight(channels), self.weight(channels), self.weight(channels, low=0.3)]
        self.add("BatchNormalization", [self.last, *vectors], self.shape)

    def pair(self) -> None:
        alike = [name for name, shape in self.values.items() if shape == self.shape]
        self.add(
            self.chance.choice(["Add", "Sub", "Mul", "Max", "Min"]), [self.last, self.chance.choice(alike)], self.shape
        )

    def constant(self) -> None:
        spread = [n if self.chance.random() < 0.5 else 1 for n in self.shape[1:]]
        self.add(self.chance.choice(["Add", "Mul", "Sub"]), [self.last, self.weight(*spread)], self.shape)

    def gate(self) -> None:
        x, shape = self.last, self.shape
        self.add("GlobalAveragePool", [x], (1, shape[1], *(1 for _ in shape[2:])))
        self.add("Mul", [x, self.last], shape)

    def join(self) -> None:
        others = [name for name, shape in self.values.items() if shape[2:] == self.shape[2:]]
        other = self.chance.choice(others)
        self.add("Concat", [self.last, other], (1, self.shape[1] + self.values[other][1], *self.shape[2:]), axis=1)

    def cut(self) -> None:
        axis = self.chance.randrange(1, len(self.shape))
        n = self.shape[axis]
        first, step = self.chance.randrange(n), self.chance.randint(1, 3)
        last = self.chance.randint(first + 1, n)
        count = len(range(first, last, step))
        ends = [self.numbers(first), self.numbers(last), self.numbers(axis), self.numbers(step)]
        self.add("Slice", [self.last, *ends], (*self.shape[:axis], count, *self.shape[axis + 1 :]))

    def swap(self) -> None:
        order = list(range(1, len(self.shape)))
        self.chance.shuffle(order)
        self.add("Transpose", [self.last], (1, *(self.shape[k] for k in order)), perm=[0, *order])

    def softmax(self) -> None:
        self.add("Softmax", [self.last], self.shape, axis=self.chance.randrange(1, len(self.shape)))

    def reduce(self) -> None:
        axis = self.chance.randrange(1, len(self.shape))
        op = self.chance.choice(["ReduceMax", "ReduceMean", "ReduceMin"])
        self.add(op, [self.last], (*self.shape[:axis], 1, *self.shape[axis + 1 :]), axes=[axis])

    def dense(self) -> None:
        size = int(np.prod(self.shape))
        self.add("Flatten", [self.last], (1, size))
        width = self.chance.choice([1, 3, 8, 10, 17])
        name = self.weight(width, size)
        self.weights[name] /= np.sqrt(size, dtype=np.float32)
        self.add("Gemm", [self.last, name, self.weight(width)], (1, width), transB=1)


STEPS = ["conv", "conv", "conv", "conv", "max_pool", "average_pool", "each", "each", "norm", "pair", "constant", "gate"]
STEPS += ["join", "cut", "swap", "softmax", "reduce"]


def random_model(seed: int) -> Any:
    """The model of this number: up to seven calls, perhaps a dense layer last, and another value as a second output."""
    draft = Draft(seed)
    for _ in range(draft.chance.randint(1, 7)):
        if np.prod(draft.shape) <= MOST_ELEMENTS:
            getattr(draft, draft.chance.choice(STEPS))()
    if draft.chance.random() < 0.4:
        draft.dense()
    outputs = list(dict.fromkeys([draft.last, draft.chance.choice([*draft.values][1:])]))
    return model(draft.nodes, {"x": list(draft.input)}, outputs, **draft.weights)
