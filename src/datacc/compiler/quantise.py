"""Graph → Graph of integers: every product over bytes, sums rescaled by integers alone, floats only at both ends.

Values lie on a grid (`compiler/grid.py`): unsigned bytes after a threshold, signed ones else. The Graph that comes out
is the reference itself; nothing in it knows a scale. Ops that integers cannot say (functions, divisions, the answer)
are computed in floats, each in fixed order, so they too are the same everywhere.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.grid import (
    FINE,
    LAST,
    WEIGHTS,
    Grid,
    Product,
    Ranges,
    Scaling,
    grid_of,
    mean_scaling,
    plain_product,
    scaled_product,
    taken_up,
    weight_of,
)
from datacc.compiler.lowering import Lowering
from datacc.compiler.simplify import drop_unused
from datacc.fit import Rounding
from datacc.ir.check import check
from datacc.ir.graph import Graph, Node, needed
from datacc.ir.total import is_repeat, is_total

# What bytes pass through on their way to the next product.
BYTES: Final = ("relu", "clip", "add", "maxpool", "meanpool", "concat", "reshape", "slice", "transpose")
PRODUCTS: Final = ("conv", "dense")
HALF: Final = 2**14 - 1  # of two multipliers, so that the sum of what they give fits into 16 bits


def quantise(graph: Graph, ranges: Ranges) -> Graph:
    """The integer Graph of a complete, simplified one; `ranges` holds every value's (`compiler/calibrate.py`).

    Raises `GraphError` when a sum has more products than 32 bits hold.
    """
    return check(drop_unused(_Quantise(graph, ranges).run()), holes=())


def rounding(graph: Graph, ranges: Ranges) -> Rounding:
    """What a fine-tune must round to see what `quantise` will make of the Graph."""
    walked = _Quantise(graph, ranges)
    walked.run()
    values = {name: (grid.scale, *grid.limits) for name, (_, grid) in walked.low.bytes.items() if name in ranges}
    products = [n.name for n in graph.nodes if n.name not in walked.exact and is_product(graph, n)]
    return Rounding(values=values, products=frozenset(products), weights=WEIGHTS)


def is_product(graph: Graph, node: Node) -> bool:
    """Whether a node multiplies by weights, so that it has to be of integers; sums and repeats are as they are."""
    return node.op in PRODUCTS and not is_total(graph, node) and not is_repeat(graph, node)


class _Quantise:
    """A walk through the float Graph, which adds to the new one what each node means in integers."""

    def __init__(self, graph: Graph, ranges: Ranges) -> None:
        self.graph, self.ranges, self.low = graph, ranges, Lowering(graph, ranges)
        self.done: set[str] = set()
        # What numbers of rows are computed from stays as it is: half a step beside it is another row.
        self.exact = needed(graph, [node.inputs[0] for node in graph.nodes if node.op == "gather"])

    def run(self) -> Graph:
        forms = {
            "cast": self._cast, "conv": self._product, "dense": self._product, "add": self._add,
            "relu": self._threshold, "clip": self._threshold, "maxpool": self._moved, "reshape": self._moved,
            "slice": self._moved, "transpose": self._moved, "meanpool": self._meanpool, "concat": self._concat,
        }  # fmt: skip
        for node in self.graph.nodes:
            if node.op == "weight" or node.name in self.done:
                continue
            if node.op == "input":
                self.low.floats[node.name] = self.low.b.input(node.name, node.type.dtype, node.type.shape)
            elif node.name in self.exact or node.op not in forms or not forms[node.op](node):
                self.low.same(node)
        outputs = {field: self.low.as_floats(name) for field, name in self.graph.outputs}
        states = tuple((given, self.low.as_floats(left)) for given, left in self.graph.states)
        return self.low.b.graph(outputs, states=states)

    def _only_user(self, name: str) -> Node | None:
        users = self.graph.users[name]
        return users[0] if len(users) == 1 and name not in self.low.outputs else None

    def _feeds_product(self, name: str) -> bool:
        """Whether some product reads this value, by way of nothing but what bytes pass through."""
        return any(
            is_product(self.graph, user)
            or (
                user.op in BYTES
                and user.type.dtype == "float32"
                and self._keeps(user)
                and self._feeds_product(user.name)
            )
            for user in self.graph.users[name]
        )

    def _keeps(self, node: Node) -> bool:
        """Whether an op on bytes means what it does on floats: sums of one shape, limits from 0 on."""
        types = [self.graph.by_name[name].type for name in node.inputs]
        return (node.op != "add" or types[0] == types[1]) and (node.op != "clip" or node["low"] == 0)

    # ---- Products.

    def _product(self, node: Node) -> bool:
        if not is_product(self.graph, node):
            return False
        end = self._end(node)
        addition = self._sum_with(node)
        if addition is not None:
            self._product_and_sum(node, *addition)
        elif self._feeds_product(end.name):
            self._product_to_bytes(node, end)
        else:
            self._product_to_floats(node)
        return True

    def _end(self, node: Node) -> Node:
        """What a threshold makes of the node, when nothing else reads it: unsigned bytes do it by themselves."""
        user = self._only_user(node.name)
        return user if user is not None and user.op in ("relu", "clip") and self._keeps(user) else node

    def _floats_of(self, node: Node) -> tuple[NDArray[Any], NDArray[Any]]:
        return weight_of(self.graph, node.inputs[1]), weight_of(self.graph, node.inputs[2])

    def _sums(self, node: Node, product: Product) -> str:
        x, _ = self.low.as_bytes(node.inputs[0])
        weight = self.low.weight(node.inputs[1], product.weight, "int8")
        bias = self.low.weight(node.inputs[2], product.bias, "int32")
        return self.low.b.op(node.op, self.low.fresh(f"{node.name} (sums)"), x, weight, bias, **dict(node.attrs))

    def _product_to_bytes(self, node: Node, end: Node) -> None:
        _, x = self.low.as_bytes(node.inputs[0])
        grid = grid_of(self.ranges[end.name])
        product, scaling = scaled_product(*self._floats_of(node), x, self.ranges[node.name], grid.scale)
        name = self.low.rescale(end.name, self._sums(node, product), scaling, grid.dtype)
        self._take(end, name, replace(grid, scale=scaling.worth))

    def _product_to_floats(self, node: Node) -> None:
        _, x = self.low.as_bytes(node.inputs[0])
        product = plain_product(*self._floats_of(node), x)
        cast = self.low.b.op("cast", self.low.fresh(f"{node.name} (cast)"), self._sums(node, product), to="float32")
        self.low.floats[node.name] = self.low.affine(self.low.fresh(node.name), cast, product.worth, np.zeros(1))

    def _take(self, end: Node, name: str, grid: Grid) -> None:
        self.low.bytes[end.name] = name, grid
        self.done.add(end.name)

    # ---- Sums of two values.

    def _sum_with(self, node: Node) -> tuple[Node, str] | None:
        """The addition that alone reads a product, and the other value, when that is there already."""
        add = self._only_user(node.name)
        if add is None or add.op != "add" or not self._keeps(add) or not self._feeds_product(self._end(add).name):
            return None
        others = [name for name in add.inputs if name != node.name]
        ready = others and (others[0] in self.low.bytes or others[0] in self.low.floats)
        return (add, others[0]) if ready else None

    def _product_and_sum(self, node: Node, add: Node, other: str) -> None:
        _, x = self.low.as_bytes(node.inputs[0])
        end = self._end(add)
        grid, (residual, steps) = grid_of(self.ranges[end.name]), self.low.as_bytes(other)
        fine = max(grid.scale / FINE, steps.scale * 2**8 / HALF)
        product, scaling = scaled_product(*self._floats_of(node), x, self.ranges[node.name], fine, HALF)
        one = self.low.rescale(f"{node.name} (fine)", self._sums(node, product), scaling, "int32")
        self._add_up(add, end, one, scaling.worth, residual, steps)

    def _add(self, node: Node) -> bool:
        end = self._end(node)
        if not self._keeps(node) or not self._feeds_product(end.name):
            return False
        (one, first), (other, second) = (self.low.as_bytes(name) for name in node.inputs)
        grid = grid_of(self.ranges[end.name])
        fine = max(grid.scale / FINE, max(first.scale, second.scale) * 2**8 / HALF)
        scaling = taken_up(first, fine, HALF)
        one = self.low.rescale(f"{node.name} (fine)", one, self._spread(scaling, node), "int32")
        self._add_up(node, end, one, scaling.worth, other, second)
        return True

    def _add_up(self, add: Node, end: Node, one: str, worth: float, other: str, steps: Grid) -> None:
        """The sum of fine steps and of another value taken up to the same steps, brought back to bytes."""
        scaling = self._spread(taken_up(steps, worth, HALF), add)
        two = self.low.rescale(f"{add.name} (other)", other, scaling, "int32")
        sums = self.low.b.op("add", self.low.fresh(f"{add.name} (sums)"), one, two)
        grid = replace(grid_of(self.ranges[end.name]), scale=worth * LAST.worth)
        self._take(end, self.low.rescale(end.name, sums, LAST, grid.dtype), grid)
        self.done.add(add.name)

    def _spread(self, scaling: Scaling, node: Node) -> Scaling:
        """The same multiplier for every channel."""
        return replace(scaling, multiplier=np.repeat(scaling.multiplier, node.type.shape[-1]))

    # ---- What bytes pass through.

    def _cast(self, node: Node) -> bool:
        source = self.graph.by_name[node.inputs[0]].type.dtype
        if source not in ("uint8", "int8") or node["to"] != "float32" or not self._feeds_product(node.name):
            return False
        self.low.bytes[node.name] = self.low.as_floats(node.inputs[0]), Grid(dtype=source, scale=1.0)
        return True

    def _threshold(self, node: Node) -> bool:
        """A threshold that no product took along; one with an upper limit too is left to floats."""
        if node.inputs[0] not in self.low.bytes or node.op != "relu":
            return False
        source, grid = self.low.bytes[node.inputs[0]]
        if grid.dtype == "int8":
            same = Scaling(shift=-7, multiplier=np.array([2**8], np.int32), worth=grid.scale)
            source = self.low.rescale(node.name, source, same, "uint8")
        self.low.bytes[node.name] = source, replace(grid, dtype="uint8")
        return True

    def _moved(self, node: Node) -> bool:
        """An op that changes no number."""
        if node.inputs[0] not in self.low.bytes:
            return False
        source, grid = self.low.bytes[node.inputs[0]]
        self.low.bytes[node.name] = self.low.b.op(node.op, self.low.fresh(node.name), source, **dict(node.attrs)), grid
        return True

    def _meanpool(self, node: Node) -> bool:
        """A convolution of ones, one for each channel."""
        if node.inputs[0] not in self.low.bytes or not self._feeds_product(node.name):
            return False
        source, grid = self.low.bytes[node.inputs[0]]
        channels, rank = node.type.shape[-1], len(node["size"])
        ones = self.low.weight(f"{node.name}.ones", np.ones((channels, *node["size"], 1)), "int8")
        zero = self.low.weight(f"{node.name}.zero", np.zeros(channels), "int32")
        attrs: dict[str, Any] = {"stride": node["stride"], "pad": ((0, 0),) * rank, "dilation": (1,) * rank}
        sums = self.low.b.op(
            "conv", self.low.fresh(f"{node.name} (sums)"), source, ones, zero, groups=channels, **attrs
        )
        target = grid_of(self.ranges[node.name]).scale if grid.dtype == "uint8" else grid.scale
        scaling = mean_scaling(int(np.prod(node["size"])), grid, target)
        name = self.low.rescale(node.name, sums, self._spread(scaling, node), grid.dtype)
        self.low.bytes[node.name] = name, replace(grid, scale=scaling.worth)
        return True

    def _concat(self, node: Node) -> bool:
        """Parts on one grid, the coarsest of theirs."""
        if not self._feeds_product(node.name):
            return False
        parts = [self.low.as_bytes(name) for name in node.inputs]
        dtype = "uint8" if all(grid.dtype == "uint8" for _, grid in parts) else "int8"
        scale = max(grid.scale * grid.limits[1] for _, grid in parts) / (255 if dtype == "uint8" else 127)
        wanted, names = Grid(dtype=dtype, scale=scale), []
        for part, (name, grid) in zip(node.inputs, parts, strict=True):
            if grid != wanted:
                name = self.low.rescale(f"{node.name} ({part})", name, taken_up(grid, scale), dtype)
            names.append(name)
        self.low.bytes[node.name] = (
            self.low.b.op("concat", self.low.fresh(node.name), *names, axis=node["axis"]),
            wanted,
        )
        return True
