"""Tables: the area under the curve of a fitted skeleton and of tuned gradient boosting, on the same rows of a table.

    python bench/tables.py                                              some minutes: the gallery's income
    python bench/tables.py TABLE --label COLUMN [--sizes width=32,depth=1,bins=16]

Boosting is scikit-learn's, with categories as such, one number of trees and one setting of eight chosen on tune.
"""

import argparse
import itertools
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from datacc.compiler.assemble import examples, skeleton_graph
from datacc.compiler.engine import engine
from datacc.compiler.recipe import default_recipe
from datacc.ir.cost import work
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.repo.sealed import open_labels
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.program import Program
from datacc.store import Store
from datacc.types import options_of

PLACE = Path("build/bench/tables")
TREES = 400
SETTINGS = tuple(itertools.product((0.05, 0.1), (15, 31), (20, 100)))  # rate, leaves, rows of a leaf
ROWS = 2000  # that are interpreted at once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?")
    parser.add_argument("--label", default="income")
    parser.add_argument("--skeleton", default="table.v1")
    parser.add_argument("--sizes", default="width=32,depth=1,bins=16")
    options = parser.parse_args()
    program, store = infer_program((options.table or income()).resolve(), options.label), Store(PLACE)
    snapshot = load("sources", "table").snapshot(program, Path("/"), None, store)
    name = program.outputs[0].name
    truth = np.where(snapshot.splits == JUDGE, open_labels(store, snapshot)[name], snapshot.labels[name])
    sizes = {key: int(value) for key, _, value in (word.partition("=") for word in options.sizes.split(","))}
    for what, scores in ((options.skeleton, ours(program, snapshot, options.skeleton, sizes)),
                         ("boosting", boosting(program, snapshot, truth))):  # fmt: skip
        areas = {split: roc_auc_score(truth[snapshot.rows(split)], scores[snapshot.rows(split)]) for split in (1, 2)}
        print(f"{what}: area on tune {areas[TUNE]:.4f}, on judge {areas[JUDGE]:.4f}", flush=True)


def income() -> Path:
    """The table of the gallery's program of that name, fetched."""
    fetch = Path(__file__).parents[1] / "gallery" / "income" / "fetch.py"
    subprocess.run([sys.executable, str(fetch), str(PLACE)], check=True)
    return PLACE / "income.csv"


def ours(program: Program, snapshot: Snapshot, skeleton: str, sizes: dict[str, int]) -> NDArray[Any]:
    """The score of the second class for every row."""
    graph = skeleton_graph(program, snapshot, skeleton, sizes)
    learn, tune = examples(program, snapshot)
    recipe, began = default_recipe(len(learn), work(graph), load("skeletons", skeleton)), time.process_time()
    fitted = engine("native", graph).fit(graph, learn, tune, recipe, program.seed).graph
    print(f"{skeleton} {sizes}: {work(graph):,} multiply-adds, {time.process_time() - began:.1f} s", flush=True)
    parts = np.array_split(np.arange(len(snapshot.ids)), -(-len(snapshot.ids) // ROWS))
    scores = [interpret(fitted, {name: array[rows] for name, array in snapshot.inputs.items()}) for rows in parts]
    return np.concatenate([part[f"{program.outputs[0].name}_scores"][:, 1] for part in scores])


def boosting(program: Program, snapshot: Snapshot, truth: NDArray[Any]) -> NDArray[Any]:
    """The same by the trees that are best on tune."""
    [field] = program.inputs
    record = options_of(field)
    categorical = [record.kind(column) == "category" for column in record.columns]
    rows = np.where(snapshot.inputs[field.name] < 0, np.nan, snapshot.inputs[field.name])
    rows = np.where(categorical, rows, snapshot.inputs[field.name])
    learn, tune = snapshot.rows(LEARN), snapshot.rows(TUNE)
    best, found = 0.0, np.zeros(len(rows))
    for rate, leaves, least in SETTINGS:
        model = HistGradientBoostingClassifier(
            learning_rate=rate, max_leaf_nodes=leaves, min_samples_leaf=least, max_iter=TREES,
            early_stopping=False, categorical_features=categorical, random_state=0,
        ).fit(rows[learn], truth[learn])  # fmt: skip
        areas = [roc_auc_score(truth[tune], scores[:, 1]) for scores in model.staged_predict_proba(rows[tune])]
        if max(areas) > best:
            best, trees = max(areas), int(np.argmax(areas))
            found = next(itertools.islice(model.staged_predict_proba(rows), trees, None))[:, 1]
            print(f"boosting {rate}, {leaves} leaves of {least}, {trees + 1} trees: {best:.4f} on tune", flush=True)
    return found


if __name__ == "__main__":
    main()
