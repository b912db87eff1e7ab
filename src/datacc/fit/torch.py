"""The fitting back end `torch`: walks the Graph with torch's forms of the ops; the only file that imports torch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
import torch.nn.functional as nn
from torch import Tensor

from datacc.errors import FitError
from datacc.fit import BackEnd, Examples, Fitted, Progress, Recipe, Rounding, Watch
from datacc.fit._batches import ahead, batches, class_weights, steps_per_epoch
from datacc.fit._rounding import Rounded
from datacc.fit._schedule import looks_of, rate
from datacc.ir.check import check
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import walk

STATISTICS_ROWS: Final = 2048  # learn rows of the pass that fills mean and variance; ids are hashes, so a fair sample
EVALUATION_ROWS: Final = 1024
BETA_MEAN: Final = 0.9
BETA_SQUARE: Final = 0.999
EPSILON: Final = 1e-8


def _channels_first(x: Tensor) -> Tensor:
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
    """AdamW under a one-cycle schedule; normalisation by batch, then by one exact pass; best of tune is kept."""

    def fit(
        self,
        graph: Graph,
        learn: Examples,
        tune: Examples,
        recipe: Recipe,
        seed: int,
        watch: Watch | None = None,
        rounding: Rounding | None = None,
    ) -> Fitted:
        """The Graph with its `learnt`, `mean` and `variance` holes filled; the same bytes for the same arguments."""
        check(graph, holes=("learnt", "mean", "variance"))
        if not len(learn):
            raise FitError("there are no examples to learn from")
        torch.manual_seed(seed)
        torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, without importing a compiler
        # Filling fresh memory costs a fifth of the time, and nothing reads it before it is written.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.set_num_threads(recipe.threads)
        return _Fit(graph, learn, tune, recipe, seed, rounding).run(watch)


class _Fit:
    """One fit under way: weights, optimiser, and the best that tune has seen."""

    def __init__(
        self, graph: Graph, learn: Examples, tune: Examples, recipe: Recipe, seed: int, rounding: Rounding | None
    ) -> None:
        self.graph, self.learn, self.tune, self.recipe, self.seed = graph, learn, tune, recipe, seed
        self.values = _initial(graph, seed)
        self.learnt = _learnt(graph, rounding)
        self.hooks: dict[str, Any] = {}
        if rounding is not None:
            rounded = Rounded(rounding)
            self.hooks = {"given": rounded.given, "seen": rounded.seen}
        self.steps = recipe.epochs * steps_per_epoch(len(learn), recipe.batch)
        self.optimiser = _AdamW([self.values[name] for name in self.learnt], recipe.decay)
        weights = class_weights(learn.targets, graph.by_name[graph.loss].type.shape[-1])
        self.weights = None if weights is None else torch.from_numpy(weights)
        self.best: tuple[float, float] = (-1.0, 0.0)
        self.best_values: Values = {}
        self.history: list[tuple[int, float]] = []

    def run(self, watch: Watch | None) -> Fitted:
        recipe, looks = self.recipe, looks_of(self.steps)
        feed = ahead(batches(self.learn, recipe.batch, recipe.epochs, self.seed))
        for step, (inputs, targets) in enumerate(feed, start=1):
            loss = self._step(step, inputs, targets)
            if step in looks:
                self._look(step)
            if watch is not None and (step in looks or step % 10 == 0):
                watch(Progress(step=step, steps=self.steps, loss=loss, tune=self.best[0] if self.history else None))
        filled = {name: tensor.detach().contiguous().numpy() for name, tensor in self.best_values.items()}
        open_ = {node.name for node in self.graph.holes}
        graph = self.graph.fill({name: filled[name] for name in (*open_, *self.learnt)})
        return Fitted(graph=check(graph, holes=()), tune=self.best[0], history=tuple(self.history))

    def _step(self, step: int, inputs: Mapping[str, Any], targets: Any) -> float:
        self.values.update(zip(self.learnt, self.optimiser.weights(), strict=True))
        feed = {name: torch.from_numpy(array) for name, array in inputs.items()}
        features = self._loss_node(feed, FITTING_FORMS if len(targets) > 1 else FORMS)
        loss = nn.cross_entropy(
            features, torch.from_numpy(targets).long(), weight=self.weights, label_smoothing=self.recipe.smoothing
        )
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FitError(
                f"the loss became {value} at step {step} of {self.steps}",
                tries=["look for extreme values in the inputs", f"a lower rate than {self.recipe.rate} in datacc.lock"],
            )
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step(self.recipe.rate * rate(step / self.steps))
        return value

    def _loss_node(self, feed: Values, forms: Mapping[str, Any]) -> Tensor:
        values = {**self.values, **feed}
        result: Tensor = walk(self.graph, values, [self.graph.loss], forms=forms, **self.hooks)[self.graph.loss]
        return result

    def _look(self, step: int) -> None:
        """Fill the statistics, score tune, and keep the weights if none were better."""
        with torch.no_grad():
            self.values.update(zip(self.learnt, self.optimiser.weights(), strict=True))
            values = {**self.values, **self._statistics()}
            score = self._score({**values})
        self.history.append((step, score[0]))
        if score > self.best or not self.best_values:
            self.best = score
            self.best_values = {name: tensor.detach().clone() for name, tensor in values.items()}

    def _statistics(self) -> Values:
        """Mean and variance of every normalise node over learn (its first 2,048 rows), in one exact pass."""
        found: Values = {}

        def given(node: Node, args: list[Any]) -> list[Any]:
            if node.op != "normalise":
                return args
            axes = tuple(range(args[0].ndim - 1))
            variance, mean = torch.var_mean(args[0], axes, correction=0)
            found[node.inputs[3]], found[node.inputs[4]] = mean, variance
            return [*args[:3], mean, variance]

        feed = {name: torch.from_numpy(array[:STATISTICS_ROWS]) for name, array in self.learn.inputs.items()}
        walk(self.graph, {**self.values, **feed}, [self.graph.loss], forms=FORMS, given=given)
        return found

    def _score(self, values: Values) -> tuple[float, float]:
        """The share of right answers on tune, and minus the loss, which decides between equals."""
        right, loss, total = 0, 0.0, len(self.tune)
        for start in range(0, total, EVALUATION_ROWS):
            rows = slice(start, start + EVALUATION_ROWS)
            feed = {name: torch.from_numpy(array[rows]) for name, array in self.tune.inputs.items()}
            found = walk(self.graph, {**values, **feed}, [self.graph.loss], forms=FORMS, **self.hooks)
            features = found[self.graph.loss]
            targets = torch.from_numpy(self.tune.targets[rows]).long()
            right += int((features.argmax(-1) == targets).sum())
            loss += float(nn.cross_entropy(features, targets, reduction="sum"))
        return (right / total, -loss) if total else (0.0, 0.0)


class _AdamW:
    """AdamW (Loshchilov and Hutter 2019) on one flat vector that holds all learnt weights.

    Vectors (biases, gains, shifts) do not decay. torch's own class takes seconds to import what it does not need here.
    """

    def __init__(self, weights: Sequence[Tensor], decay: float) -> None:
        self.shapes = [weight.shape for weight in weights]
        self.flat = torch.cat([weight.detach().reshape(-1) for weight in weights]).requires_grad_()
        self.decay = torch.cat([torch.full((w.numel(),), decay if w.ndim > 1 else 0.0) for w in weights])
        self.mean, self.square = torch.zeros_like(self.decay), torch.zeros_like(self.decay)
        self.steps = 0

    def weights(self) -> list[Tensor]:
        """The weights as views of the vector, through which their gradients come back."""
        parts = torch.split(self.flat, [shape.numel() for shape in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move against the gradient that a backward pass left, and forget it."""
        gradient = self.flat.grad
        assert gradient is not None  # only called after a backward pass
        self.steps += 1
        self.mean.lerp_(gradient, 1 - BETA_MEAN)
        self.square.mul_(BETA_SQUARE).addcmul_(gradient, gradient, value=1 - BETA_SQUARE)
        spread = (self.square / (1 - BETA_SQUARE**self.steps)).sqrt_().add_(EPSILON)
        self.flat.sub_(self.flat * self.decay, alpha=rate)
        self.flat.addcdiv_(self.mean, spread, value=-rate / (1 - BETA_MEAN**self.steps))
        self.flat.grad = None


