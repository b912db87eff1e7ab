"""The gallery's examples for `bench/few.py`: a few to learn from, others to judge by, and the peers."""

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC

from . import sentences
from .process import ROOT

MOST_JUDGED: Final = 4_000
READER: Final = "sentence vectors"  # the peer that has read before
HALVES: Final = 12_345  # a seed


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Labelled examples: `inputs` texts or pictures (N, H, W), `labels` (N,) class names, `peers` unfitted models."""

    name: str
    inputs: NDArray[Any]
    labels: NDArray[np.str_]
    peers: Callable[[], dict[str, Any]]

    def part(self, count: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """`count` rows of each class to learn, and rows to judge by; none of classes that have no more rows.

        Those to judge by are of one half of the pool, the same for every seed; whoever improves the build looks at the
        other half alone.
        """
        learn, judge = list[int](), list[int]()
        random = np.random.default_rng(seed)
        for rows in self._halves():
            if len(rows) >= 2 * count:
                learn.extend(random.permutation(rows[: -(-len(rows) // 2)])[:count])
                judge.extend(rows[-(-len(rows) // 2) :])
        judged = np.random.default_rng(HALVES).permutation(np.array(judge, np.intp))[:MOST_JUDGED]
        return np.sort(np.array(learn, np.intp)), np.sort(judged)

    def rest(self, learn: NDArray[np.intp], judge: NDArray[np.intp]) -> NDArray[np.intp]:
        """All other texts, of whatever class, but for those that are among the judged ones, too."""
        shut = set(self.inputs[judge])
        left = np.setdiff1d(np.arange(len(self.labels)), learn)
        return np.array([row for row in left if self.inputs[row] not in shut], np.intp)

    def _halves(self) -> Iterator[NDArray[np.intp]]:
        """The rows of each class in an order by chance: those to learn are drawn from the first half."""
        order = np.random.default_rng(HALVES).permutation(len(self.labels))
        for name in np.unique(self.labels):
            yield order[self.labels[order] == name]


def text_peers() -> dict[str, Any]:
    """TF-IDF of words, of characters, of both, with a linear machine each, all tuned; logistic ones do less well."""
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    letters = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(1, 4))
    found = {
        f"tf-idf {name}, svm": (make_pipeline(seen, LinearSVC()), {"linearsvc__C": [0.1, 1, 10]})
        for name, seen in {"words": words, "letters": letters, "both": make_union(words, letters)}.items()
    }
    if sentences.there():
        model = make_pipeline(sentences.Sentences(), LogisticRegression(max_iter=1000))
        found[READER] = (model, {"logisticregression__C": [1, 10, 100]})
    return found


def picture_peers() -> dict[str, Any]:
    """A linear model and a support vector machine of pixels, both tuned."""
    flat = FunctionTransformer(_flat)
    return {
        "logistic": (make_pipeline(flat, LogisticRegression(max_iter=1000)), {"logisticregression__C": [0.01, 0.1, 1]}),
        "svm": (make_pipeline(flat, SVC()), {"svc__C": [1, 10, 100], "svc__gamma": ["scale", 0.01, 0.003]}),
    }


def _flat(pictures: NDArray[Any]) -> NDArray[np.float32]:
    return pictures.reshape(len(pictures), -1).astype(np.float32) / 255


def pools(names: Sequence[str], folder: Path) -> Iterator[Pool]:
    """The gallery's examples."""
    for name in names:
        place = folder / name
        subprocess.run([sys.executable, str(ROOT / "gallery" / name / "fetch.py"), str(place)], check=True)
        if name == "digits":
            with np.load(place / "digits.npz") as file:
                yield Pool(name=name, inputs=file["x"], labels=file["y"].astype(str), peers=picture_peers)
            continue
        with (place / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            columns = list(csv.reader(file))
        texts, labels = zip(*(row[:2] for row in columns[1:]), strict=True)
        yield Pool(name=name, inputs=np.array(texts, object), labels=np.array(labels), peers=text_peers)
