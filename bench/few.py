"""Few labels: what a build learns from 8, 32 and 100 examples of each class, beside what people try first.

    python bench/few.py              an hour or two: languages, packages and digits, five seeds
    python bench/few.py digits       one of the sets
    python bench/few.py --quick      some minutes: one seed, 8 and 32 examples
    python bench/few.py --json       one JSON object on standard output, row → figures

Every side gets the same rows, and is asked about the same others (at most 4,000), which no seed learns. The build gets
no other hint than the rows' labels; it parts them into learn and tune itself, and of few it learns both. Of the peers'
settings, each seed takes the best by five folds of its own rows; the best peer counts. A small language model is one
of them where `datacc[few]` is installed: the only side that has read anything before. Where that is the best peer,
rows `few_taught/…` have it as teacher: a build from the same labels and from what it says of all texts that neither
learn nor judge, whose labels nobody sees. It prints figures and asserts none.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sides.pools import READER, Pool, pools
from sides.rows import Row
from sides.teaching import taught
from sides.telling import tell
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold

import datacc
from datacc.compiler.build import Order, build
from datacc.sources.table import infer_program

SIZES: Final = (8, 32, 100)
SEEDS: Final = 5


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
    return right(pool, judge, np.array(answers))


def theirs(pool: Pool, learn: NDArray[np.intp]) -> dict[str, Any]:
    """The peers, fitted."""
    folds = min(5, np.unique(pool.labels[learn], return_counts=True)[1].min())
    found = {}
    for name, (model, grid) in pool.peers().items():
        parted = StratifiedKFold(int(folds), shuffle=True, random_state=0)
        tuned = GridSearchCV(clone(model), grid, cv=parted, n_jobs=1)
        found[name] = tuned.fit(pool.inputs[learn], pool.labels[learn])
    return found


def measured(names: Sequence[str], sizes: Sequence[int], seeds: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="datacc-few-") as scratch:
        for pool in pools(names, Path(scratch)):
            for count in sizes:
                parts = [pool.part(count, seed) for seed in range(seeds)]
                if all(len(learn) for learn, _ in parts):
                    yield from beside(pool, count, parts)


def beside(pool: Pool, count: int, parts: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]) -> Iterator[Row]:
    """The rows of one set and count: ours beside the best peer and, where that can teach, beside its teacher."""
    mine = [ours(pool, *part) for part in parts]
    peers = [theirs(pool, learn) for learn, _ in parts]
    by_name = {
        name: mean(
            right(pool, judge, fitted[name].predict(pool.inputs[judge]))
            for fitted, (_, judge) in zip(peers, parts, strict=True)
        )
        for name in peers[0]
    }
    best = max(by_name, key=lambda name: by_name[name])
    classes = len(np.unique(pool.labels[parts[0][0]]))

    def row(kind: str, mine: Sequence[float], note: str) -> Row:
        spread = f"ours ± {(max(mine) - min(mine)) / 2:.1%}, {classes} classes"
        name = f"{kind}/{pool.name}/{count}"
        return Row(
            name=name, ours=mean(mine), peer=by_name[best], unit="share", better="more", note=f"{note}; {spread}"
        )

    yield row("few", mine, f"best peer: {best}")
    if best == READER:
        lessons = zip(parts, peers, strict=True)
        pupils = [right(pool, part[1], taught(pool, *part, fitted[READER])) for part, fitted in lessons]
        yield row("few_taught", pupils, f"peer and teacher: {best}")


def right(pool: Pool, judge: NDArray[np.intp], answers: NDArray[np.str_]) -> float:
    """The share of right answers."""
    return float(np.mean(answers == pool.labels[judge]))


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
