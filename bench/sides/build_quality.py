"""Time to equal quality: a search from nothing beside peers that begin from nothing, to the quality that each reaches.

A peer's quality is that on the judge rows; ours counts from the first look at the candidates until a candidate that
was fitted reaches it there. What looking costs is not counted. The net of `torch` is the one that we build, so that our
fit alone stands beside it.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from datacc.compiler.assemble import examples
from datacc.compiler.attempts import Attempt
from datacc.compiler.engine import engine
from datacc.compiler.search import Choice, search
from datacc.ir.graph import Graph, needed
from datacc.repo.snapshot import JUDGE, LEARN
from datacc.runtime.toolchain import cache_folder
from datacc.spec.bounds import lower_bound

from .build_sets import BuildSet
from .machine import is_installed
from .rows import Row

AUTOMATIC = {"autogluon": "AutoGluon", "fastai": "fastai", "ludwig": "Ludwig"}
EPOCHS = 30  # of the plain loop at most; it stops early when nothing was gained for PATIENCE of them
PATIENCE = 5


@contextmanager
def cold() -> Iterator[None]:
    """Libraries of fits are linked anew."""
    kept = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as empty:
        os.environ["XDG_CACHE_HOME"] = empty
        cache_folder.cache_clear()
        try:
            yield
        finally:
            os.environ.pop("XDG_CACHE_HOME") if kept is None else os.environ.__setitem__("XDG_CACHE_HOME", kept)
            cache_folder.cache_clear()


class Watched:
    """A search from nothing: after how many seconds it had which quality on judge."""

    def __init__(self, data: BuildSet, goal: float) -> None:
        self.data, self.looking, self.reached = data, 0.0, []  # type: tuple[BuildSet, float, list[tuple[float, float]]]
        data.truth  # noqa: B018  frozen before the clock starts
        asked = data.asking(goal)  # and read: peers are given arrays
        with cold():
            self.began = time.perf_counter()
            self.choice: Choice = search(
                asked, data.snapshot, data.store("quality", fresh=True),
                chosen_goal=False, announce=lambda rung: None, tell=self._tell,
            )  # fmt: skip
            self.seconds = time.perf_counter() - self.began - self.looking

    def _tell(self, attempt: Attempt) -> None:
        now = time.perf_counter()
        self.reached.append((now - self.began - self.looking, self.data.right(attempt.fitted.graph)))
        self.looking += time.perf_counter() - now

    def until(self, quality: float) -> float | None:
        """Seconds until something reached it, None when nothing did."""
        return next((seconds for seconds, right in self.reached if right >= quality), None)


def rows(data: BuildSet) -> Iterator[Row]:
    """A row for each peer that is installed, and our own search."""
    ours = Watched(data, data.goal)
    right = data.right(ours.choice.fitted.graph)
    told = f"judge {right:.4f}; library of every candidate linked anew"
    yield data.row("search/seconds", ours.seconds, note=told)
    yield from _torch(data, ours.choice)
    for name, model in _sklearn(data).items():
        began = time.perf_counter()
        model.fit(*data.flat(LEARN))
        taken, quality = time.perf_counter() - began, float(model.score(*data.flat(JUDGE)))
        rows = len(data.snapshot.rows(JUDGE))
        equal = Watched(data, lower_bound(round(quality * rows), rows))
        until, note = equal.until(quality), f"to {quality:.4f} on judge, search included"
        if until is None:
            most = max(right for _, right in equal.reached)
            note, until = f"we reached {most:.4f} of {quality:.4f}; the whole search stands here", equal.seconds
        yield data.row(f"time_to_quality/{name}", until, peer=taken, note=note)
    for module, name in AUTOMATIC.items():
        if not is_installed(module):
            print(f"time_to_quality/{module}: skipped: {name} is not installed", file=sys.stderr)


def _sklearn(data: BuildSet) -> dict[str, Any]:
    if not is_installed("sklearn"):
        print("skipped: scikit-learn is not installed", file=sys.stderr)
        return {}
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    mlp: Any = MLPClassifier(max_iter=500, random_state=0)
    record = data.program.inputs[0].type == "record"
    return {
        "sklearn_mlp": make_pipeline(StandardScaler(), mlp) if record else mlp,
        "sklearn_hgb": HistGradientBoostingClassifier(random_state=0),
    }


def _torch(data: BuildSet, choice: Choice) -> Iterator[Row]:
    """A plain loop over the net that we chose, until it no longer gains, beside our fit of it."""
    if not is_installed("torch"):
        print("time_to_quality/torch: skipped: torch is not installed", file=sys.stderr)
        return
    learn, tune = examples(data.program, data.snapshot)
    graph, recipe = choice.rung.graph, choice.recipe
    engine(None, graph).fit(graph, learn, tune, replace(recipe, epochs=1), 0)  # links its library
    began = time.perf_counter()
    fitted = engine(None, graph).fit(graph, learn, tune, recipe, 0)
    ours, right = time.perf_counter() - began, data.right(fitted.graph)
    looks = _loop(data, graph)
    goal = min(right, max(quality for _, quality in looks))
    taken = next(seconds for seconds, quality in looks if quality >= goal)
    note = f"the same net to {goal:.4f} on judge; ours ends at {right:.4f}, torch's best {max(q for _, q in looks):.4f}"
    yield data.row("time_to_quality/torch", ours, peer=taken, note=note)


def module_of(graph: Graph) -> Any:
    """The same layers from the input to the logits, begun as torch does: of one input, all our skeletons are chains."""
    from torch import nn

    layers: list[Any] = []
    for node in (one for one in graph.nodes if one.name in needed(graph, [graph.loss])):
        channels = node.type.shape[-1]
        match node.op:
            case "conv":
                weight = graph.by_name[node.inputs[1]].type.shape
                pad = [before for before, _ in node["pad"]]
                layers.append(nn.Conv2d(weight[-1], channels, weight[1:3], node["stride"], pad, bias=False))
            case "normalise":
                layers.append(nn.BatchNorm2d(channels) if len(node.type.shape) > 1 else nn.BatchNorm1d(channels))
            case "relu":
                layers.append(nn.ReLU())
            case "maxpool":
                layers.append(nn.MaxPool2d(node["size"], node["stride"]))
            case "dense":
                layers += [nn.Flatten(), nn.Linear(graph.by_name[node.inputs[0]].type.count, channels)]
            case "input" | "weight" | "cast" | "affine":
                continue
            case _:
                raise ValueError(f"no layer for {node.op}")
    return nn.Sequential(*layers)


def _loop(data: BuildSet, graph: Graph) -> list[tuple[float, float]]:
    """Seconds and quality on judge after each epoch of the loop that everybody writes: shuffled batches of 64, Adam."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(2)
    (x, y), (judged, truth) = (_tensors(data, split) for split in (LEARN, JUDGE))
    module = module_of(graph)
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-3)
    looks, taken = [], 0.0
    while len(looks) < EPOCHS and (
        len(looks) <= PATIENCE or max(looks[-PATIENCE:], key=_quality) >= max(looks, key=_quality)
    ):
        began = time.perf_counter()
        module.train()
        for batch in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x[batch]), y[batch]).backward()
            optimiser.step()
        taken += time.perf_counter() - began
        module.eval()
        with torch.inference_mode():
            right = torch.cat([module(part).argmax(1) for part in judged.split(512)]) == truth
        looks.append((taken, float(right.float().mean())))
    return looks


def _quality(look: tuple[float, float]) -> float:
    return look[1]


def _tensors(data: BuildSet, split: int) -> Any:
    import torch

    x, y = data.flat(split)
    [array] = data.snapshot.inputs.values()
    if array.ndim == 4:
        x = np.ascontiguousarray(np.moveaxis(x.reshape(-1, *array.shape[1:]), -1, 1))
    else:
        x = (x - data.flat(LEARN)[0].mean(0)) / (data.flat(LEARN)[0].std(0) + 1e-6)
    return torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
