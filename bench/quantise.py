"""What integers cost in quality and give in size: a convolutional net on Fashion-MNIST, of floats and of integers.

    python bench/quantise.py             a minute or two: 12,000 pictures to learn from, judged on 10,000
    python bench/quantise.py --quick     under 50 seconds: 4,000 and 2,000
    python bench/quantise.py --json      one JSON object on standard output, row → figures

The pictures are those of the Debian package `dataset-fashion-mnist`. Both programs are compiled; what answers is the
shipped library. It prints figures and asserts none.
"""

import argparse
import gzip
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sides.machine import load, machine_class
from sides.rows import Row, as_json, table

from datacc.compiler.engine import engine
from datacc.compiler.integers import as_integers
from datacc.compiler.produce import Product, build_library, write
from datacc.fit import Examples, Fitted, Recipe, Rounding
from datacc.ir.graph import Graph
from datacc.runtime.native import Native
from datacc.skeletons.conv_v1 import ENTRY as CONV
from datacc.spec.interface import Interface, Port
from datacc.types.image import ENTRY as IMAGE
from datacc.types.label import ENTRY as LABEL

FOLDER: Final = Path("/usr/share/datasets/fashion-mnist")
CLASSES: Final = tuple("t-shirt trouser pullover dress coat sandal shirt sneaker bag boot".split())
TUNE: Final = 2000


def pictures(part: str, count: int) -> Examples:
    """The first pictures of a part, `train` or `t10k`, with their classes."""
    images = gzip.decompress((FOLDER / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((FOLDER / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28, 1)[:count]
    targets = np.frombuffer(labels, np.uint8, offset=8)[:count].astype(np.int32)
    return Examples(inputs={"picture": pixels}, targets=targets, augment={})


def fit(learn: Examples, tune: Examples, recipe: Recipe) -> Fitted:
    """A net of two convolutions a block."""
    options = IMAGE.options(height=28, width=28, channels=1)
    graph = CONV.graph([IMAGE.front("picture", options)], LABEL.answer("item", CLASSES), {"width": 12, "depth": 1})
    return engine(None, graph).fit(graph, learn, tune, recipe, 0)


def compiled(graph: Graph, folder: Path) -> tuple[Product, Native]:
    """The Graph as a loaded library."""
    types = {field: graph.by_name[name].type for field, name in graph.outputs}
    answers = tuple(Port(name=field, dtype=t.dtype, shape=t.shape) for field, t in types.items())
    picture = Port(name="picture", dtype="uint8", shape=(28, 28, 1))
    port = Interface(name=folder.name, cpu="x86-64-v3", inputs=(picture,), answers=answers)
    product = build_library(write(graph, port), port.cpu, folder)
    return product, Native(product.library.path, port, product.draft.plan.arena)


def right(native: Native, judge: Examples) -> float:
    """The share of pictures that the library answers right."""
    answers: NDArray[Any] = native.batch(judge.inputs)["item"].reshape(-1)
    return float((answers == judge.targets).mean())


def measure(*, quick: bool) -> list[Row]:
    """The rows, floats as the peer of integers."""
    learnt, judged, epochs = (4_000, 2_000, 3) if quick else (12_000, 10_000, 6)
    everything, judge = pictures("train", learnt + TUNE), pictures("t10k", judged)
    learn, tune = everything.rows(np.arange(learnt)), everything.rows(np.arange(learnt, learnt + TUNE))
    recipe = Recipe(epochs=epochs, batch=64, rate=0.02)
    floats = fit(learn, tune, recipe)

    def refit(graph: Graph, gentle: Recipe, rounding: Rounding) -> Fitted:
        return engine(None, graph, rounding).fit(graph, learn, tune, gentle, 0, rounding=rounding)

    integers = as_integers(floats, learn, tune, "item", refit, recipe)
    with tempfile.TemporaryDirectory(prefix="datacc-") as folder:
        made = {name: Path(folder) / name for name in ("floats", "integers")}
        for path in made.values():
            path.mkdir()
        (one, first), (two, second) = compiled(floats.graph, made["floats"]), compiled(integers.graph, made["integers"])
        scores = right(first, judge), right(second, judge)
    note = f"of {judged:,} pictures, {learnt:,} learnt from"
    lost = scores[0] - scores[1]
    pairs = (("arena", one.costs.arena, two.costs.arena), ("size", one.costs.size, two.costs.size))
    return [
        Row(name="fashion/accuracy", ours=scores[1], peer=scores[0], unit="share", better="more", note=note),
        Row(name="fashion/lost", ours=lost, unit="share", note="of accuracy, integers against floats"),
        *(Row(name=f"fashion/{name}", ours=b, peer=a, unit="B") for name, a, b in pairs),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="at most 50 seconds")
    options = parser.parse_args()
    print(f"{machine_class()}; {load()}", file=sys.stderr)
    if not FOLDER.exists():
        print("skipped: there is no dataset-fashion-mnist (apt-get install dataset-fashion-mnist)", file=sys.stderr)
    rows = measure(quick=options.quick) if FOLDER.exists() else []
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
