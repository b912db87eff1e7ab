"""The sides that fit a net: ours, torch, torch compiled, scikit-learn; the same steps on the same batches."""

import threading
from typing import Any, Protocol

import numpy as np

from datacc.fit import Recipe
from datacc.fit.losses import cross_entropy
from datacc.ir.graph import Graph
from datacc.registry import load

from .fit_nets import Array, FitNet
from .peak import Peak

RATE = 1e-3
SMOOTHING = 0.0
AGREED = 2e-3  # how far losses of the first steps may be from ours


class Side(Protocol):
    """Takes all steps of its batches, again and again; gives their losses."""

    def steps(self) -> list[float]:
        """The losses of all steps, as far as the side tells."""


class Ours:
    """The native back end: all steps in one call."""

    def __init__(self, net: FitNet, inputs: Array, classes: Array, threads: int) -> None:
        steps, batch = classes.shape
        recipe = Recipe(epochs=1, batch=batch, rate=RATE, decay=0.01, smoothing=SMOOTHING, threads=threads)
        graph, loss = net.graph(), cross_entropy(net.classes, SMOOTHING)
        self.fitting: Any = load("fit", "native").open(graph, loss, recipe, net.weights(), batch)
        self.inputs = {"x": inputs}
        self.targets = np.eye(net.classes, dtype=np.float32)[classes]
        self.weights, self.rates = np.ones((steps, batch), np.float32), np.full(steps, RATE)

    def steps(self) -> list[float]:
        losses: list[float] = self.fitting.run(self.inputs, self.targets, self.weights, self.rates).tolist()
        return losses


class Torch:
    """A plain loop over a module: channels last, the fused AdamW, inputs made beforehand."""

    def __init__(self, net: FitNet, inputs: Array, classes: Array, threads: int, *, compiled: bool = False) -> None:
        import torch

        self.torch, self.threads = torch, threads
        self.module = module_of(net)
        floats = inputs.astype(np.float32) / 255 if net.bytes else inputs
        batches = [
            torch.from_numpy(batch).movedim(-1, 1) if len(net.shape) > 1 else torch.from_numpy(batch)
            for batch in floats
        ]
        self.inputs = batches if len(net.shape) != 2 else [batch.contiguous() for batch in batches]
        self.classes = torch.from_numpy(classes)
        matrices = [weight for weight in self.module.parameters() if weight.ndim > 1]
        vectors = [weight for weight in self.module.parameters() if weight.ndim == 1]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=RATE, fused=True)
        self.forward = torch.compile(self._loss) if compiled else self._loss

    def _loss(self, x: Any, classes: Any) -> Any:
        return self.torch.nn.functional.cross_entropy(self.module(x), classes)

    def steps(self) -> list[float]:
        self.torch.set_num_threads(self.threads)
        losses = []
        for x, classes in zip(self.inputs, self.classes, strict=True):
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.forward(x, classes)
            loss.backward()
            self.optimiser.step()
            losses.append(loss.detach())
        return [float(loss) for loss in losses]


def module_of(net: FitNet) -> Any:
    """The net as a torch module that begins with our weights."""
    from torch import from_numpy, nn

    layers: list[Any] = []
    weights = net.weights()
    convs = {1: nn.Conv1d, 2: nn.Conv2d}
    pools = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
    rank = len(net.shape) - 1
    for i, layer in enumerate(net.layers, 1):
        if layer[0] == "pool":
            layers.append(pools[rank](2))
            continue
        weight = weights[f"weight{i}"]
        if layer[0] == "dense":
            layers += [nn.Flatten()] if weight.ndim > 2 else []
            made: Any = nn.Linear(weight[0].size, layer[1])
        else:
            made = convs[rank](weight.shape[-1], layer[1], layer[2], padding=layer[2] // 2)
        made.weight.data = from_numpy(np.ascontiguousarray(np.moveaxis(weight, -1, 1))).reshape(made.weight.shape)
        made.bias.data = from_numpy(weights[f"bias{i}"].copy())
        layers.append(made)
        if i < len(net.layers):
            norm = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[rank if layer[0] == "conv" else 0]
            layers += [norm(layer[1]), nn.ReLU()] if net.normal else [nn.ReLU()]
    module = nn.Sequential(*layers)
    if rank == 2:
        from torch import channels_last

        module = module.to(memory_format=channels_last)
    return module


class Sklearn:
    """scikit-learn's own multilayer perceptron: Adam, no batch statistics, one batch a call."""

    def __init__(self, net: FitNet, inputs: Array, classes: Array) -> None:
        from sklearn.neural_network import MLPClassifier

        hidden = tuple(layer[1] for layer in net.layers[:-1])
        self.model = MLPClassifier(hidden, batch_size=classes.shape[1], learning_rate_init=RATE, solver="adam")
        self.inputs, self.classes, self.every = inputs, classes, np.arange(net.classes)

    def steps(self) -> list[float]:
        for x, classes in zip(self.inputs, self.classes, strict=True):
            self.model.partial_fit(x, classes, classes=self.every)
        return []


def step_work(step: Graph) -> int:
    """Multiply-adds of an example's products in a step's Graph: forward, and the gradients that are taken."""
    total = 0
    for node in step.nodes:
        if node.op in ("dense", "conv", "conv_input", "conv_weight"):
            weight = node if node.op == "conv_weight" else step.by_name[node.inputs[1]]
            result = {"conv_input": node.inputs[0], "conv_weight": node.inputs[1]}.get(node.op, node.name)
            total += step.by_name[result].type.count * weight.type.count // weight.type.shape[0]
    return total


class TwoPeaks:
    """Multiply-adds in registers on both cores at once: what a share of the peak is a share of."""

    def __init__(self, peak: Peak, count: int) -> None:
        self.peak, self.count = peak, count
        peak.answer(1)

    def steps(self) -> list[float]:
        other = threading.Thread(target=self.peak.answer, args=(self.count,))
        other.start()
        self.peak.answer(self.count)
        other.join()
        return []
