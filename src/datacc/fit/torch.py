"""The fitting back end `torch`: walks the Graph with torch's forms of the ops; the only file that imports torch."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as nn
from numpy.typing import NDArray
from torch import Tensor

from datacc.fit import BackEnd, Fitting, Recipe, Rounding, decays
from datacc.fit._rounding import Rounded
from datacc.fit.losses import FEATURES, TARGET, WEIGHT
from datacc.fit.step import BEFORE
from datacc.ir.container import pack, unpack
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import walk

MAGIC: Final = b"DATACCT\n"  # first bytes of a state
BETA_MEAN: Final = 0.9
BETA_SQUARE: Final = 0.999
EPSILON: Final = 1e-8


def _channels_first(x: Tensor) -> Tensor:
    if x.shape[-1] == 1:  # by its strides torch takes such a view for both orders at once, and may read beyond it
        return x.reshape(len(x), 1, *x.shape[1:-1])
    return x.movedim(-1, 1)  # a view: this is torch's channels_last memory


def _conv(x: Tensor, weight: Tensor, bias: Tensor, *, stride: Any, pad: Any, dilation: Any, groups: int) -> Tensor:
    x = _channels_first(x)
    sides = [side for before_after in reversed(pad) for side in before_after]
    even = all(before == after for before, after in pad)
    x = x if even else nn.pad(x, sides)
    padding = [before for before, _ in pad] if even else 0
    apply = nn.conv1d if x.ndim == 3 else nn.conv2d
    return apply(x, _channels_first(weight), bias, stride, padding, dilation, groups).movedim(1, -1)


def _normalise(x: Tensor, gain: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, *, epsilon: float) -> Tensor:
    return (x - mean) * (gain * torch.rsqrt(variance + epsilon)) + shift


def _normalise_batch(x: Tensor, gain: Tensor, shift: Tensor, *_: Tensor, epsilon: float) -> Tensor:
    """By the statistics of the batch: torch's fused form of the same meaning."""
    y = nn.batch_norm(_channels_first(x), None, None, gain, shift, True, 0.0, epsilon)
    return y.movedim(1, -1)


def _maxpool(x: Tensor, *, size: Any, stride: Any) -> Tensor:
    apply = nn.max_pool1d if x.ndim == 3 else nn.max_pool2d
    y = x if x.is_floating_point() else x.double()  # which holds every integer of 32 bits
    return apply(_channels_first(y), size, stride).movedim(1, -1).to(x.dtype)


def _meanpool(x: Tensor, *, size: Any, stride: Any) -> Tensor:
    apply = nn.avg_pool1d if x.ndim == 3 else nn.avg_pool2d
    return apply(_channels_first(x), size, stride).movedim(1, -1)


def _cast(x: Tensor, *, to: str) -> Tensor:
    dtype: torch.dtype = getattr(torch, to)
    if to == "float32":
        return x.to(dtype)
    limits = torch.iinfo(dtype)
    return x.double().round().nan_to_num(0, limits.max, limits.min).clamp(limits.min, limits.max).to(dtype)


def _rescale(x: Tensor, multiplier: Tensor, *, shift: int, to: str) -> Tensor:
    short = torch.floor(x.double() * 2.0**-shift + (0.5 if shift > 0 else 0)).clamp(-(2**15), 2**15 - 1)
    dtype: torch.dtype = getattr(torch, to)
    limits = torch.iinfo(dtype)
    return torch.floor(short * multiplier * 2.0**-15 + 0.5).clamp(limits.min, limits.max).to(dtype)


def _slice(x: Tensor, *, axis: int, first: int, last: int, step: int) -> Tensor:
    return x.movedim(axis + 1, 0)[first : last + 1 : step].movedim(0, axis + 1)


FORMS: Final[Mapping[str, Any]] = {
    "cast": _cast,
    "affine": lambda x, scale, offset: x * scale + offset,
    "dense": lambda x, weight, bias: nn.linear(x.flatten(1), weight.flatten(1), bias),
    "conv": _conv,
    "normalise": _normalise,
    "relu": nn.relu,
    "clip": lambda x, low, high: x.clamp(low, high),
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "maxpool": _maxpool,
    "meanpool": _meanpool,
    "argmax": lambda x: x.argmax(-1, keepdim=True).int(),
    "maximum": lambda x: x.amax(-1, keepdim=True),
    "concat": lambda *xs, axis: torch.cat(xs, axis + 1),
    "slice": _slice,
    "reshape": lambda x, shape: x.reshape(len(x), *shape),
    "transpose": lambda x, axes: x.permute(0, *(axis + 1 for axis in axes)),
    "rescale": _rescale,
    "gather": lambda x, table: table[x.clamp(0, len(table) - 1).long()],
}
FITTING_FORMS: Final[Mapping[str, Any]] = {**FORMS, "normalise": _normalise_batch}

