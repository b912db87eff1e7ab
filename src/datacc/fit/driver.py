"""The driver of every fit, whatever back end does the steps: batches, rates, looks at tune, and what may go wrong."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import FitError
from datacc.fit import BackEnd, Examples, Fitted, Progress, Recipe, Rounding, Start, Watch
from datacc.fit._batches import AHEAD, Batches, Chunk, ahead, chunk_steps, spans, steps_per_epoch
from datacc.fit._memory import demand, limit, value_bytes
from datacc.fit._schedule import falling, looks_of, rate
from datacc.fit._statistics import EXACT_ROWS, ONWARD_ROWS, QUICK_ROWS, features_of, look_rows, statistics
from datacc.fit._trouble import first_not_finite, likely_cause, nothing_moved
from datacc.fit.checkpoint import Best, Checkpoint, Moment
from datacc.fit.initial import Weights, initial, opened
from datacc.fit.losses import loss_of, members_of
from datacc.fit.objective import objective_of
from datacc.fit.rarity import gains
from datacc.ir.check import check
from datacc.ir.cost import work
from datacc.ir.graph import Graph

MOMENT: Final = 0.5  # seconds of work that are done again after an interruption
WRITTEN: Final = 30.0  # seconds between checkpoints in the cache
SAME_ROWS: Final = 256  # of learn, whose answers should differ
NONE: Final = np.arange(0)  # rows
TOLD: Final = 10  # steps between two words of progress, at least


def fit(
    back_end: BackEnd,
    graph: Graph,
    learn: Examples,
    tune: Examples,
    recipe: Recipe,
    seed: int,
    *,
    watch: Watch | None = None,
    rounding: Rounding | None = None,
    checkpoint: Checkpoint | None = None,
    start: Start | None = None,
    asked: Examples | None = None,
) -> Fitted:
    """The Graph with its `learnt`, `mean` and `variance` holes filled; the same bytes for the same arguments.

    `data` holes must be filled before. With a `rounding` the Graph has no holes: the weights of its products are
    fitted on, from where they are. `start` holds the weights of an earlier fit, to go on from: then the rate only
    falls, and tune is looked at before the first step and after the last. A fit that was interrupted goes on from its
    `checkpoint`. Raises `FitError` when there is nothing to learn from, or the loss stops being a number before the
    first look at tune; `ResourceError` when memory does not suffice. What comes out has the features of the rows
    `asked`, too: the back end gives them many times as fast as the reference interpreter.
    """
    check(graph, holes=("learnt", "mean", "variance"))
    if not len(learn):
        raise FitError("there are no examples to learn from")
    moment = None if checkpoint is None else checkpoint.read()
    return _Fit(back_end, graph, learn, tune, recipe, seed, rounding, start, asked, moment).run(watch, checkpoint)


class _NotFinite(Exception):
    """What stopped being a number in this step, after so many steps that went well."""

    def __init__(self, what: str, *, step: int, well: int) -> None:
        super().__init__(what)
        self.what, self.step, self.well = what, step, well


class _Fit:
    """One fit under way."""

    def __init__(
        self,
        back_end: BackEnd,
        graph: Graph,
        learn: Examples,
        tune: Examples,
        recipe: Recipe,
        seed: int,
        rounding: Rounding | None,
        start: Start | None,
        asked: Examples | None,
        resumed: Moment | None,
    ) -> None:
        self.asked, self.resumed = asked, resumed
        self.filled, self.learn, self.tune, self.recipe, self.seed = graph, learn, tune, recipe, seed
        self.batch = min(recipe.batch, len(learn))
        self.graph = opened(graph, rounding, self.batch)
        self.objective, self.classes = objective_of(learn), graph.by_name[graph.loss].type.shape[-1]
        self.loss = loss_of(graph, partial(self.objective.loss, smoothing=recipe.smoothing))
        self.steps = recipe.epochs * steps_per_epoch(len(learn), recipe.batch)
        self.looks = looks_of(self.steps) if len(tune) and not start else frozenset([self.steps])
        self.rate = falling if start else rate
        row = sum(node.type.nbytes for node in graph.inputs) + 4 * self.classes
        self.at_once = chunk_steps(work(graph), self.batch, row)
        self.spans = spans(self.steps, self.at_once, sorted(self.looks))
        values = look_rows(self.graph) * value_bytes(self.graph) + (AHEAD + 1) * self.at_once * self.batch * row
        demand(back_end.memory(self.graph, self.batch) + values, limit())
        self.start = initial(self.graph, seed, self._known(graph, start))
        self.by = back_end.version
        self.open = partial(back_end.open, self.graph, self.loss, recipe, rows=self.batch, rounding=rounding)
        self.fitting, self.kept = self.open(self.start), start.kept if start else 0.0
        self.now = self.moment = Moment(step=0, state=self.fitting.state())
        self.most = ONWARD_ROWS if start and start.statistics else EXACT_ROWS  # rows of the last word
        self.looked = QUICK_ROWS if len(self.looks) > 1 else self.most  # of a look: the only one is the last word
        self.exact: tuple[int, Weights, tuple[float, float]] | None = None
        if start and len(tune):
            found = dict(start.statistics) or statistics(self.fitting, self.graph, learn, QUICK_ROWS)
            self.now = self.moment = replace(self._look(0, found), best=None)

    def _known(self, graph: Graph, start: Start | None) -> Weights:
        """The weights that do not begin by chance. A fit that is resumed has other gains by now: none are counted."""
        counted = self.learn if self.resumed is None else self.learn.rows(NONE)
        fixed = {node.name: node.value for node in graph.weights if node.value is not None}
        return {**fixed, **(start.weights if start else gains(self.graph, counted, self.recipe.rare))}

    def run(self, watch: Watch | None, checkpoint: Checkpoint | None) -> Fitted:
        if self.resumed is not None:
            self.now = self.moment = self.resumed
            self.fitting.restore(self.resumed.state)
        try:
            found = self._fitted(self._go(watch, checkpoint))
        except KeyboardInterrupt:
            if checkpoint is not None:
                checkpoint.write(self.moment)
            raise
        if checkpoint is not None:
            checkpoint.drop()
        return found

    def _fitted(self, warnings: tuple[str, ...]) -> Fitted:
        """The best weights, with the exact statistics that belong to them, and their score."""
        best = self.now.best
        assert best is not None  # the last step is looked at, and a fit that stops before any look has raised
        self.fitting.restore(best.state)
        if self.kept:
            self.fitting = self.open(self._between(self.fitting.weights()))
        if self.exact is not None and self.exact[0] == best.step and not self.kept:
            _, found, result = self.exact
        else:
            found = statistics(self.fitting, self.graph, self.learn, self.most)
            features = features_of(self.fitting, self.graph, found, self.tune)
            result = self.objective.score(features, self.tune.targets)
        weights = {**self.fitting.weights(), **found}
        said = None if self.asked is None else features_of(self.fitting, self.graph, found, self.asked)
        told = (*warnings, *self._oddities(weights))
        values = {node.name: node.value for node in self.graph.weights if node.value is not None} | weights
        open_ = {node.name for node in (*self.graph.holes, *self.filled.holes)}
        whole = check(self.filled.fill({name: values[name] for name in open_}), holes=())
        return Fitted(graph=whole, tune=result[0], history=self.now.history, warnings=told, by=self.by, features=said)

    def _between(self, weights: Weights) -> Weights:
        """The weights on the straight line from those of the start to these."""
        kept = np.float32(self.kept)
        return {**self.start, **{name: kept * self.start[name] + (1 - kept) * now for name, now in weights.items()}}

    def _go(self, watch: Watch | None, checkpoint: Checkpoint | None) -> tuple[str, ...]:
        """From the moment that is known to the last step, or to one that cannot be gone; what is to be said of it."""
        try:
            self._chunks(watch, checkpoint)
        except _NotFinite as stop:
            return (self._stopped(stop),)
        return ()

    def _chunks(self, watch: Watch | None, checkpoint: Checkpoint | None) -> None:
        taken = written = time.monotonic()
        todo = [span for span in self.spans if span[0] > self.moment.step]
        batches = self._batches()
        with closing(ahead(batches.chunk(*span) for span in todo)) as chunks:
            for chunk in chunks:
                loss = self._steps(chunk)
                if chunk.last in self.looks:
                    self.now = self._look(chunk.last)
                if watch is not None and (chunk.last in self.looks or chunk.last // TOLD > (chunk.first - 1) // TOLD):
                    tune = self.now.best.score[0] if self.now.best is not None and len(self.tune) else None
                    watch(Progress(step=chunk.last, steps=self.steps, loss=loss, tune=tune))
                if time.monotonic() - taken >= MOMENT:
                    self.now = self.moment = replace(self.now, step=chunk.last, state=self.fitting.state())
                    taken = time.monotonic()
                if checkpoint is not None and taken - written >= WRITTEN:
                    checkpoint.write(self.moment)
                    written = taken

    def _batches(self) -> Batches:
        return Batches(self.learn, self.batch, self.classes, self.seed, self.recipe.balance)

    def _run(self, chunk: Chunk) -> NDArray[np.float32]:
        steps = range(chunk.first, chunk.first + len(chunk.weights))
        rates = self.recipe.rate * np.array([self.rate(step / self.steps) for step in steps])
        return self.fitting.run(chunk.inputs, chunk.targets, chunk.weights, rates)

    def _steps(self, chunk: Chunk) -> float:
        """The loss of the chunk's last step, of one member in the mean."""
        losses = self._run(chunk)
        wrong = np.flatnonzero(~np.isfinite(losses))
        if len(wrong):
            step = chunk.first + int(wrong[0])
            raise _NotFinite(f"the loss became {losses[wrong[0]]}", step=step, well=step - 1)
        return float(losses[-1]) / members_of(self.graph)

    def _look(self, step: int, known: Weights | None = None) -> Moment:
        """Fill the statistics, unless they are known, score tune, and keep the weights if none were better."""
        found = known or statistics(self.fitting, self.graph, self.learn, self.looked)
        features = features_of(self.fitting, self.graph, found, self.tune)
        if not all(np.isfinite(array).all() for array in (*self.fitting.weights().values(), *found.values(), features)):
            raise _NotFinite("the weights became useless", step=step, well=step)
        result, best = self.objective.score(features, self.tune.targets), self.now.best
        if best is None or result > best.score:
            best = Best(step=step, score=result, state=self.fitting.state())
            self.exact = (step, found, result) if self.looked == self.most else None
        return replace(self.now, history=(*self.now.history, (step, result[0])), best=best)

    # ---- What may go wrong.

    def _stopped(self, stop: _NotFinite) -> str:
        """What is said when the last good weights are kept. Raises `FitError` when there are none."""
        node, inputs = self._again(stop)
        first = f": {node} is the first that is not finite" if node else ""
        what = f"{stop.what} at step {stop.step} of {self.steps}{first}"
        tries = likely_cause(inputs, self.recipe.rate)
        if self.now.best is None:
            raise FitError(what, tries=tries)
        return f"{what}; the weights of step {self.now.best.step} are kept (try {tries[0]})"

    def _again(self, stop: _NotFinite) -> tuple[str, Mapping[str, NDArray[Any]]]:
        """The first node that is not finite, and the inputs of that step, which is come to once more."""
        self.fitting.restore(self.moment.state)
        batches = self._batches()
        for first, last in self.spans:
            if self.moment.step < first <= stop.step:
                chunk = batches.chunk(first, last)
                if stop.well >= first:
                    self._run(chunk.head(stop.well - first + 1))
        one = chunk.step(stop.step)
        weights = {**self.start, **self.fitting.weights(average=False)}
        name = first_not_finite(self.graph, self.loss, weights, one.inputs, one.targets, one.weights)
        return name, one.inputs

    def _oddities(self, weights: Weights) -> Iterator[str]:
        """What the user should know of a fit that ended with these weights."""
        if self.recipe.batch > len(self.learn):
            yield f"a batch of {self.recipe.batch} rows is larger than the data: {len(self.learn)} rows are one batch"
        if (self.learn.targets == self.learn.targets[0]).all():
            yield "every learn row has the same target: no other answer can be learnt"
        some = self.learn.rows(np.arange(min(SAME_ROWS, len(self.learn))))
        features = features_of(self.fitting, self.graph, weights, some)
        if len(some) > 1 and (features == features[0]).all():
            alike = all((array == array[0]).all() for array in self.learn.inputs.values())
            why = "all examples are alike" if alike else "the features are constant; try a lower rate"
            yield f"the program answers the same to every input: {why}"
        if nothing_moved(self.start, weights):
            yield "no weight was learnt: every gradient is zero; look at the inputs, or try a wider skeleton"
