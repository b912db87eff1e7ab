"""Tables: built programs of records beside tuned gradient boosting: right answers, area under the curve, latency.

    python bench/tables.py                       some minutes: the gallery's income, credit and tumours
    python bench/tables.py REPOSITORY …          label repositories of one record and one label of two classes, built

Boosting is scikit-learn's, with categories as such; one setting of four and a number of trees are chosen on tune, by
the area. Its latency is that of a call for one row, ours of the library in C, as the judge measures it.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sides.clock import per_answer
from sides.gallery import Built, built
from sides.process import Cost
from sides.rows import Row
from sides.telling import tell
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, roc_auc_score

from datacc.compiler.cache import cache
from datacc.repo.sealed import open_labels
from datacc.repo.snapshot import JUDGE, LEARN, TUNE
from datacc.runtime.measure import latency
from datacc.spec.read import read_program
from datacc.types import options_of

GALLERY: Final = {"income": "income.csv", "credit": "credit.csv", "tumours": "tumours.csv"}
TREES: Final = 300
SETTINGS: Final = tuple(itertools.product((0.05, 0.1), (7, 31)))  # rate, leaves
LEAST: Final = 20  # rows of a leaf
ASKED: Final = 200  # rows that latency is measured on


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path, nargs="*")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tell(rows(options.repository), ["numpy", "scikit-learn"], json=options.json)


def rows(repositories: list[Path]) -> Iterator[Row]:
    """What there is to tell of each."""
    unknown = Cost(wall=0.0, cpu=0.0)
    found = [
        Built(name=read_program(root / "datacc.toml").name, root=root.resolve(), imported=unknown, built=unknown)
        for root in repositories
    ]
    for one in found or built(GALLERY, fresh=False):
        yield from beside(one)


def beside(one: Built) -> Iterator[Row]:
    """Ours and boosting on the judge rows of one program."""
    program, snapshot = read_program(one.root / "datacc.toml"), one.snapshot
    (field,), (output,) = program.inputs, program.outputs
    judge, native = snapshot.rows(JUDGE), one.program.native
    truth = open_labels(cache(one.root), snapshot)[output.name][judge]
    asked = {field.name: snapshot.inputs[field.name][judge]}
    ours = np.asarray(native.batch(asked)[f"{output.name}_scores"])
    model, numbers, note = boosting(one, options_of(field), snapshot.inputs[field.name], snapshot.labels[output.name])
    theirs = model.predict_proba(numbers[judge])
    for name, measure in (("right", _right), ("area", _area)):
        yield Row(
            name=f"{one.name}/{name}/boosting",
            ours=measure(truth, ours),
            peer=measure(truth, theirs),
            unit="share",
            better="more",
            note=f"{len(judge):,} judge rows; {note}",
        )
    took = per_answer({"boosting": lambda n: [model.predict(numbers[k : k + 1]) for k in range(n)]}, 5, ASKED)
    name, note = f"{one.name}/latency/boosting", "ours in C, theirs a call for one row"
    yield Row(name=name, ours=latency(native, asked).median, peer=took["boosting"], note=note)


def boosting(
    one: Built, record: Any, inputs: NDArray[Any], labels: NDArray[Any]
) -> tuple[HistGradientBoostingClassifier, NDArray[Any], str]:
    """The trees that are best on tune, the numbers of all rows as they take them, and what was chosen."""
    categorical = np.array([record.kind(column) == "category" for column in record.columns])
    numbers = np.where(categorical & (inputs < 0), np.nan, inputs)
    learn, tune = one.snapshot.rows(LEARN), one.snapshot.rows(TUNE)
    best = (0.0, HistGradientBoostingClassifier())

    def fitted(rate: float, leaves: int, trees: int) -> HistGradientBoostingClassifier:
        model = HistGradientBoostingClassifier(
            learning_rate=rate, max_leaf_nodes=leaves, min_samples_leaf=LEAST, max_iter=trees, early_stopping=False,
            categorical_features=categorical, random_state=0,
        )  # fmt: skip
        return model.fit(numbers[learn], labels[learn])

    told = ""
    for rate, leaves in SETTINGS:
        model = fitted(rate, leaves, TREES)
        areas = [_area(labels[tune], scores) for scores in model.staged_predict_proba(numbers[tune])]
        trees = int(np.argmax(areas)) + 1
        if areas[trees - 1] > best[0]:
            best = areas[trees - 1], fitted(rate, leaves, trees)
            told = f"{trees} trees of {leaves} leaves at {rate}"
    return best[1], numbers, told


def _right(truth: NDArray[Any], scores: NDArray[Any]) -> float:
    return float(accuracy_score(truth, scores.argmax(axis=1)))


def _area(truth: NDArray[Any], scores: NDArray[Any]) -> float:
    return float(roc_auc_score(truth, scores[:, 1]))


if __name__ == "__main__":
    main()