def _initial(graph: Graph, seed: int) -> Values:
    """Every weight as a tensor: filled ones as they are; learnt ones by He et al. 2015; gains and variances 1."""
    random = torch.Generator().manual_seed(seed)
    values: Values = {}
    for node in graph.weights:
        if node.value is not None:
            values[node.name] = torch.from_numpy(node.value.copy())
        elif len(node.type.shape) > 1:
            scale = math.sqrt(2 / math.prod(node.type.shape[1:]))
            values[node.name] = torch.randn(node.type.shape, generator=random) * scale
        else:
            ones = node.role == "variance" or _is_gain(graph, node)
            values[node.name] = torch.full(node.type.shape, 1.0 if ones else 0.0)
    return values


def _learnt(graph: Graph, rounding: Rounding | None) -> list[str]:
    """The weights that are fitted: learnt holes, or all of the products that are rounded."""
    if rounding is None:
        return [node.name for node in graph.holes if node.role == "learnt"]
    products = [graph.by_name[name] for name in sorted(rounding.products)]
    return list(dict.fromkeys(weight for product in products for weight in product.inputs[1:]))


def _is_gain(graph: Graph, node: Node) -> bool:
    """Whether a weight multiplies: the gain of a normalise node."""
    return any(user.op == "normalise" and user.inputs[1] == node.name for user in graph.users[node.name])


ENTRY: Final = Torch()
