"""Few labels: what a build learns from 8, 32 and 100 examples of each class, beside what people try first.

    python bench/few.py              half an hour: languages, packages and digits, five seeds
    python bench/few.py --quick      two minutes: one seed, 8 and 32 examples
    python bench/few.py --json       one JSON object on standard output, row → figures

Every side gets the same rows, and is asked about the same others (at most 4,000). The build gets no other hint than the
rows' labels; it parts them into learn and tune itself. Of the peers' settings, each seed takes the best by five folds
of its own rows; the best peer of the three counts. It prints figures and asserts none.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sides import sentences
from sides.process import ROOT
from sides.rows import Row
from sides.telling import tell
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC

import datacc
from datacc.compiler.build import Order, build
from datacc.sources.table import infer_program

SIZES: Final = (8, 32, 100)
SEEDS: Final = 5
MOST_JUDGED: Final = 4_000
HALVES: Final = 12_345


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
        found["sentence vectors"] = (model, {"logisticregression__C": [1, 10, 100]})
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


def ours(pool: Pool, learn: NDArray[np.intp], judge: NDArray[np.intp]) -> float:
    """The share of `judge` that a build of the rows `learn` answers rightly, from the linked library."""
    with tempfile.TemporaryDirectory(prefix="datacc-few-") as scratch:
        root = Path(scratch)
        both = np.concatenate([learn, judge])  # a build wants a judge split; it is shut until the figure is known
        split = ["learn"] * len(learn) + ["judge"] * len(judge)
        if pool.name == "digits":
            path = root / "few.npz"
            np.savez(path, x=pool.inputs[both], y=pool.labels[both], split=np.array(split))
        else:
            path = root / "few.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                rows = zip(pool.inputs[both], pool.labels[both], split, strict=True)
                csv.writer(file).writerows([("text", "label", "split"), *rows])
        program = infer_program(path, "label" if path.suffix == ".csv" else None, "few")
        build(program, root, Order())
        native = datacc.load(root / "build" / "few")
        answers = [native(one).label for one in pool.inputs[judge]]
    return float(np.mean(np.array(answers) == pool.labels[judge]))


def theirs(pool: Pool, learn: NDArray[np.intp], judge: NDArray[np.intp]) -> dict[str, float]:
    """The same of each peer."""
    folds = min(5, np.unique(pool.labels[learn], return_counts=True)[1].min())
    found = {}
    for name, (model, grid) in pool.peers().items():
        parted = StratifiedKFold(int(folds), shuffle=True, random_state=0)
        tuned = GridSearchCV(clone(model), grid, cv=parted, n_jobs=1)
        tuned.fit(pool.inputs[learn], pool.labels[learn])
        found[name] = float(np.mean(tuned.predict(pool.inputs[judge]) == pool.labels[judge]))
    return found


def measured(names: Sequence[str], sizes: Sequence[int], seeds: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="datacc-few-") as scratch:
        for pool in pools(names, Path(scratch)):
            for count in sizes:
                parts = [pool.part(count, seed) for seed in range(seeds)]
                if not all(len(learn) for learn, _ in parts):
                    continue
                mine = [ours(pool, *part) for part in parts]
                peers = [theirs(pool, *part) for part in parts]
                by_name = {name: mean(one[name] for one in peers) for name in peers[0]}
                best = max(by_name, key=lambda name: by_name[name])
                spread = max(mine) - min(mine)
                note = f"best peer: {best}; ours ± {spread / 2:.1%}, {len(np.unique(pool.labels[parts[0][0]]))} classes"
                yield Row(name=f"few/{pool.name}/{count}", ours=mean(mine), peer=by_name[best], unit="share",
                          better="more", note=note)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=["languages", "packages", "digits"])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measured(options.sets, SIZES[:2] if options.quick else SIZES, 1 if options.quick else SEEDS)
    tell(rows, ("scikit-learn",), json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
