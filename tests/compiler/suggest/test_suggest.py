"""Planted mistakes among texts are found, as well as by scikit-learn, and no judge row is ever named."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.suggest import Suggestions, suggest, unseeing
from datacc.fit import Recipe
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.program import Program
from datacc.store import Store

TOPICS = {
    "weather": "rain sun wind cloud storm snow frost hail".split(),
    "money": "bank coin price loan debt cash rent bill".split(),
    "garden": "seed rose spade lawn weed tulip bulb hedge".split(),
}
FILLING = "the a is of and in on to we they it more".split()
SIZES = {"bits": 8, "grams": 2, "word": 8, "width": 8}
RECIPE = Recipe(epochs=16, batch=16, rate=0.02)


def messages(rows: int, seed: int, share: float) -> tuple[list[tuple[str, str]], set[int]]:
    """Texts with two words of their topic and one of any, and the numbers of those whose label is another one."""
    random, names = np.random.default_rng(seed), list(TOPICS)
    found, planted = [], set[int]()
    for n in range(rows):
        k = int(random.integers(3))
        words = [*random.choice(TOPICS[names[k]], 2), random.choice(TOPICS[names[random.integers(3)]])]
        text = " ".join(random.permutation([*words, *random.choice(FILLING, 6)]))
        if random.random() < share:
            k = (k + int(random.integers(1, 3))) % 3
            planted.add(n)
        found.append((text, names[k]))
    return found, planted


class Table:
    """A table of messages as a build sees it."""

    def __init__(self, folder: Path, rows: list[tuple[str, str]]) -> None:
        self.folder, self.store = folder, Store(folder / "cache")
        self.write(rows)
        self.program: Program = infer_program(folder / "mail.csv", "topic")

    def write(self, rows: list[tuple[str, str]]) -> None:
        with (self.folder / "mail.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "topic"), *rows])

    def snapshot(self) -> Snapshot:
        found: Snapshot = load("sources", "table").snapshot(self.program, self.folder, None, self.store)
        return found

    def graph(self, snapshot: Snapshot) -> Graph:
        return skeleton_graph(self.program, snapshot, "text.v2", SIZES)

    def suggestions(self, most: int = 20) -> Suggestions:
        snapshot = self.snapshot()
        found = suggest(self.program, snapshot, self.graph(snapshot), RECIPE, self.store, most=most)
        assert found is not None
        return found


def place(name: str | None) -> int:
    """The number of a row, by what it is called: the first stands in line 2."""
    assert name is not None
    return int(name.rsplit(":", 1)[1]) - 2


def by_sklearn(rows: list[tuple[str, str]], among: list[int]) -> list[int]:
    """The same twenty by the share that TF-IDF and a logistic regression give the label, out of fold."""
    texts, labels = [rows[n][0] for n in among], [rows[n][1] for n in among]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
    shares = cross_val_predict(model, texts, labels, cv=3, method="predict_proba")
    own = shares[np.arange(len(labels)), np.searchsorted(sorted(TOPICS), labels)]
    return [among[n] for n in np.argsort(own)[:20]]


def test_planted_mistakes_are_found(tmp_path: Path) -> None:
    rows, planted = messages(900, seed=1, share=0.06)
    table = Table(tmp_path, rows)
    found, snapshot = table.suggestions(), table.snapshot()
    named = [place(one.name) for one in found.suspects]
    known = [place(name) for name in snapshot.columns["name"] if name is not None]
    theirs = len(planted & set(by_sklearn(rows, known)))
    assert len(named) == 20
    assert len(planted & set(named)) >= max(theirs - 2, 15)
    for one in found.suspects:
        assert (one.text, one.label) == (rows[place(one.name)][0], rows[place(one.name)][1])
        assert one.share > one.label_share


def test_no_judge_row_is_named(tmp_path: Path) -> None:
    rows, _ = messages(400, seed=2, share=0.3)
    table = Table(tmp_path, rows)
    snapshot = table.snapshot()
    judged = {id for id, split in zip(snapshot.ids, snapshot.splits, strict=True) if split == JUDGE}
    found = table.suggestions(most=400)
    assert judged
    assert found.total == len(found.suspects) > 20
    assert not judged & {one.id for one in found.suspects}
    assert found.rows == len(snapshot.ids) - len(judged)


def test_after_few_edits_nothing_is_fitted_and_after_many_all_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _ = messages(400, seed=3, share=0.1)
    table, fits = Table(tmp_path, rows), list[int]()
    honest = unseeing._asked
    monkeypatch.setattr(unseeing, "_asked", lambda *given: (fits.append(1), honest(*given))[1])
    before = table.suggestions(most=400)
    assert len(fits) == 1
    first = before.suspects[0]
    rows[place(first.name)] = (rows[place(first.name)][0], first.instead)
    table.write(rows)
    after = table.suggestions(most=400)
    assert len(fits) == 1
    assert after.edits == 1
    assert first.id not in {one.id for one in after.suspects}
    table.write([(text, "money" if n % 3 else label) for n, (text, label) in enumerate(rows)])
    assert table.suggestions().edits == 0
    assert len(fits) == 2


def test_too_few_rows_say_nothing(tmp_path: Path) -> None:
    rows, _ = messages(60, seed=4, share=0.0)
    table = Table(tmp_path, rows)
    snapshot = table.snapshot()
    few = np.flatnonzero(snapshot.splits != JUDGE)[25:]
    fewer = replace(snapshot, splits=np.where(np.isin(np.arange(60), few), JUDGE, snapshot.splits))
    assert suggest(table.program, fewer, table.graph(snapshot), RECIPE, table.store) is None
