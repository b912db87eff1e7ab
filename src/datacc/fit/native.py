"""The fitting back end `native`: the step derived as a Graph, emitted as C, run on all cores; no framework.

The same arguments give the same weights, bit for bit, whatever the number of threads, on every processor that fuses
multiply-adds in vectors (x86-64-v3 and later, aarch64).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.fit import BackEnd, Fitting, Recipe, Rounding, decays
from datacc.fit.compiled.library import Float, Library, Program, Settings, best_cpu, linked
from datacc.fit.losses import TARGET, WEIGHT, cross_entropy, loss_of
from datacc.fit.step import SHARE, look_graph, step_graph
from datacc.ir.graph import Graph
from datacc.runtime.machine import features, machine
from datacc.runtime.toolchain import cache_folder

BETA_MEAN: Final = 0.9  # as `compiled/update.py` has them
BETA_SQUARE: Final = 0.999
LOOK_ROWS: Final = 256
LAST: Final = 2  # programs that are kept: that of a fit, and the one that was derived to see whether it can be


# Programs that were derived last, which nobody changes: fits in folds, and `lacks` before a fit, ask for the same.
_last: dict[tuple[str, str, str, Settings], Program] = {}


class Native(BackEnd):
    """C for the whole step: forward, backward, update."""

    version = "native 3"
    steady = True

    def lacks(self, graph: Graph, rounding: Rounding | None) -> str:
        """What of this fit it cannot do, for a message; nothing when it covers all."""
        try:
            _program(graph, loss_of(graph, cross_entropy), Settings(), rounding)
        except GraphError as error:
            return f"{error.what} ({error.where})" if error.where else error.what
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
        """A fit of batches of `rows` examples that begins with these weights."""
        settings = Settings(optimiser=recipe.optimiser, clip=recipe.clip, average=recipe.average)
        return _Steps(_program(graph, loss, settings, rounding), graph, recipe, weights, rows)


def _program(graph: Graph, loss: Graph, settings: Settings, rounding: Rounding | None) -> Program:
    """The program of a fit. Raises `GraphError` that says what of it cannot be done."""
    if rounding is not None:
        raise GraphError("values and weights that are rounded while fitting")
    cpu = best_cpu(machine(), features())
    if cpu is None:
        raise GraphError("this processor, which does not fuse multiply-adds in vectors")
    key = (graph.digest, loss.digest, cpu.name, settings)
    found = _last.get(key)
    if found is None:
        learnt = [node.name for node in graph.holes if node.role == "learnt"]
        found = Program(step_graph(graph, loss), look_graph(graph), learnt, cpu, settings)
        _last[key] = found
        for oldest in list(_last)[:-LAST]:
            _last.pop(oldest, None)
    return found


class _Steps(Fitting):
    """One fit under way in memory of its own."""

    def __init__(
        self, program: Program, graph: Graph, recipe: Recipe, weights: Mapping[str, NDArray[np.float32]], rows: int
    ) -> None:
        self.program, self.recipe, self.taken = program, recipe, 0
        self.shapes = {node.name: node.type.shape for node in graph.holes if node.role == "learnt"}
        path = linked(program, cache_folder("fit"))
        self.library = Library(program, path, {"step": rows, "look": LOOK_ROWS}, recipe.threads)
        for name in self.shapes:
            self.library.put(name, weights[name])
        self.library.decays({name: recipe.decay if decays(shape) else 0.0 for name, shape in self.shapes.items()})
        self.library.put(SHARE, np.full(1, 1 / rows, np.float32))

    def run(
        self,
        inputs: Mapping[str, NDArray[Any]],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        rates: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        """Go T steps; the losses (T,)."""
        rows = targets.shape[1]
        fed = {**inputs, TARGET: targets, WEIGHT: weights}
        losses = self.library.run("step", fed, rows, self._rates(rates))
        self.taken += len(rates)
        return losses

    def _rates(self, rates: NDArray[np.float64]) -> Float:
        """What the update reads at every step (T, 3)."""
        if self.recipe.optimiser == "sgd":
            others = np.full(len(rates), self.recipe.momentum), np.zeros(len(rates))
        else:
            steps = self.taken + 1 + np.arange(len(rates))
            others = 1 / (1 - BETA_MEAN**steps), 1 / np.sqrt(1 - BETA_SQUARE**steps)
        return np.stack([rates, *others], axis=1).astype(np.float32)

    def weights(self, *, average: bool = True) -> dict[str, NDArray[np.float32]]:
        """Every learnt hole's weights by name."""
        if not (average and self.recipe.average and self.taken):
            return {name: self.library.get(name, shape) for name, shape in self.shapes.items()}
        memory = self.library.average / np.float32(1 - self.recipe.average**self.taken)
        return {name: self.library.get(name, shape, memory) for name, shape in self.shapes.items()}

    def look(
        self, values: Mapping[str, NDArray[Any]], inputs: Mapping[str, NDArray[Any]], only: Collection[str] = ()
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Features (N, K) of inputs (N, *shape) by `weights()`, and sums over what each normalise reads."""
        library, look = self.library, self.program.look
        until = look.steps_until({dict(look.graph.outputs)[field] for field in only})
        kept = library.whole.copy()
        try:
            averages = self.weights() if self.recipe.average else {}  # else they are there already
            for name, value in {**values, **averages}.items():
                if name in self.program.memory.parts:
                    library.put(name, value)
            outputs = dict(look.graph.outputs)
            sums = {field: np.zeros(look.graph.by_name[name].type.shape) for field, name in outputs.items()}
            del sums["features"]
            found = [np.zeros((0, *look.graph.by_name[outputs["features"]].type.shape), np.float32)]
            count = len(next(iter(inputs.values())))
            for start in range(0, count, LOOK_ROWS):
                part = {name: array[start : start + LOOK_ROWS] for name, array in inputs.items()}
                rows = min(LOOK_ROWS, count - start)
                library.run("look", part, rows, np.zeros((1, 3), np.float32), until)
                if not only:
                    found.append(library.rows(outputs["features"], rows))
                for field, total in sums.items():
                    total += library.sums(outputs[field], total.shape)
        finally:
            library.whole[:] = kept
        return np.concatenate(found), {field: total.astype(np.float32) for field, total in sums.items()}

    def state(self) -> bytes:
        """Weights, what the optimiser remembers, the means of the step before, and the number of steps."""
        arrays = self.library.whole, self.library.moments
        return b"".join([self.taken.to_bytes(8, "little"), *(array.tobytes() for array in arrays)])

    def restore(self, state: bytes) -> None:
        """Be as the fit was when `state` gave this."""
        self.taken = int.from_bytes(state[:8], "little")
        start = 8
        for array in (self.library.whole, self.library.moments):
            array[:] = np.frombuffer(state[start : start + array.nbytes], np.float32)
            start += array.nbytes


ENTRY: Final = Native()
