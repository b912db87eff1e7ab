"""Losses as Graphs: from the features, the target and the weight of a row to its loss, (1,).

Inputs are `features` (K,), `target` ((K,) or (1,)) and `weight` (1,). Output `loss` is the row's loss; any other output
names a node that is regarded as constant when gradients are taken, because its gradient is zero analytically.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from datacc.fit._tape import Tape
from datacc.ir.graph import SOURCES, Graph

FEATURES: Final = "features"
TARGET: Final = "loss.target"  # with a dot, which no input of a program has
WEIGHT: Final = "loss.weight"
LOSS: Final = "loss"
FAINT: Final = -30.0  # a float of 1 does not change when e^FAINT is added


def cross_entropy(classes: int, smoothing: float = 0.0) -> Graph:
    """weight · (log Σ e^features − Σ smoothed target · features); target (K,) is a distribution over the classes.

    Nothing overflows, because the largest feature is taken from all of them, which changes nothing: it is constant.
    """
    t = _begin(classes, classes)
    largest = t.do("maximum", FEATURES)
    centred = t.do("add", FEATURES, t.scaled(largest, t.constant(-1)))
    spread = t.do("log", t.total(_exp(t, centred)))
    smoothed = t.do("affine", TARGET, t.constant(1 - smoothing), t.constant(smoothing / classes))
    agreed = t.total(t.do("multiply", centred, smoothed))
    return _end(t, t.do("add", spread, t.scaled(agreed, t.constant(-1))), largest=largest)


def squared(count: int) -> Graph:
    """weight · Σ (features − target)² / K."""
    t = _begin(count, count)
    error = _difference(t, FEATURES, TARGET)
    return _end(t, t.scaled(t.total(t.do("multiply", error, error)), t.constant(1 / count)))


def quantiles(levels: Sequence[float]) -> Graph:
    """weight · (squared error of the first feature + Σ pinball of one more for each level); target (1 + levels,).

    Pinball by q: q · max(target − feature, 0) + (1 − q) · max(feature − target, 0), least in the mean at the quantile.
    """
    count = 1 + len(levels)
    t = _begin(count, count)
    square, lacking, beyond = (
        _vector(t, f"quantiles.{name}", values)
        for name, values in (
            ("square", [1, *(0 for _ in levels)]),
            ("lacking", [0, *levels]),
            ("beyond", [0, *(1 - level for level in levels)]),
        )
    )
    error = _difference(t, TARGET, FEATURES)
    missing = t.scaled(t.do("relu", error), lacking)
    surplus = t.scaled(t.do("relu", t.scaled(error, t.constant(-1))), beyond)
    squares = t.scaled(t.do("multiply", error, error), square)
    return _end(t, t.total(t.do("add", squares, t.do("add", missing, surplus))))


def binary(count: int) -> Graph:
    """weight · Σ (log(1 + e^features) − target · features): K labels at once, each target 0 … 1.

    log(1 + e^x) is max(x, 0) + log(1 + e^−|x|), in which nothing overflows.
    """
    t = _begin(count, count)
    positive = t.do("relu", FEATURES)
    size = t.do("add", positive, t.do("relu", t.scaled(FEATURES, t.constant(-1))))
    rest = t.do("log", t.shifted(_exp(t, t.scaled(size, t.constant(-1))), t.constant(1)))
    agreed = t.do("multiply", FEATURES, TARGET)
    each = _difference(t, t.do("add", positive, rest), agreed)
    return _end(t, t.total(each))


def members_of(graph: Graph) -> int:
    """How many members' features the loss node of a skeleton has: by so many times `loss_of` says what one loses."""
    *members, _ = graph.by_name[graph.loss].type.shape
    return members[0] if members else 1


def loss_of(graph: Graph, of: Callable[[int], Graph]) -> Graph:
    """What a row loses whose features are the loss node of a skeleton; `of(K)` is the loss of K features."""
    shape = graph.by_name[graph.loss].type.shape
    return of_members(of(shape[-1]), shape)


def of_members(one: Graph, shape: tuple[int, ...]) -> Graph:
    """The loss of features (K,), or of M members' features (M, K): the sum of what each of them loses by itself.

    So their gradients have nothing to do with each other. The constant outputs are those of each.
    """
    *members, count = shape
    if not members:
        return one
    t = Tape()
    t.near = LOSS
    t.input(FEATURES, "float32", shape)
    for node in one.nodes:
        if node.op in SOURCES and node.name != FEATURES:
            t.put(node)
    losses, constant = [], dict[str, str]()
    for member in range(members[0]):
        row = t.do("slice", FEATURES, axis=0, first=member, last=member)
        names = {FEATURES: t.do("reshape", row, shape=(count,))}
        for node in one.nodes:
            if node.op not in SOURCES:
                names[node.name] = t.do(node.op, *(names.get(i, i) for i in node.inputs), **dict(node.attrs))
        (_, loss), *others = one.outputs
        losses.append(names[loss])
        constant |= {f"{field}.{member}": names[name] for field, name in others}
    total, *rest = losses
    for loss in rest:
        total = t.do("add", total, loss)
    return t.graph({LOSS: total, **constant})


def _begin(features: int, target: int) -> Tape:
    t = Tape()
    t.near = LOSS
    for name, size in ((FEATURES, features), (TARGET, target), (WEIGHT, 1)):
        t.input(name, "float32", (size,))
    return t


def _vector(t: Tape, name: str, values: Sequence[float]) -> str:
    """A constant (K,) of different numbers."""
    t.whole.add(name)
    return t.weight(name, (len(values),), role="fixed", value=np.array(values))


def _difference(t: Tape, a: str, b: str) -> str:
    return t.do("add", a, t.scaled(b, t.constant(-1)))


def _exp(t: Tape, x: str) -> str:
    """e^x of what is at most 0, no smaller than e^FAINT and then without gradient.

    The subnormal numbers that would follow from smaller ones change no weight, but a processor that meets them may
    take a hundred times as long.
    """
    return t.do("exp", t.do("clip", x, low=FAINT, high=1.0))


def _end(t: Tape, row: str, **constant: str) -> Graph:
    return t.graph({LOSS: t.do("multiply", row, WEIGHT), **constant})