Values = dict[str, Tensor]


class Torch(BackEnd):
    """Everything that the op table can say, on a CPU, by torch's own gradients."""

    version = f"torch {torch.__version__.split('+')[0]}"

    def lacks(self, graph: Graph, rounding: Rounding | None) -> str:
        """Nothing."""
        return ""

    def open(
        self,
        graph: Graph,
        loss: Graph,
        recipe: Recipe,
        weights: Mapping[str, NDArray[np.float32]],
        rows: int,
        rounding: Rounding | None = None,
    ) -> Fitting:
        """A fit that begins with these `weights`."""
        torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, without importing a compiler
        # Filling fresh memory costs a fifth of the time, and nothing reads it before it is written.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.set_num_threads(recipe.threads)
        return _Fitting(graph, loss, recipe, weights, rounding)


class _Fitting(Fitting):
    """Weights in one flat vector, the optimiser's memory, and the two Graphs that a step walks."""

    def __init__(
        self,
        graph: Graph,
        loss: Graph,
        recipe: Recipe,
        weights: Mapping[str, NDArray[np.float32]],
        rounding: Rounding | None,
    ) -> None:
        self.graph, self.loss = graph, loss
        self.fixed, self.loss_fixed = _filled(graph), _filled(loss)
        statistics = [node.name for node in graph.holes if node.role in ("mean", "variance")]
        self.forms = FITTING_FORMS if statistics else FORMS
        # While steps are run nothing reads these; the form of `normalise` has its own.
        self.unread = {name: torch.from_numpy(weights[name]) for name in statistics}
        learnt = {node.name: weights[node.name] for node in graph.holes if node.name not in self.unread}
        self.optimiser = _Optimiser(learnt, recipe)
        self.rounded = Rounded(rounding) if rounding is not None else None

    def run(
        self,
        inputs: Mapping[str, NDArray[Any]],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        rates: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        """One step after another."""
        losses = []
        for step, rate in enumerate(rates):
            feed = {name: torch.from_numpy(array[step]) for name, array in inputs.items()}
            loss = self._loss(feed, torch.from_numpy(targets[step]), torch.from_numpy(weights[step]))
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step(float(rate))
            losses.append(loss.detach())
        return np.asarray(torch.stack(losses).numpy())

    def _loss(self, feed: Values, target: Tensor, weight: Tensor) -> Tensor:
        """The mean of the rows' losses under the weights of now."""
        hooks = {} if self.rounded is None else {"given": self.rounded.given, "seen": self.rounded.seen}
        values = {**self.fixed, **self.unread, **self.optimiser.weights(), **feed}
        features = walk(self.graph, values, [self.graph.loss], forms=self.forms, **hooks)[self.graph.loss]
        given = {**self.loss_fixed, FEATURES: features, TARGET: target, WEIGHT: weight[:, None]}
        (_, name), *_ = self.loss.outputs
        result: Tensor = walk(self.loss, given, [name], forms=FORMS)[name].mean()
        return result

    def weights(self, *, average: bool = True) -> dict[str, NDArray[np.float32]]:
        """Every learnt hole's weights by name."""
        with torch.no_grad():
            found = self.optimiser.weights(average=average)
            return {name: weight.contiguous().numpy().copy() for name, weight in found.items()}

    def look(
        self, values: Mapping[str, NDArray[Any]], inputs: Mapping[str, NDArray[Any]], only: Collection[str] = ()
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Features, and the sums over what each normalise reads."""
        sums: dict[str, NDArray[Any]] = {}

        def given(node: Node, args: list[Any]) -> list[Any]:
            if node.op == "normalise" and node.inputs[3] in self.unread:
                centred = args[0] - before[node.inputs[3] + BEFORE]
                axes = tuple(range(centred.ndim - 1))
                sums[node.inputs[3]] = centred.sum(axes).numpy()
                sums[node.inputs[4]] = (centred * centred).sum(axes).numpy()
            return args if self.rounded is None else self.rounded.given(node, args)

        before = {name: torch.from_numpy(array) for name, array in values.items()}
        feed = {name: torch.from_numpy(array) for name, array in inputs.items()}
        seen = None if self.rounded is None else self.rounded.seen
        with torch.no_grad():
            known = {**self.fixed, **self.optimiser.weights(average=True), **before, **feed}
            found = walk(self.graph, known, [self.graph.loss], forms=FORMS, given=given, seen=seen)
            return found[self.graph.loss].contiguous().numpy(), sums

    def state(self) -> bytes:
        """The vectors of the optimiser, and its steps."""
        vectors = {name: vector.detach().numpy() for name, vector in self.optimiser.vectors.items()}
        return pack(MAGIC, {"steps": self.optimiser.steps}, vectors)

    def restore(self, state: bytes) -> None:
        """Be as the fit was when `state` gave this."""
        head, vectors = unpack(MAGIC, state)
        self.optimiser.steps = head["steps"]
        with torch.no_grad():
            for name, vector in self.optimiser.vectors.items():
                vector.copy_(torch.from_numpy(vectors[name]))


class _Optimiser:
    """AdamW (Loshchilov and Hutter 2019) or SGD with Nesterov's momentum, on one flat vector of all learnt weights.

    torch's own classes take seconds to import what nobody needs here.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], recipe: Recipe) -> None:
        self.recipe, self.steps = recipe, 0
        self.shapes = {name: weight.shape for name, weight in weights.items()}
        self.sizes = [weight.size for weight in weights.values()]
        flat = torch.from_numpy(np.concatenate([weight.reshape(-1) for weight in weights.values()]))
        self.flat = flat.requires_grad_()
        each = [np.full(w.size, recipe.decay if decays(w.shape) else 0.0, np.float32) for w in weights.values()]
        self.decay = torch.from_numpy(np.concatenate(each))
        kept = ["mean"] + ["square"] * (recipe.optimiser == "adamw") + ["average"] * (recipe.average > 0)
        self.vectors = {"flat": self.flat, **{name: torch.zeros_like(self.decay) for name in kept}}

    def weights(self, *, average: bool = False) -> Values:
        """The weights as views of the vector, through which their gradients come back; or their running mean."""
        flat = self.flat
        if average and self.recipe.average and self.steps:
            flat = self.vectors["average"] / (1 - self.recipe.average**self.steps)
        parts = zip(self.shapes.items(), torch.split(flat, self.sizes), strict=True)
        return {name: part.view(shape) for (name, shape), part in parts}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move against the gradient that a backward pass left, and forget it."""
        gradient = self.flat.grad
        assert gradient is not None  # only called after a backward pass
        self.steps += 1
        if self.recipe.clip:
            gradient.mul_((self.recipe.clip / gradient.norm()).clamp(max=1))
        if self.recipe.optimiser == "adamw":
            self._adamw(gradient, rate)
        else:
            self._sgd(gradient, rate)
        if self.recipe.average:
            self.vectors["average"].lerp_(self.flat, 1 - self.recipe.average)
        self.flat.grad = None

    def _adamw(self, gradient: Tensor, rate: float) -> None:
        mean, square = self.vectors["mean"], self.vectors["square"]
        mean.lerp_(gradient, 1 - BETA_MEAN)
        square.mul_(BETA_SQUARE).addcmul_(gradient, gradient, value=1 - BETA_SQUARE)
        spread = (square / (1 - BETA_SQUARE**self.steps)).sqrt_().add_(EPSILON)
        self.flat.sub_(self.flat * self.decay, alpha=rate)
        self.flat.addcdiv_(mean, spread, value=-rate / (1 - BETA_MEAN**self.steps))

    def _sgd(self, gradient: Tensor, rate: float) -> None:
        mean = self.vectors["mean"]
        gradient.add_(self.flat * self.decay)
        mean.mul_(self.recipe.momentum).add_(gradient)
        self.flat.sub_(gradient.add_(mean, alpha=self.recipe.momentum), alpha=rate)


def _filled(graph: Graph) -> Values:
    return {node.name: torch.from_numpy(node.value) for node in graph.weights if node.value is not None}


ENTRY: Final = Torch()
